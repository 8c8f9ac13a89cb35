"""Why clients may not reach an interface endpoint by the service's own name, and what would mend it."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_network

from auditor.model.evidence import Source
from auditor.model.resources import GATEWAY_SERVICES, Endpoint, Permission, Vpc
from auditor.rules.view import View
from auditor.whatif.admission import HTTPS, holds_port
from auditor.whatif.edits import AdmitHttps, Edit, TurnOnPrivateDns
from auditor.whatif.routing import HopKind

NEEDS = (
    Source.ENDPOINTS,
    Source.ENDPOINT_SERVICES,
    Source.ENDPOINT_METRICS,
    Source.SECURITY_GROUPS,
    Source.VPC_DNS,
    Source.VPCS,
    Source.SUBNETS,
    Source.ROUTE_TABLES,
    Source.NAT_GATEWAYS,
    Source.TRANSIT_GATEWAYS,
    Source.TRANSIT_ROUTES,
)
"""Without one of these nobody can tell an endpoint that is bypassed from one that nobody needs."""

Cause = tuple[Edit, str]
"""What mends it, and what is wrong in words."""


def causes_of_bypass(view: View, endpoint: Endpoint) -> tuple[Cause, ...]:
    """Everything that keeps the VPC's clients from the endpoint, where a NAT gateway can carry their bytes instead.

    Nothing where that is not known, or where another endpoint answers for the service. S3 and DynamoDB are left to
    gateway endpoints, which are free.
    """
    vpc = view.network.vpc.get(endpoint.vpc_id)
    if vpc is None or endpoint.service in GATEWAY_SERVICES or not view.subnets_through(vpc, HopKind.NAT_GATEWAY):
        return ()
    if view.capturing(vpc.id, endpoint.service) not in {None, endpoint}:
        return ()
    return tuple(_causes(view, endpoint, vpc))


def _causes(view: View, endpoint: Endpoint, vpc: Vpc) -> Iterator[Cause]:
    dns = TurnOnPrivateDns(endpoint.id, vpc.id, endpoint.region)
    if not endpoint.private_dns and _offers_private_dns(view, endpoint):
        yield dns, "its private DNS name is off, so the service's name leads to public addresses"
    if endpoint.private_dns and (vpc.dns_support is False or vpc.dns_hostnames is False):
        yield dns, "the VPC's DNS support or DNS hostnames are off, so its private DNS name has no effect"
    if not _admitted(view, endpoint, vpc):
        admit = AdmitHttps(endpoint.security_group_ids[0], endpoint.region, vpc.cidrs)
        yield admit, "its security groups admit no port 443 from the VPC"


def _offers_private_dns(view: View, endpoint: Endpoint) -> bool:
    services = (s for s in view.network.endpoint_services if s.service_name == endpoint.service_name)
    return any(service.private_dns_names for service in services)


def _admitted(view: View, endpoint: Endpoint, vpc: Vpc) -> bool:
    """Whether some group admits 443 from somewhere in the VPC; a group that was not read is given the benefit."""
    groups = [group for group in view.network.security_groups if group.id in endpoint.security_group_ids]
    unread = len(groups) < len(endpoint.security_group_ids) or not endpoint.security_group_ids
    return unread or any(_admits(permission, vpc) for group in groups for permission in group.ingress)


def holds_https(permission: Permission) -> bool:
    """Whether its ports and protocol hold TCP port 443."""
    return holds_port(permission.protocol, permission.from_port, permission.to_port, HTTPS)


def _admits(permission: Permission, vpc: Vpc) -> bool:
    if not holds_https(permission):
        return False
    from_inside = any(_overlap(cidr, own) for cidr in permission.cidrs for own in (*vpc.cidrs, *vpc.ipv6_cidrs))
    return from_inside or bool(permission.groups or permission.prefix_list_ids)


def _overlap(one: str, other: str) -> bool:
    """Addresses of different versions never do."""
    return ip_network(one, strict=False).overlaps(ip_network(other, strict=False))
