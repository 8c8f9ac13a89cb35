"""Subnets that use a NAT gateway of another availability zone although their own has one."""

from __future__ import annotations

from collections.abc import Iterator

from auditor.model.audit import Severity
from auditor.model.evidence import Source
from auditor.model.resources import NatGateway, Subnet
from auditor.rules.rule import Proposal, Rule, Unjudged
from auditor.rules.shares import Shares, counted
from auditor.rules.view import View
from auditor.whatif.edits import RouteSubnetToNat

_UNMEASURED = (
    "How many of the NAT gateway's bytes come from these subnets was not measured: none at the least, all of them at"
    " the most."
)


def judge(view: View) -> Iterator[Proposal | Unjudged]:
    """One proposal per NAT gateway and foreign zone."""
    for nat in view.nats:
        if nat.connectivity != "public" or not view.zone(nat):
            continue
        for zone, subnets in _foreign(view, nat).items():
            nearer = _nat_in(view, nat.vpc_id, zone)
            if nearer:
                yield _propose(view, nat, nearer, zone, subnets)


def _foreign(view: View, nat: NatGateway) -> dict[str, list[Subnet]]:
    zones: dict[str, list[Subnet]] = {}
    for subnet in view.clients(nat):
        if subnet.vpc_id == nat.vpc_id and subnet.az != view.zone(nat):
            zones.setdefault(subnet.az, []).append(subnet)
    return zones


def _nat_in(view: View, vpc_id: str, zone: str) -> NatGateway | None:
    siblings = view.network.nat_gateways_of_vpc.get(vpc_id, ())
    fit = (n for n in siblings if n.state == "available" and n.connectivity == "public" and view.zone(n) == zone)
    return min(fit, key=lambda n: n.id, default=None)


def _propose(view: View, nat: NatGateway, nearer: NatGateway, zone: str, subnets: list[Subnet]) -> Proposal:
    edits = tuple(RouteSubnetToNat(s.id, s.region, view.table(s).id, nearer.id) for s in subnets)
    return Proposal(
        resource=nat.id,
        vpc_id=nat.vpc_id,
        detail=zone,
        title=f"{counted(len(subnets), 'subnet')} in {zone} {'uses' if len(subnets) == 1 else 'use'} NAT gateway"
        f" {view.name(nat)} in {view.zone(nat)}",
        why=f"Their own zone has {view.name(nearer)}. Every byte to a NAT gateway in another zone pays transfer between"
        " zones on top, and the subnets lose egress when that zone fails.",
        edits=edits,
        risks=(
            "Open connections through the old NAT gateway are dropped when the route changes.",
            "Destinations see another source address: check allow lists of partners.",
        ),
        check="aws ec2 describe-route-tables shows each subnet's default route at the NAT gateway of its own zone.",
        note=Shares.of_subnets(view, nat, tuple(subnets)).sentence(_UNMEASURED),
    )


RULE = Rule(
    id="cross-az-nat",
    title="Subnets use a NAT gateway in another availability zone",
    severity=Severity.MEDIUM,
    needs=(Source.NAT_GATEWAYS, Source.SUBNETS, Source.ROUTE_TABLES, Source.NAT_METRICS),
    judge=judge,
)
