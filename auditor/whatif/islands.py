"""Which candidates of a plan may meet: the choice among a region's thousands falls into many small ones."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from auditor.model.network import Network
from auditor.whatif.edits import (
    AddGatewayEndpoint,
    AddInterfaceEndpoint,
    AdmitHttps,
    AssociateRouteTables,
    DropEndpoint,
    DropNatGateway,
    Edit,
    LimitPrivateDnsToInboundResolver,
    RouteSubnetToNat,
    ShareInterfaceEndpoint,
    TurnOnPrivateDns,
    vpcs_of,
)
from auditor.whatif.forecast import Forecast, Saved
from auditor.whatif.meeting import joined

Served = tuple[frozenset[str], str]
"""VPCs and a service."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A change that might go into the plan, with what it saves alone; `place` is that of its scope among all."""

    id: str
    edits: tuple[Edit, ...]
    alone: Saved
    place: int = 0


@dataclass(frozen=True, slots=True)
class Part:
    """Candidates by number: `wide` ones may change what all others do, those of different `parts` never meet."""

    wide: tuple[int, ...]
    parts: tuple[Part, ...] = ()


def islands(now: Forecast, candidates: Sequence[Candidate]) -> list[tuple[Candidate, ...]]:
    """Candidates put together with all whose changes may meet theirs, in the order in which they are given."""
    places = [(candidate.id, *meets(now, candidate.edits), *candidate.alone.shared) for candidate in candidates]
    return [tuple(candidates[number] for number in group) for group in joined(places)]


def meets(now: Forecast, edits: Iterable[Edit]) -> frozenset[str]:
    """The VPCs that edits change, and those whose bytes these decide."""
    changed = frozenset(vpc_id for edit in edits for vpc_id in vpcs_of(edit, now.network))
    decided = (now.expected.situation.decided_by.get(vpc_id, {}) for vpc_id in changed)
    return changed.union(vpc_id for keys in decided for _, vpc_id in keys if vpc_id)


def parted(candidates: Sequence[Candidate], network: Network) -> Part:
    """Changes of routes are wide; all others move the bytes of one service in some VPCs."""
    found = {number: service_of(candidate.edits, network) for number, candidate in enumerate(candidates)}
    served = {number: one for number, one in found.items() if one}
    shared = {number: candidates[number].alone.shared for number in served}
    places = {n: {*((vpc_id, service) for vpc_id in vpc_ids), *shared[n]} for n, (vpc_ids, service) in served.items()}
    parts = [_of_service({n: served[n][0] for n in group}, {n: places[n] for n in group}) for group in _grouped(places)]
    return Part(tuple(number for number, one in found.items() if not one), tuple(parts))


def _of_service(vpcs: dict[int, frozenset[str]], places: dict[int, set[Hashable]]) -> Part:
    """Changes of one service: those of a single VPC may meet only by way of those that span several."""
    wide = tuple(number for number, vpc_ids in vpcs.items() if len(vpc_ids) > 1)
    parts = _grouped({number: one for number, one in places.items() if number not in wide})
    return Part(wide, tuple(Part(tuple(part)) for part in parts)) if wide else Part(tuple(vpcs))


def service_of(edits: Iterable[Edit], network: Network) -> Served | None:
    """The VPCs and the service whose bytes alone edits can move; `None` where they may move others."""
    found = {(vpcs_of(edit, network), _service(edit, network)) for edit in edits if not isinstance(edit, AdmitHttps)}
    ((vpc_ids, service),) = found if len(found) == 1 else {(frozenset[str](), None)}
    return (vpc_ids, service) if service else None


def _service(edit: Edit, network: Network) -> str | None:
    match edit:
        case AddGatewayEndpoint():
            return edit.service
        case AddInterfaceEndpoint():
            return edit.service if _resolves(network, edit.vpc_id) else None
        case ShareInterfaceEndpoint():
            return edit.service if all(_resolves(network, vpc_id) for vpc_id in edit.served) else None
        case TurnOnPrivateDns():
            endpoint = network.endpoint.get(edit.endpoint_id)
            return endpoint.service if endpoint and _resolves(network, edit.vpc_id) else None
        case AssociateRouteTables() | DropEndpoint() | LimitPrivateDnsToInboundResolver():
            endpoint = network.endpoint.get(edit.endpoint_id)
            return endpoint.service if endpoint else None
        case _:
            return None


def _resolves(network: Network, vpc_id: str) -> bool:
    """Whether the VPC's DNS attributes are on already: turning them on lets its other endpoints answer too."""
    vpc = network.vpc.get(vpc_id)
    return vpc is None or (vpc.dns_support is not False and vpc.dns_hostnames is not False)


def exclude_each_other(candidates: Sequence[Candidate]) -> bool:
    """Whether what one does makes another impossible."""
    return _drops_what_others_lead_to(candidates) or _answers_twice(candidates)


def _answers_twice(candidates: Iterable[Candidate]) -> bool:
    """Whether a shared endpoint and another one are to answer for one service in one VPC: AWS refuses the second."""
    answered: dict[tuple[str, str], tuple[bool, str]] = {}
    for candidate in candidates:
        for edit in candidate.edits:
            is_shared = isinstance(edit, ShareInterfaceEndpoint)
            for key in _answering(edit):
                other_is_shared, other = answered.setdefault(key, (is_shared, candidate.id))
                if other != candidate.id and (is_shared or other_is_shared):
                    return True
    return False


def _answering(edit: Edit) -> Iterator[tuple[str, str]]:
    """The VPCs and the service for which a new endpoint answers."""
    match edit:
        case AddInterfaceEndpoint():
            yield edit.vpc_id, edit.service
        case ShareInterfaceEndpoint():
            yield from ((vpc_id, edit.service) for vpc_id in edit.served)


def _drops_what_others_lead_to(candidates: Iterable[Candidate]) -> bool:
    """Whether one drops a NAT gateway to which another leads routes: its commands would not know these."""
    led_to, dropped = defaultdict[str, set[str]](set), defaultdict[str, set[str]](set)
    for candidate in candidates:
        for edit in candidate.edits:
            if isinstance(edit, DropNatGateway):
                dropped[edit.nat_gateway_id].add(candidate.id)
                led_to[edit.replaced_by or ""].add(candidate.id)
            elif isinstance(edit, RouteSubnetToNat):
                led_to[edit.nat_gateway_id].add(candidate.id)
    return any(len(led_to[one] | names) > 1 for one, names in dropped.items() if led_to.get(one))


def go_before(edits: Iterable[Edit], others: Iterable[Edit], network: Network) -> bool:
    """Whether it matters that edits are applied before others: a subnet's new table copies its old one's endpoints."""
    rerouted = [vpcs_of(other, network) for other in others if isinstance(other, RouteSubnetToNat)]
    if not rerouted:
        return False
    gateways = (AddGatewayEndpoint, AssociateRouteTables, DropEndpoint)
    mine = [vpcs_of(edit, network) for edit in edits if isinstance(edit, gateways)]
    return any(one & other for one in mine for other in rerouted)


def _grouped(places: dict[int, set[Hashable]]) -> list[list[int]]:
    numbers = list(places)
    return [[numbers[place] for place in group] for group in joined(list(places.values()))]
