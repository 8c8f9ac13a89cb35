"""A NAT gateway whose bytes cost far less than its hours."""

from __future__ import annotations

from collections.abc import Iterator

from auditor.model.audit import Severity
from auditor.model.evidence import Source
from auditor.model.resources import NatGateway
from auditor.rules.rule import Proposal, Rule, Unjudged
from auditor.rules.users import users_sentence
from auditor.rules.view import View
from auditor.rules.wording import DROP_NAT_CHECK, DROP_NAT_RISKS
from auditor.whatif.edits import DropNatGateway

BYTES_AN_HOUR = 2**30 // 20
"""One GB costs as much as one hour in every region seen, so below 1/20 GB an hour the bytes cost under 5 % of it."""

_NO_OTHER = (
    "Where no NAT gateway of the VPC can take over, share one of another VPC over a transit gateway, or give the few"
    " clients an endpoint, a public address or, for IPv6, an egress-only internet gateway."
)
_YOUNG = "it carried little yet, but it is younger than the window"


def judge(view: View) -> Iterator[Proposal | Unjudged]:
    """One proposal per NAT gateway older than the window that carries something, but next to nothing."""
    for nat in view.nats:
        carried = view.bytes_of_nat(nat)
        if carried is None:
            yield Unjudged(nat.id, "CloudWatch has no datapoint of its bytes in the window")
        elif 0 < carried < BYTES_AN_HOUR * view.observed_hours(nat):
            yield Unjudged(nat.id, _YOUNG) if view.is_young(nat) else _propose(view, nat)


def _propose(view: View, nat: NatGateway) -> Proposal:
    other = _other(view, nat)
    return Proposal(
        resource=nat.id,
        vpc_id=nat.vpc_id,
        title=f"NAT gateway {view.name(nat)} is barely used",
        why="What it carried costs less than a twentieth of what its hours cost. "
        + (f"{view.name(other)} in the same VPC could carry it as well." if other else _NO_OTHER)
        + users_sentence(view, nat),
        edits=(DropNatGateway(nat.id, nat.region, replaced_by=other.id),) if other else (),
        risks=(*DROP_NAT_RISKS, "One NAT gateway less is one availability zone less that egress survives."),
        check=DROP_NAT_CHECK,
    )


def _other(view: View, nat: NatGateway) -> NatGateway | None:
    """Another NAT gateway of the VPC for the subnets that use this one, the same zone first, the busiest first."""
    if not view.clients(nat):
        return None
    siblings = view.network.nat_gateways_of_vpc.get(nat.vpc_id, ())
    fit = (n for n in siblings if n.id != nat.id and n.is_billed and n.connectivity == nat.connectivity)
    used = [(view.bytes_of_nat(n) or 0, n) for n in fit if view.bytes_of_nat(n)]
    ranked = sorted(used, key=lambda one: (view.zone(one[1]) != view.zone(nat), -one[0], one[1].id))
    return ranked[0][1] if ranked else None


RULE = Rule(
    id="barely-used-nat-gateway",
    title="A NAT gateway costs far more by the hour than by the byte",
    severity=Severity.MEDIUM,
    needs=(
        Source.NAT_GATEWAYS,
        Source.NAT_METRICS,
        Source.ROUTE_TABLES,
        Source.SUBNETS,
        Source.TRANSIT_GATEWAYS,
        Source.TRANSIT_ROUTES,
    ),
    judge=judge,
)
