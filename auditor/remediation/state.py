"""What each of several edits meets: the network as those before it leave it, and ids that change on the way."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import accumulate

from auditor.model.network import Network
from auditor.model.resources import RouteTable
from auditor.remediation.shell import found
from auditor.whatif.edits import DropEndpoint, DropNatGateway, Edit, RouteSubnetToNat
from auditor.whatif.route_lookup import DEFAULT_ROUTE

_NEW = "new-"
"""Ids of what edits make begin so (auditor.whatif.edits), and none of AWS's do."""


@dataclass(frozen=True, slots=True)
class State:
    """The network before an edit, and what edits after it delete.

    The way back makes anew what was deleted, with another id, before it comes to this edit.
    """

    network: Network
    lost: frozenset[str] = frozenset()

    def now(self, kind: str, one: str, region: str) -> str:
        """An id on the way there: what an edit made has an id that only AWS knows."""
        return found(kind, one, region) if is_new(one) else one

    def then(self, kind: str, one: str, region: str) -> str:
        """The same id on the way back."""
        return found(kind, again(one), region) if one in self.lost else self.now(kind, one, region)


def states(edits: Iterable[Edit], network: Network) -> Iterator[tuple[Edit, State]]:
    """Each edit with what it meets."""
    in_order = list(edits)
    lost = list(accumulate(map(_deleted, reversed(in_order)), _also, initial=frozenset[str]()))
    for edit, later in zip(in_order, reversed(lost[:-1]), strict=True):
        yield edit, State(network, later)
        network = carried_out(edit, network)


def _also(lost: frozenset[str], more: tuple[str, ...]) -> frozenset[str]:
    return lost.union(more) if more else lost


def carried_out(edit: Edit, network: Network) -> Network:
    """The network after an edit's commands: they change a table in place that one subnet uses, and copy others."""
    own = own_table(edit, network) if isinstance(edit, RouteSubnetToNat) else None
    if not own or not isinstance(edit, RouteSubnetToNat) or edit.nat_gateway_id not in network.nat_gateway:
        return edit.apply(network)
    routes = tuple(
        replace(route, target=edit.nat_gateway_id) if route.destination == DEFAULT_ROUTE else route
        for route in own.routes
    )
    changed = replace(own, routes=routes)
    tables = tuple(changed if table.id == own.id else table for table in network.route_tables)
    return replace(network, route_tables=tables)


def table_of(edit: RouteSubnetToNat, network: Network) -> RouteTable | None:
    """The table that the subnet uses; that of the edit where the subnet was not read."""
    named = (table for table in network.route_tables if table.id == edit.route_table_id)
    return network.table_of_subnet.get(edit.subnet_id) or next(named, None)


def own_table(edit: RouteSubnetToNat, network: Network) -> RouteTable | None:
    """The same, if nothing else uses it: then its default route can simply lead elsewhere."""
    table = table_of(edit, network)
    if table is None or table.is_main or table.subnet_ids != (edit.subnet_id,):
        return None
    return table if any(route.destination == DEFAULT_ROUTE for route in table.routes) else None


def again(one: str) -> str:
    """The name of what the way back makes in place of what was deleted."""
    return f"again-{one}"


def is_new(one: str) -> bool:
    """Whether an edit makes it."""
    return one.startswith(_NEW)


def _deleted(edit: Edit) -> tuple[str, ...]:
    match edit:
        case DropNatGateway():
            return (edit.nat_gateway_id,)
        case DropEndpoint():
            return (edit.endpoint_id,)
        case _:
            return ()
