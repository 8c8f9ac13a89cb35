"""Two or more NAT gateways of one kind in one VPC and availability zone."""

from __future__ import annotations

from collections.abc import Iterator

from auditor.model.audit import Severity
from auditor.model.evidence import Source
from auditor.model.resources import NatGateway
from auditor.model.traffic import Level
from auditor.rules.rule import Proposal, Rule, Unjudged
from auditor.rules.view import View
from auditor.rules.wording import DROP_NAT_CHECK, DROP_NAT_RISKS
from auditor.whatif.edits import DropNatGateway


def judge(view: View) -> Iterator[Proposal | Unjudged]:
    """All but the busiest of each VPC and zone."""
    groups: dict[tuple[str, str, str], list[NatGateway]] = {}
    for nat in view.nats:
        if zone := view.zone(nat):
            groups.setdefault((nat.vpc_id, zone, nat.connectivity), []).append(nat)
    for (_, zone, _), nats in groups.items():
        keeper, *rest = sorted(nats, key=lambda nat: (-(view.bytes_of_nat(nat) or 0), nat.id))
        yield from (_judge(view, nat, keeper, zone) for nat in rest)


def _judge(view: View, nat: NatGateway, keeper: NatGateway, zone: str) -> Proposal | Unjudged:
    carried = view.bytes_of_nat(nat)
    if carried is None:
        return Unjudged(nat.id, "CloudWatch has no datapoint of its bytes in the window")
    if carried and not view.clients(nat):
        return Unjudged(nat.id, "it carried bytes, but no route leads to it: whose they are is not known")
    return _propose(view, nat, keeper, zone)


def _propose(view: View, nat: NatGateway, keeper: NatGateway, zone: str) -> Proposal:
    return Proposal(
        resource=nat.id,
        vpc_id=nat.vpc_id,
        title=f"NAT gateway {view.name(nat)} stands beside {view.name(keeper)} in {zone}",
        why="Both serve the same VPC in the same availability zone: the second adds its hours and no resilience."
        " The bytes cost the same through either.",
        evidence=Level.TOPOLOGY,
        edits=(DropNatGateway(nat.id, nat.region, replaced_by=keeper.id),),
        risks=(
            *DROP_NAT_RISKS,
            "One NAT gateway carries 100 Gbit/s and 55,000 connections per destination and address: is that enough?",
        ),
        check=DROP_NAT_CHECK,
    )


RULE = Rule(
    id="redundant-nat-gateway",
    title="Two NAT gateways in one VPC and availability zone",
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
