"""Changes of routes and NAT gateways as AWS CLI commands with the commands that take them back."""

from __future__ import annotations

from collections.abc import Iterator

from auditor.model.resources import NatGateway, RouteTable
from auditor.remediation.quoted import comment
from auditor.remediation.routes import destination, endpoints_of, target, to_copy
from auditor.remediation.shell import ec2, found, printed, tagged, variable
from auditor.remediation.state import State, again, own_table, table_of
from auditor.whatif.edits import DropNatGateway, RouteSubnetToNat
from auditor.whatif.route_lookup import DEFAULT_ROUTE

Commands = tuple[list[str], list[str]]
"""What to run, and what takes it back."""

_TABLE, _NAT, _ASSOCIATION = variable("TABLE"), variable("NAT"), variable("ASSOCIATION")


def drop_nat(edit: DropNatGateway, state: State) -> Commands:
    """Routes first, so that no table points at nothing; the way back makes a new NAT gateway, with another id."""
    routes = [
        (table.id, route.destination)
        for table in state.network.route_tables
        for route in table.routes
        if route.target == edit.nat_gateway_id
    ]
    there = [
        _route(edit.region, state.now("route-table", table, edit.region), to, edit.replaced_by) for table, to in routes
    ]
    there.append(ec2("delete-nat-gateway", edit.region, nat_gateway_id=edit.nat_gateway_id))
    nat = state.network.nat_gateway.get(edit.nat_gateway_id)
    there += _release(nat) if nat else []
    back = _create_nat(nat) if nat else []
    verb = "replace-route" if edit.replaced_by else "create-route"
    for table, to in routes:
        table_id = state.then("route-table", table, edit.region)
        back.append(ec2(verb, edit.region, route_table_id=table_id, **destination(to), nat_gateway_id=_NAT))
    return there, back


def _route(region: str, table_id: str, to: str, nat_id: str | None) -> str:
    if nat_id:
        return ec2("replace-route", region, route_table_id=table_id, **destination(to), nat_gateway_id=nat_id)
    return ec2("delete-route", region, route_table_id=table_id, **destination(to))


def _release(nat: NatGateway) -> list[str]:
    """Elastic IP addresses go on costing until they are released; a regional NAT gateway's are AWS's own."""
    allocations = [one.allocation_id for one in nat.addresses if one.allocation_id and nat.mode == "zonal"]
    if not allocations:
        return []
    wait = ec2("wait nat-gateway-deleted", nat.region, nat_gateway_ids=nat.id)
    keep = comment(
        "A released address does not come back: keep it, and its cost, if partners have it on an allow list."
    )
    return [wait, keep, *(ec2("release-address", nat.region, allocation_id=one) for one in allocations)]


def _create_nat(nat: NatGateway) -> list[str]:
    """Another NAT gateway of the same kind, with another address where it had a public one."""
    has_address = nat.subnet_id and nat.connectivity == "public"
    allocate = ec2("allocate-address", nat.region, domain="vpc", query="AllocationId", output="text")
    place = {"subnet_id": nat.subnet_id} if nat.subnet_id else {"availability_mode": "regional", "vpc_id": nat.vpc_id}
    make = ec2(
        "create-nat-gateway",
        nat.region,
        connectivity_type=nat.connectivity,
        **place,
        allocation_id=variable("ALLOCATION") if has_address else (),
        tag_specifications=tagged("natgateway", again(nat.id)),
        query="NatGateway.NatGatewayId",
        output="text",
    )
    wait = ec2("wait nat-gateway-available", nat.region, nat_gateway_ids=_NAT)
    return [*([f"ALLOCATION={printed(allocate)}"] if has_address else []), f"NAT={printed(make)}", wait]


def reroute(edit: RouteSubnetToNat, state: State) -> Commands:
    """A table that only this subnet uses is changed in place; else the subnet gets a copy."""
    own = own_table(edit, state.network)
    if own is None:
        return _to_copy(edit, state)
    old = next(route.target for route in own.routes if route.destination == DEFAULT_ROUTE)
    there = _route(edit.region, own.id, DEFAULT_ROUTE, edit.nat_gateway_id)
    return [there], [_route(edit.region, own.id, DEFAULT_ROUTE, state.then("natgateway", old, edit.region))]


def _to_copy(edit: RouteSubnetToNat, state: State) -> Commands:
    """The endpoints first on the way back: AWS deletes no table that something is associated with."""
    table = table_of(edit, state.network)
    old = table.id if table else edit.route_table_id
    is_explicit = table is not None and edit.subnet_id in table.subnet_ids
    there = [
        comment(f"{old} serves other subnets too: {edit.subnet_id} gets a table of its own, a copy."),
        *_copy(edit, table),
        *(
            ec2("modify-vpc-endpoint", edit.region, vpc_endpoint_id=endpoint, add_route_table_ids=_TABLE)
            for endpoint, _ in _endpoints(edit, old, state)
        ),
    ]
    back = [
        f"TABLE={found('route-table', edit.table_id, edit.region)}",
        *_move(edit, old if is_explicit else None),
        *(
            ec2("modify-vpc-endpoint", edit.region, vpc_endpoint_id=endpoint, remove_route_table_ids=_TABLE)
            for _, endpoint in _endpoints(edit, old, state)
        ),
        ec2("delete-route-table", edit.region, route_table_id=_TABLE),
    ]
    if is_explicit:
        return [*there, *_move(edit, _TABLE)], back
    return [*there, ec2("associate-route-table", edit.region, subnet_id=edit.subnet_id, route_table_id=_TABLE)], back


def _endpoints(edit: RouteSubnetToNat, table_id: str, state: State) -> Iterator[tuple[str, str]]:
    """The ids of the gateway endpoints of a table, on the way there and back."""
    for one in endpoints_of(table_id, state.network):
        yield state.now("vpc-endpoint", one.id, edit.region), state.then("vpc-endpoint", one.id, edit.region)


def _copy(edit: RouteSubnetToNat, table: RouteTable | None) -> Iterator[str]:
    """A new table with the routes of another, but the default one."""
    make = ec2(
        "create-route-table",
        edit.region,
        vpc_id=table.vpc_id if table else "VPC",
        tag_specifications=tagged("route-table", edit.table_id),
        query="RouteTable.RouteTableId",
        output="text",
    )
    yield f"TABLE={printed(make)}"
    yield ec2(
        "create-route",
        edit.region,
        route_table_id=_TABLE,
        **destination(DEFAULT_ROUTE),
        nat_gateway_id=edit.nat_gateway_id,
    )
    for route in to_copy(table) if table else ():
        if route.destination == DEFAULT_ROUTE:
            continue
        to = target(route)
        where = destination(route.destination)
        create = ec2("create-route", edit.region, route_table_id=_TABLE, **where, **(to or {}))
        yield create if to else comment(f"Copy the route to {route.destination} as well; its target is of a new kind.")


def _move(edit: RouteSubnetToNat, table_id: str | None) -> list[str]:
    """To another table, or back to the main one. AWS moves a subnet by its association, whose id is new each time."""
    find = ec2(
        "describe-route-tables",
        edit.region,
        filters=f"Name=association.subnet-id,Values={edit.subnet_id}",
        query=f"RouteTables[0].Associations[?SubnetId=='{edit.subnet_id}'].RouteTableAssociationId",
        output="text",
    )
    verb = "replace-route-table-association" if table_id else "disassociate-route-table"
    move = ec2(verb, edit.region, association_id=_ASSOCIATION, route_table_id=table_id or ())
    return [f"ASSOCIATION={printed(find)}", move]
