"""An interface endpoint that is paid for while its VPC's clients cannot use it by the service's own name."""

from __future__ import annotations

from collections.abc import Iterator

from auditor.model.audit import Severity
from auditor.model.evidence import Source
from auditor.model.resources import Endpoint
from auditor.model.traffic import Level
from auditor.rules.reachability import NEEDS, causes_of_bypass
from auditor.rules.rule import Proposal, Rule, Unjudged
from auditor.rules.shares import Shares
from auditor.rules.view import View
from auditor.rules.wording import UNMEASURED
from auditor.whatif.edits import Edit, TurnOnPrivateDns
from auditor.whatif.routing import HopKind


def judge(view: View) -> Iterator[Proposal | Unjudged]:
    """One proposal per endpoint that carried nothing and has a reason for it, in a VPC with NAT egress."""
    for endpoint in view.interface_endpoints:
        if view.bytes_of_endpoint(endpoint) == 0:
            found = causes_of_bypass(view, endpoint)
            if found:
                yield _propose(view, endpoint, tuple(e for e, _ in found), tuple(why for _, why in found))


def _propose(view: View, endpoint: Endpoint, edits: tuple[Edit, ...], reasons: tuple[str, ...]) -> Proposal:
    by_name = any(isinstance(edit, TurnOnPrivateDns) for edit in edits)
    return Proposal(
        resource=endpoint.id,
        vpc_id=endpoint.vpc_id,
        title=f"Interface endpoint {view.name(endpoint)} for {endpoint.service} is bypassed",
        why=f"It is paid for and carried nothing: {'; '.join(reasons)}."
        + (
            " What its clients send to the service goes through the NAT gateway meanwhile."
            if by_name
            else " Clients that are sent to it get no answer."
        )
        + " If nothing in the VPC needs the service, delete the endpoint instead and save its hours.",
        evidence=Level.METRICS if by_name else Level.TOPOLOGY,
        edits=edits,
        risks=(
            "With private DNS on, all of the VPC's traffic to the service takes the endpoint and pays its rate per GB.",
            "An endpoint policy that is too narrow then denies calls that worked before.",
        ),
        check="The service's name resolves to private addresses inside the VPC, and its BytesProcessed rises.",
        note=f"Break-even: the first byte, because the endpoint's hours are paid already. {_measured(view, endpoint)}",
    )


def _measured(view: View, endpoint: Endpoint) -> str:
    subnets = view.subnets_through(view.network.vpc[endpoint.vpc_id], HopKind.NAT_GATEWAY)
    return Shares.of_service(view, subnets, endpoint.service).sentence(UNMEASURED.format(name="the service"))


RULE = Rule(
    id="interface-endpoint-bypassed",
    title="An interface endpoint is paid for and bypassed",
    severity=Severity.HIGH,
    needs=(*NEEDS, Source.NAT_METRICS),
    judge=judge,
)
