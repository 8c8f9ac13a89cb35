"""A VPC that reaches S3 or DynamoDB through a NAT gateway of its own, or free, and has no gateway endpoint."""

from __future__ import annotations

from collections.abc import Iterator

from auditor.model.audit import Severity
from auditor.model.resources import Vpc
from auditor.rules.gateway_proposals import LOST, NEEDS, lacking, leaves_through_transit, private, saving
from auditor.rules.rule import Proposal, Rule, Unjudged
from auditor.rules.view import View
from auditor.whatif.routing import HopKind


def judge(view: View) -> Iterator[Proposal | Unjudged]:
    """One proposal per VPC and service, unless its NAT gateway stands behind a transit gateway."""
    for vpc in view.vpcs:
        lost = view.lost_subnets(vpc)
        if lost and not leaves_through_transit(view, lost):
            yield Unjudged(vpc.id, LOST)
        for service in lacking(view, vpc):
            yield from _propose(view, vpc, service)


def _propose(view: View, vpc: Vpc, service: str) -> Iterator[Proposal]:
    through_nat = view.subnets_through(vpc, HopKind.NAT_GATEWAY)
    public = view.subnets_through(vpc, HopKind.INTERNET_GATEWAY)
    if through_nat and not leaves_through_transit(view, through_nat):
        yield saving(view, vpc, service, through_nat, "a NAT gateway")
    elif public and not through_nat and not vpc.is_default:
        yield private(view, vpc, service, public)


RULE = Rule(
    id="missing-gateway-endpoint",
    title="A VPC reaches S3 or DynamoDB without a gateway endpoint",
    severity=Severity.HIGH,
    needs=NEEDS,
    judge=judge,
    is_about_money=True,
)
