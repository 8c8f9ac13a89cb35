"""An interface endpoint that carried no byte in the whole window."""

from __future__ import annotations

from collections.abc import Iterator

from auditor.model.audit import Severity
from auditor.model.resources import Endpoint
from auditor.rules.reachability import NEEDS, causes_of_bypass
from auditor.rules.rule import Proposal, Rule, Unjudged
from auditor.rules.view import View
from auditor.whatif.edits import DropEndpoint

_UNMEASURED = "CloudWatch has no datapoint of it: it is younger than the window, or its service is in another region"
_RARE_CLIENTS = (
    "Clients that use it rarely, at the end of a quarter say, fall back to the NAT gateway, or to nothing in a VPC"
    " without one."
)


def judge(view: View) -> Iterator[Proposal | Unjudged]:
    """One proposal per endpoint that is older than the window and not bypassed for a reason that can be mended."""
    for endpoint in view.interface_endpoints:
        carried = view.bytes_of_endpoint(endpoint)
        if carried is None:
            yield Unjudged(endpoint.id, _UNMEASURED)
        elif carried == 0 and view.is_young(endpoint):
            yield Unjudged(endpoint.id, "it carried nothing yet, but it is younger than the window")
        elif carried == 0 and not causes_of_bypass(view, endpoint):
            yield _propose(view, endpoint)


def _propose(view: View, endpoint: Endpoint) -> Proposal:
    return Proposal(
        resource=endpoint.id,
        vpc_id=endpoint.vpc_id,
        title=f"Interface endpoint {view.name(endpoint)} for {endpoint.service} is idle",
        why="It carried no byte during the whole window and is billed for every hour in each of its zones.",
        edits=(DropEndpoint(endpoint.id, endpoint.region),),
        risks=(
            "A policy may demand private access to the service: then keep it, and accept this finding.",
            _RARE_CLIENTS,
        ),
        check="aws ec2 describe-vpc-endpoints no longer lists it; the service's names resolve to public addresses.",
    )


RULE = Rule(
    id="idle-interface-endpoint",
    title="An interface endpoint carried nothing in the window",
    severity=Severity.MEDIUM,
    needs=NEEDS,
    judge=judge,
)
