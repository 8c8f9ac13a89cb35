"""An interface endpoint that carried no byte in the whole window."""

from __future__ import annotations

from collections.abc import Iterator

from auditor.model.audit import Severity
from auditor.model.evidence import Source
from auditor.rules.reachability import causes
from auditor.rules.rule import Proposal, Rule, Unjudged
from auditor.rules.view import View
from auditor.whatif.edits import DropEndpoint


def judge(view: View) -> Iterator[Proposal | Unjudged]:
    """One proposal per endpoint that is older than the window; one that cannot be reached is not idle but bypassed."""
    for endpoint in view.interface_endpoints:
        carried = view.bytes_of_endpoint(endpoint)
        if carried is None:
            yield Unjudged(endpoint.id, "CloudWatch has no datapoint of it, and it is younger than the window")
        elif carried == 0 and view.window.covers(endpoint.created) and not causes(view, endpoint):
            yield Proposal(
                resource=endpoint.id,
                vpc_id=endpoint.vpc_id,
                title=f"Interface endpoint {view.name(endpoint)} for {endpoint.service} is idle",
                why="It carried no byte during the whole window and is billed for every hour in each of its zones.",
                edits=(DropEndpoint(endpoint.id, endpoint.region),),
                risks=(
                    "A policy may demand private access to the service: then keep it, and accept this finding.",
                    "Clients that use it rarely, at the end of a quarter say, fall back to the NAT gateway, or to"
                    " nothing in a VPC without one.",
                ),
                check="aws ec2 describe-vpc-endpoints no longer lists it; the service's names resolve to public addresses.",
            )


RULE = Rule(
    id="idle-interface-endpoint",
    title="An interface endpoint carried nothing in the window",
    severity=Severity.MEDIUM,
    needs=(Source.ENDPOINTS, Source.ENDPOINT_METRICS),
    judge=judge,
)
