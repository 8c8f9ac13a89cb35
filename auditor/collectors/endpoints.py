"""VPC endpoints of every type, known or not yet, and the services that offer endpoints."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any

from auditor.aws.calls import ScopeCalls
from auditor.aws.operations import DESCRIBE_ENDPOINT_SERVICES, DESCRIBE_ENDPOINTS
from auditor.collectors.batches import FILTER_VALUES, batched
from auditor.collectors.policies import is_open
from auditor.collectors.tags import name_of, parse_tags
from auditor.model.resources import Endpoint, EndpointService

_SERVICE_PREFIXES = ("com.amazonaws.", "cn.com.amazonaws.", "aws.api.", "aws.sagemaker.")
_PARTNER_PREFIXES = ("com.amazonaws.vpce.", "cn.com.amazonaws.vpce.")


async def fetch_endpoints(calls: ScopeCalls) -> tuple[Endpoint, ...]:
    """All endpoints of the scope."""
    items = await calls.items(DESCRIBE_ENDPOINTS)
    return tuple(parse_endpoint(item, calls.account_id, calls.region) for item in items)


def services_to_ask(endpoints: Iterable[Endpoint]) -> tuple[str, ...]:
    """AWS services whose private DNS a rule must know: those of interface endpoints that do not use it."""
    quiet = (e for e in endpoints if e.type == "Interface" and not e.private_dns and e.service != e.service_name)
    return tuple(sorted({endpoint.service_name for endpoint in quiet}))


async def fetch_endpoint_services(calls: ScopeCalls, names: tuple[str, ...]) -> tuple[EndpointService, ...]:
    """The named services. A region has 200 of them, whose answer takes longer to parse than all others together."""
    items = await calls.items(DESCRIBE_ENDPOINT_SERVICES, ServiceNames=list(names))
    return tuple(parse_endpoint_service(item, calls.region) for item in items if item["ServiceName"] in names)


async def fetch_offers(calls: ScopeCalls, services: Iterable[str]) -> tuple[EndpointService, ...]:
    """The services of these short names, as far as the region has them.

    By a filter, because one name that the region does not have would fail a call that names it.
    """
    names = [f"{prefix}{calls.region}.{one}" for one in services for prefix in _SERVICE_PREFIXES]
    pages = await asyncio.gather(
        *(
            calls.items(DESCRIBE_ENDPOINT_SERVICES, Filters=[{"Name": "service-name", "Values": list(batch)}])
            for batch in batched(names, FILTER_VALUES)
        )
    )
    return tuple(parse_endpoint_service(item, calls.region) for page in pages for item in page)


def parse_endpoint(item: dict[str, Any], account_id: str, region: str) -> Endpoint:
    """An endpoint of DescribeVpcEndpoints; a type that did not exist when this was written is kept as it is."""
    tags = parse_tags(item)
    service_name = item.get("ServiceName") or ""
    service = short_service(service_name, item.get("ServiceRegion") or region)
    dns = item.get("DnsOptions") or {}
    return Endpoint(
        id=item["VpcEndpointId"],
        account_id=item.get("OwnerId", account_id),
        region=region,
        vpc_id=item.get("VpcId", ""),
        type=item.get("VpcEndpointType", "Gateway"),
        service=service,
        service_name=service_name,
        service_region=item.get("ServiceRegion"),
        state=item.get("State", "").lower(),
        private_dns=bool(item.get("PrivateDnsEnabled")),
        inbound_resolver_only=bool(dns.get("PrivateDnsOnlyForInboundResolverEndpoint")),
        requester_managed=bool(item.get("RequesterManaged")),
        subnet_ids=tuple(item.get("SubnetIds") or ()),
        route_table_ids=tuple(item.get("RouteTableIds") or ()),
        security_group_ids=tuple(group["GroupId"] for group in item.get("Groups") or ()),
        interface_ids=tuple(item.get("NetworkInterfaceIds") or ()),
        created=item.get("CreationTimestamp"),
        name=name_of(tags),
        tags=tags,
        policy_open=is_open(item.get("PolicyDocument"), service),
    )


def parse_endpoint_service(item: dict[str, Any], region: str) -> EndpointService:
    """A service of DescribeVpcEndpointServices."""
    names = [entry["PrivateDnsName"] for entry in item.get("PrivateDnsNames") or () if "PrivateDnsName" in entry]
    return EndpointService(
        service_name=item["ServiceName"],
        service=short_service(item["ServiceName"], region),
        region=region,
        types=tuple(kind["ServiceType"] for kind in item.get("ServiceType") or ()),
        zones=tuple(item.get("AvailabilityZones") or ()),
        private_dns_names=tuple(names) or ((item["PrivateDnsName"],) if item.get("PrivateDnsName") else ()),
        policy_supported=item.get("VpcEndpointPolicySupported"),
    )


def short_service(service_name: str, region: str) -> str:
    """`com.amazonaws.eu-west-1.ecr.api` → `ecr.api`; a partner's name stays whole."""
    if service_name.startswith(_PARTNER_PREFIXES):
        return service_name
    for prefix in _SERVICE_PREFIXES:
        if service_name.startswith(f"{prefix}{region}."):
            return service_name.removeprefix(f"{prefix}{region}.")
    return service_name
