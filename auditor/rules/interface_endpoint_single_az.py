"""An interface endpoint in one availability zone while its VPC has clients in several."""

from __future__ import annotations

from collections.abc import Iterator

from auditor.model.audit import Severity
from auditor.model.evidence import Source
from auditor.model.resources import Endpoint
from auditor.model.traffic import Level
from auditor.rules.rule import Proposal, Rule, Unjudged
from auditor.rules.view import View

_PRIVATE_DNS = (
    "Its private DNS name then leads all of the VPC's clients to an address that does not answer: they do not fall"
    " back to the service's public addresses."
)
_OWN_NAMES = "Clients that use it by its own names lose the service then."


def judge(view: View) -> Iterator[Proposal | Unjudged]:
    """One finding per endpoint all of whose subnets lie in one zone, with private subnets in others."""
    for endpoint in view.interface_endpoints:
        subnets = [view.network.subnet.get(subnet_id) for subnet_id in endpoint.subnet_ids]
        zones = {subnet.az for subnet in subnets if subnet}
        if not all(subnets):
            yield Unjudged(endpoint.id, "a subnet that it stands in was not read")
        elif len(zones) == 1:
            others = sorted({subnet.az for subnet in view.client_subnets(endpoint.vpc_id)} - zones)
            if others:
                yield _propose(view, endpoint, zones.pop(), others)


def _propose(view: View, endpoint: Endpoint, zone: str, others: list[str]) -> Proposal:
    return Proposal(
        resource=endpoint.id,
        vpc_id=endpoint.vpc_id,
        evidence=Level.TOPOLOGY,
        title=f"Interface endpoint {view.name(endpoint)} for {endpoint.service} stands in {zone} alone",
        why=f"Subnets in {', '.join(others)} depend on it too. When {zone} fails, {endpoint.service} fails in the"
        f" zones that are well. {_PRIVATE_DNS if endpoint.private_dns else _OWN_NAMES}",
        risks=(
            "Each further zone is billed by the hour like the first; bytes between the zones and it are not.",
            "The service may not be offered in each zone: AWS then refuses the subnet.",
        ),
        check="aws ec2 describe-vpc-endpoints shows a subnet in two zones at the least, and its names resolve to an"
        " address in each.",
        note="A choice, not a saving: for a test environment one zone is often enough.",
    )


RULE = Rule(
    id="interface-endpoint-single-az",
    title="An interface endpoint stands in one availability zone, its clients in several",
    severity=Severity.LOW,
    needs=(
        Source.ENDPOINTS,
        Source.SUBNETS,
        Source.ROUTE_TABLES,
        Source.NAT_GATEWAYS,
        Source.TRANSIT_GATEWAYS,
        Source.TRANSIT_ROUTES,
    ),
    judge=judge,
)
