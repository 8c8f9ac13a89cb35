"""A NAT gateway to which no route table leads."""

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
    """One proposal per NAT gateway without routes; one that carried bytes all the same is left alone."""
    routed = {route.target for table in view.network.route_tables for route in table.routes}
    for nat in view.nats:
        if nat.id in routed:
            continue
        carried = view.bytes_of_nat(nat)
        if carried is None:
            yield Unjudged(nat.id, "no route leads to it, but CloudWatch has no datapoint of its bytes in the window")
        elif carried:
            yield Unjudged(nat.id, "no route leads to it now, but it carried bytes in the window: look again next time")
        else:
            yield _propose(view, nat)


def _propose(view: View, nat: NatGateway) -> Proposal:
    return Proposal(
        resource=nat.id,
        vpc_id=nat.vpc_id,
        title=f"No route leads to NAT gateway {view.name(nat)}",
        why="No route table of its region has a route to it, so nothing can use it, but its hours are billed.",
        evidence=Level.TOPOLOGY,
        edits=(DropNatGateway(nat.id, nat.region),),
        risks=DROP_NAT_RISKS,
        check=DROP_NAT_CHECK,
    )


RULE = Rule(
    id="unrouted-nat-gateway",
    title="No route table leads to a NAT gateway",
    severity=Severity.HIGH,
    needs=(Source.NAT_GATEWAYS, Source.ROUTE_TABLES, Source.NAT_METRICS),
    judge=judge,
)
