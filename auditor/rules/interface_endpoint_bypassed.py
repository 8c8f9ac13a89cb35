"""An interface endpoint that is paid for while its VPC's clients cannot use it by the service's own name."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_network

from auditor.model.audit import Severity
from auditor.model.evidence import Source
from auditor.model.network import GATEWAY_SERVICES, Endpoint, Permission, Vpc
from auditor.model.traffic import Level
from auditor.rules.rule import Proposal, Rule, Unjudged
from auditor.rules.view import View
from auditor.whatif.edits import AdmitHttps, Edit, TurnOnPrivateDns
from auditor.whatif.routing import HopKind

HTTPS = 443


def judge(view: View) -> Iterator[Proposal | Unjudged]:
    """One proposal per endpoint that carried nothing and has a reason for it, in a VPC with NAT egress."""
    for endpoint in view.interface_endpoints:
        vpc = view.network.vpc.get(endpoint.vpc_id)
        if vpc is None or view.bytes_of_endpoint(endpoint) != 0 or endpoint.service in GATEWAY_SERVICES:
            continue
        if not view.subnets_through(vpc, HopKind.NAT_GATEWAY):
            continue
        edits, reasons = _mend(view, endpoint, vpc)
        if edits:
            yield _propose(view, endpoint, edits, reasons)


def _mend(view: View, endpoint: Endpoint, vpc: Vpc) -> tuple[tuple[Edit, ...], tuple[str, ...]]:
    found: list[tuple[Edit, str]] = []
    dns = TurnOnPrivateDns(endpoint.id, vpc.id, endpoint.region)
    if not endpoint.private_dns and _offers_private_dns(view, endpoint):
        found.append((dns, "its private DNS name is off, so the service's name leads to public addresses"))
    if endpoint.private_dns and (vpc.dns_support is False or vpc.dns_hostnames is False):
        found.append((dns, "the VPC's DNS support or DNS hostnames are off, so its private DNS name has no effect"))
    if not _admitted(view, endpoint, vpc):
        admit = AdmitHttps(endpoint.security_group_ids[0], endpoint.region, vpc.cidrs)
        found.append((admit, "its security groups admit no port 443 from the VPC"))
    return tuple(edit for edit, _ in found), tuple(reason for _, reason in found)


def _propose(view: View, endpoint: Endpoint, edits: tuple[Edit, ...], reasons: tuple[str, ...]) -> Proposal:
    by_name = any(isinstance(edit, TurnOnPrivateDns) for edit in edits)
    return Proposal(
        resource=endpoint.id,
        vpc_id=endpoint.vpc_id,
        title=f"Interface endpoint {view.name(endpoint)} for {endpoint.service} is bypassed",
        why=f"It is paid for and carried nothing: {'; '.join(reasons)}."
        + (" The service's bytes go through the NAT gateway meanwhile." if by_name else
           " Clients that are sent to it get no answer."),
        evidence=Level.METRICS if by_name else Level.TOPOLOGY,
        edits=edits,
        risks=(
            "With private DNS on, all of the VPC's traffic to the service takes the endpoint, and pays its rate per GB.",
            "An endpoint policy that is too narrow then denies calls that worked before.",
        ),
        check="The service's name resolves to private addresses inside the VPC, and the endpoint's BytesProcessed rises.",
        note="Break-even: the first byte, because the endpoint's hours are paid already. How many of the NAT gateway's"
        " bytes go to the service was not measured: none at the least, all of them at the most.",
    )


def _offers_private_dns(view: View, endpoint: Endpoint) -> bool:
    services = (s for s in view.network.endpoint_services if s.service_name == endpoint.service_name)
    return any(service.private_dns_names for service in services)


def _admitted(view: View, endpoint: Endpoint, vpc: Vpc) -> bool:
    """Whether some group admits 443 from somewhere in the VPC; a group that was not read is given the benefit."""
    groups = [group for group in view.network.security_groups if group.id in endpoint.security_group_ids]
    unread = len(groups) < len(endpoint.security_group_ids) or not endpoint.security_group_ids
    return unread or any(_admits(permission, vpc) for group in groups for permission in group.ingress)


def _admits(permission: Permission, vpc: Vpc) -> bool:
    if permission.protocol not in {"-1", "tcp", "6"}:
        return False
    low, high = permission.from_port, permission.to_port
    if permission.protocol != "-1" and low is not None and high is not None and not low <= HTTPS <= high:
        return False
    from_inside = any(_overlap(cidr, own) for cidr in permission.cidrs for own in (*vpc.cidrs, *vpc.ipv6_cidrs))
    return from_inside or bool(permission.groups or permission.prefix_list_ids)


def _overlap(one: str, other: str) -> bool:
    left, right = ip_network(one, strict=False), ip_network(other, strict=False)
    return left.version == right.version and left.overlaps(right)


RULE = Rule(
    id="interface-endpoint-bypassed",
    title="An interface endpoint is paid for and bypassed",
    severity=Severity.HIGH,
    needs=(
        Source.ENDPOINTS,
        Source.ENDPOINT_SERVICES,
        Source.ENDPOINT_METRICS,
        Source.SECURITY_GROUPS,
        Source.VPC_DNS,
        Source.VPCS,
        Source.SUBNETS,
        Source.ROUTE_TABLES,
        Source.NAT_GATEWAYS,
        Source.NAT_METRICS,
    ),
    judge=judge,
)
