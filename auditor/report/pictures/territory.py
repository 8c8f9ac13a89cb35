"""What stands in a VPC in three columns, each thing at one place for before and after the plan."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from auditor.model.layout import LaidEndpoint, LaidNatGateway, LaidRouteTable, LaidSubnet, Layout, VpcMap

SUBNETS, TABLES, TARGETS = 4, 7, 10
"""How many are shown: subnets of each route table, route tables, and what they lead to."""

_KINDS = {
    "igw": "internet gateway",
    "eigw": "egress-only IGW",
    "nat": "NAT elsewhere",
    "tgw": "transit gateway",
    "pcx": "VPC peering",
    "vgw": "VPN gateway",
}


@dataclass(frozen=True, slots=True)
class Spot:
    """A thing on a map, or all those that are too many to be shown."""

    id: str
    name: str
    detail: str

    @property
    def told(self) -> str:
        """All of it, for a pointer that rests on it."""
        return " · ".join(dict.fromkeys(part for part in (self.name, self.id, self.detail) if part))


@dataclass(frozen=True, slots=True)
class Edge:
    """A way from one thing to the next, by the ids of their spots."""

    source: str
    target: str


Spots: TypeAlias = dict[str, Spot]
"""By the ids of what they stand for, in their order; several ids may share one."""

Row: TypeAlias = tuple[Spot, float]
"""A spot with how many spots stand above it."""


@dataclass(frozen=True, slots=True)
class Territory:
    """Subnets, route tables and targets with all that stands before or after; what is `shown` stands here."""

    columns: tuple[tuple[Row, ...], tuple[Row, ...], tuple[Row, ...]]
    shown: frozenset[Spot]
    edges: frozenset[Edge]


def territory_of(vpc: VpcMap, layout: Layout) -> Territory:
    """One of the VPC's layouts, at the places of both."""
    tables, targets = _tables(vpc), _targets(vpc)
    subnets = _subnets(vpc, tables)
    ids = [*(subnet.id for subnet in layout.subnets), *(table.id for table in layout.route_tables)]
    ids += [*(nat.id for nat in layout.nat_gateways), *(endpoint.id for endpoint in layout.endpoints)]
    ids += [target for table in layout.route_tables for target in table.targets]
    edges = frozenset(_edges(layout, subnets, tables, targets))
    every = {**subnets, **tables, **targets}
    rows = _rows(subnets)
    today = tuple(_edges(vpc.before, subnets, tables, targets))
    columns = (rows, _beside(_rows(tables), rows, today), _rows(targets))
    return Territory(columns, frozenset(every[one] for one in ids if one in every), edges)


def _rows(spots: Spots) -> tuple[Row, ...]:
    return tuple((spot, float(number)) for number, spot in enumerate(dict.fromkeys(spots.values())))


def _beside(tables: Sequence[Row], subnets: Sequence[Row], edges: Iterable[Edge]) -> tuple[Row, ...]:
    """Each route table as near to the middle of its subnets as the one above it lets it be."""
    at = {spot.id: row for spot, row in subnets}
    placed: list[Row] = []
    for spot, row in tables:
        found = [at[edge.source] for edge in edges if edge.target == spot.id and edge.source in at]
        wanted = sum(found) / len(found) if found else row
        placed.append((spot, max(wanted, placed[-1][1] + 1) if placed else wanted))
    return tuple(placed)


def _edges(layout: Layout, subnets: Spots, tables: Spots, targets: Spots) -> Iterator[Edge]:
    for subnet in layout.subnets:
        if subnet.route_table_id in tables:
            yield Edge(subnets[subnet.id].id, tables[subnet.route_table_id].id)
    for table in layout.route_tables:
        yield from (Edge(tables[table.id].id, targets[one].id) for one in table.targets if table.id in tables)
    for endpoint in layout.endpoints:
        yield from (Edge(tables[one].id, targets[endpoint.id].id) for one in endpoint.route_table_ids if one in tables)


def _tables(vpc: VpcMap) -> Spots:
    """Those that subnets use first; what is used by none and leads nowhere is left out."""
    used = {subnet.route_table_id for layout in (vpc.before, vpc.after) for subnet in layout.subnets}
    found = {
        one.id: one
        for layout in (vpc.after, vpc.before)
        for one in layout.route_tables
        if one.targets or one.id in used
    }
    ordered = sorted(found.values(), key=lambda one: (one.id not in used, one.id.startswith("new-"), one.name, one.id))
    return _limited({one.id: _table(one) for one in ordered}, TABLES, "tables", _changed(vpc))


def _table(table: LaidRouteTable) -> Spot:
    return Spot(table.id, table.name or table.id, "main route table" if table.is_main else "route table")


def _subnets(vpc: VpcMap, tables: Spots) -> Spots:
    """Those of one route table together, in the order of the tables; each where it is before the plan."""
    found: Spots = {}
    for group in dict.fromkeys((*tables.values(), None)):
        mine = [one for one in vpc.before.subnets if tables.get(one.route_table_id or "") == group]
        found |= _limited({one.id: _subnet(one) for one in mine}, SUBNETS, f"subnets {group.id if group else ''}")
    return found


def _subnet(subnet: LaidSubnet) -> Spot:
    return Spot(subnet.id, subnet.name or subnet.id, subnet.az)


def _targets(vpc: VpcMap) -> Spots:
    """NAT gateways and gateway endpoints first, then what else routes lead to, then endpoints without a route."""
    layouts = (vpc.before, vpc.after)
    nats = {one.id: _nat(one) for layout in layouts for one in layout.nat_gateways}
    endpoints = {one.id: one for layout in layouts for one in layout.endpoints}
    gateways = {one.id: _endpoint(one) for one in endpoints.values() if one.type == "Gateway"}
    routed = [target for layout in layouts for table in layout.route_tables for target in table.targets]
    others = {one: _target(one) for one in routed if one not in nats}
    rest = {one.id: _endpoint(one) for one in endpoints.values()}
    return _limited({**nats, **gateways, **others, **rest}, TARGETS, "targets", _changed(vpc))


def _target(target: str) -> Spot:
    return Spot(target, target, _KINDS.get(target.partition("-")[0], "route target"))


def _nat(nat: LaidNatGateway) -> Spot:
    return Spot(nat.id, nat.name or nat.id, f"NAT, {nat.az or 'regional'}")


def _endpoint(endpoint: LaidEndpoint) -> Spot:
    return Spot(endpoint.id, endpoint.service, f"{endpoint.type.lower()} endpoint")


def _limited(spots: Spots, limit: int, kind: str, changed: Collection[str] = ()) -> Spots:
    """The first of them, and one for all others; what the plan changes is none of the others as long as it can be."""
    if len(spots) <= limit:
        return spots
    ranked = sorted(spots, key=lambda one: one not in changed)
    rest = frozenset(ranked[limit - 1 :])
    other = Spot(f"other {kind}", f"and {len(rest):,} others", "")
    return {one: spot for one, spot in spots.items() if one not in rest} | dict.fromkeys(ranked[limit - 1 :], other)


def _changed(vpc: VpcMap) -> frozenset[str]:
    """What stands in one of the layouts only."""
    before, after = (
        {one.id for part in (layout.route_tables, layout.nat_gateways, layout.endpoints) for one in part}
        for layout in (vpc.before, vpc.after)
    )
    return frozenset(before ^ after)
