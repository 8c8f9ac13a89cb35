"""The layouts of VPCs before and after changes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from auditor.model.layout import LaidEndpoint, LaidNatGateway, LaidRouteTable, LaidSubnet, Layout, VpcMap
from auditor.model.network import Network
from auditor.model.resources import Route, RouteTable
from auditor.whatif.edits import Edit, apply_all, vpcs_of
from auditor.whatif.routing import zone_of_nat


def vpc_maps(network: Network, vpc_ids: Iterable[str], edits: Sequence[Edit]) -> Iterator[VpcMap]:
    """Each VPC that was read, with what those of the edits that touch it make of it, in their order."""
    touched = [(edit, vpcs_of(edit, network)) for edit in edits]
    groups = _groups(vpc_ids for _, vpc_ids in touched)
    changes: dict[frozenset[str], list[Edit]] = {}
    for edit, around in touched:
        if around:
            changes.setdefault(groups[min(around)], []).append(edit)
    after = {group: apply_all(network.part(group), mine) for group, mine in changes.items()}
    for vpc in (network.vpc[vpc_id] for vpc_id in vpc_ids if vpc_id in network.vpc):
        changed = after.get(groups.get(vpc.id, frozenset()), network)
        yield VpcMap(vpc.id, vpc.name, vpc.account_id, vpc.region, layout(network, vpc.id), layout(changed, vpc.id))


def _groups(touched: Iterable[frozenset[str]]) -> dict[str, frozenset[str]]:
    """By VPC, all those that some edits touch together with it, directly or over others."""
    groups: dict[str, frozenset[str]] = {}
    for around in touched:
        whole = around.union(*(groups.get(vpc_id, frozenset()) for vpc_id in around))
        if any(groups.get(vpc_id) != whole for vpc_id in around):
            groups |= dict.fromkeys(whole, whole)
    return groups


def layout(network: Network, vpc_id: str) -> Layout:
    """What stands in a VPC; NAT gateways only as long as they are billed."""
    tables = network.table_of_subnet
    subnets = sorted(network.subnets_of_vpc.get(vpc_id, ()), key=lambda one: (one.az, one.name, one.id))
    endpoints = network.endpoints_of_vpc.get(vpc_id, ())
    nats = [nat for nat in network.nat_gateways_of_vpc.get(vpc_id, ()) if nat.is_billed]
    return Layout(
        subnets=tuple(
            LaidSubnet(one.id, one.name, one.az, tables[one.id].id if one.id in tables else None) for one in subnets
        ),
        route_tables=tuple(_table(table) for table in network.tables_of_vpc.get(vpc_id, ())),
        nat_gateways=tuple(LaidNatGateway(nat.id, nat.name, zone_of_nat(network, nat)) for nat in nats),
        endpoints=tuple(LaidEndpoint(e.id, e.name, e.type, e.service, e.route_table_ids) for e in endpoints),
    )


def _table(table: RouteTable) -> LaidRouteTable:
    leading = dict.fromkeys(route.target for route in table.routes if route.active and not _is_inside(route))
    return LaidRouteTable(table.id, table.name, table.is_main, tuple(leading))


def _is_inside(route: Route) -> bool:
    """Whether a map shows it otherwise: the VPC itself, and gateway endpoints by their associations."""
    return route.target == "local" or (route.target.startswith("vpce-") and route.destination.startswith("pl-"))
