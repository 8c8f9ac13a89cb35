"""Subnets of several availability zones that depend on one zonal NAT gateway."""

from __future__ import annotations

from collections.abc import Iterator

from auditor.model.audit import Severity
from auditor.model.evidence import Source
from auditor.model.traffic import Level
from auditor.rules.rule import Proposal, Rule, Unjudged
from auditor.rules.view import View


def judge(view: View) -> Iterator[Proposal | Unjudged]:
    """One finding per zonal NAT gateway with clients in other zones."""
    for nat in view.nats:
        zone = view.zone(nat)
        others = sorted({subnet.az for subnet in view.clients(nat)} - {zone})
        if zone and others and nat.connectivity == "public":
            yield Proposal(
                resource=nat.id,
                vpc_id=nat.vpc_id,
                title=f"Subnets in {', '.join(others)} depend on NAT gateway {view.name(nat)} in {zone}",
                why=f"When {zone} fails, subnets in the other zones lose their way to the internet with it. A NAT"
                " gateway per zone, or a regional one, costs more hours and survives that; for a test environment one"
                " is often enough.",
                evidence=Level.TOPOLOGY,
                risks=("A second NAT gateway costs its hours; whether that is worth it is a choice, not a saving.",),
                check="Each subnet's default route leads to a NAT gateway of its own zone, or to a regional one.",
            )


RULE = Rule(
    id="single-az-nat",
    title="Several availability zones depend on one zonal NAT gateway",
    severity=Severity.LOW,
    needs=(
        Source.NAT_GATEWAYS,
        Source.ROUTE_TABLES,
        Source.SUBNETS,
        Source.TRANSIT_GATEWAYS,
        Source.TRANSIT_ROUTES,
    ),
    judge=judge,
)
