"""A spoke whose bytes to S3 or DynamoDB cross a transit gateway to the NAT gateway of a hub."""

from __future__ import annotations

from collections.abc import Iterator

from auditor.model.audit import Severity
from auditor.rules.gateway_proposals import LOST, NEEDS, lacking, leaves_through_transit, saving
from auditor.rules.rule import Proposal, Rule, Unjudged
from auditor.rules.view import View
from auditor.whatif.routing import HopKind

_WAY = "a transit gateway and the NAT gateway of a hub VPC"


def judge(view: View) -> Iterator[Proposal | Unjudged]:
    """One proposal per spoke and service: an endpoint in the hub is out of its reach."""
    for vpc in view.vpcs:
        if leaves_through_transit(view, view.lost_subnets(vpc)):
            yield Unjudged(vpc.id, LOST)
        subnets = view.subnets_through(vpc, HopKind.NAT_GATEWAY)
        if leaves_through_transit(view, subnets):
            yield from (saving(view, vpc, service, subnets, _WAY) for service in lacking(view, vpc))


RULE = Rule(
    id="central-egress-endpoint",
    title="A spoke reaches S3 or DynamoDB through a transit gateway and a hub's NAT gateway",
    severity=Severity.HIGH,
    needs=NEEDS,
    judge=judge,
    is_about_money=True,
)
