"""Changes of routes and NAT gateways in Terraform.

A route and an association are known whole, so Terraform can take them over (`import`) and change them in place; they
must not be destroyed afterwards. A NAT gateway and its address can only be deleted where they are managed.
"""

from __future__ import annotations

from collections.abc import Iterator

from auditor.model.network import Network
from auditor.model.resources import Route, RouteTable
from auditor.remediation.hcl import KEPT, imported, listed, reference, resource
from auditor.remediation.quoted import comment, interpolating, label
from auditor.remediation.routes import destination, endpoints_of, target, to_copy
from auditor.remediation.state import is_new, own_table, table_of
from auditor.whatif.edits import DropNatGateway, RouteSubnetToNat
from auditor.whatif.route_lookup import DEFAULT_ROUTE

_RENAMED = {"egress_only_internet_gateway_id": "egress_only_gateway_id"}
"""Arguments of aws_route that are not called like options of CreateRoute (hashicorp/aws 6, read 2026-11-20)."""


def association(endpoint_id: str, table_id: str) -> str:
    """A gateway endpoint's association with a route table."""
    arguments = {
        "vpc_endpoint_id": reference("aws_vpc_endpoint", endpoint_id),
        "route_table_id": reference("aws_route_table", table_id),
    }
    return resource("aws_vpc_endpoint_route_table_association", f"{endpoint_id}-{table_id}", arguments)


def drop_nat(edit: DropNatGateway, network: Network) -> Iterator[str]:
    """What to change where it is managed."""
    led = (t for t in network.route_tables if any(route.target == edit.nat_gateway_id for route in t.routes))
    tables = [table.id for table in led if not is_new(table.id)]  # new ones are made as they are to be at the end
    nat = network.nat_gateway.get(edit.nat_gateway_id)
    addresses = [one.allocation_id for one in nat.addresses if one.allocation_id] if nat and nat.subnet_id else []
    change = f"lead to {edit.replaced_by}" if edit.replaced_by else "are deleted"
    lines = [f"routes to {edit.nat_gateway_id} of {', '.join(tables)} {change}."] if tables else []
    lines.append(f"delete the aws_nat_gateway {edit.nat_gateway_id}.")
    lines += [f"delete the aws_eip {one}, unless partners have it on an allow list." for one in addresses]
    yield "".join(f"{comment(f'Where it is managed: {line}')}\n" for line in lines)


def reroute(edit: RouteSubnetToNat, network: Network, after: Network) -> Iterator[str]:
    """The subnet's own route is changed; else the subnet gets a table of its own."""
    new = next((table for table in after.route_tables if table.id == edit.table_id), None)
    if own := own_table(edit, network):
        yield from _changed_route(edit, own, new)
    elif new:
        yield from _new_table(edit, table_of(edit, network), new, after)


def _changed_route(edit: RouteSubnetToNat, own: RouteTable, new: RouteTable | None) -> Iterator[str]:
    default = {route.destination: route.target for route in own.routes}[DEFAULT_ROUTE]
    at_last = {route.destination: route.target for route in new.routes} if new else {}
    yield f"{comment(f'The way back: lead it to {default} again. Destroy would delete the route.')}\n"
    name = f"default-of-{edit.subnet_id}"
    yield imported(f"aws_route.{label(name)}", f"{own.id}_{DEFAULT_ROUTE}")
    arguments = {
        "route_table_id": interpolating(own.id),
        "destination_cidr_block": interpolating(DEFAULT_ROUTE),
        "nat_gateway_id": interpolating(at_last.get(DEFAULT_ROUTE, edit.nat_gateway_id)),
    }
    yield resource("aws_route", name, arguments, KEPT)


def _new_table(edit: RouteSubnetToNat, old: RouteTable | None, new: RouteTable, after: Network) -> Iterator[str]:
    table = reference("aws_route_table", edit.table_id)
    yield resource("aws_route_table", edit.table_id, {"vpc_id": interpolating(new.vpc_id)})
    made = []
    for number, route in enumerate(to_copy(new), 1):
        if (arguments := _route(route)) is None:
            yield f"{comment(f'Add the route to {route.destination} as well; its target is of a new kind.')}\n"
            continue
        made.append(f"aws_route.{label(f'{edit.table_id}-{number}')}")
        yield resource("aws_route", f"{edit.table_id}-{number}", {"route_table_id": table, **arguments})
    for endpoint in endpoints_of(edit.table_id, after):
        if not is_new(endpoint.id):  # those that are list their tables themselves
            made.append(f"aws_vpc_endpoint_route_table_association.{label(f'{endpoint.id}-{edit.table_id}')}")
            yield association(endpoint.id, edit.table_id)
    yield from _moved(edit, old, {"route_table_id": table, "depends_on": listed(made)})


def _moved(edit: RouteSubnetToNat, old: RouteTable | None, arguments: dict[str, str]) -> Iterator[str]:
    """AWS refuses a second association of a subnet: one that is there is taken over."""
    is_explicit = old is not None and edit.subnet_id in old.subnet_ids
    if old and is_explicit:
        yield f"{comment(f'The way back: route_table_id = {old.id}. Destroy would leave the main table.')}\n"
        yield imported(f"aws_route_table_association.{label(edit.subnet_id)}", f"{edit.subnet_id}/{old.id}")
    subnet = {"subnet_id": interpolating(edit.subnet_id)}
    nested = [KEPT] if is_explicit else []
    yield resource("aws_route_table_association", edit.subnet_id, subnet | arguments, *nested)


def _route(route: Route) -> dict[str, str] | None:
    to = target(route)
    if to is None:
        return None
    options = destination(route.destination) | {_RENAMED.get(name, name): one for name, one in to.items()}
    return {name: interpolating(one) for name, one in options.items()}
