"""VPCs with all their CIDRs, their DNS attributes, and their availability zones and subnets."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from auditor.aws.calls import ScopeCalls
from auditor.aws.operations import DESCRIBE_SUBNETS, DESCRIBE_VPC_ATTRIBUTE, DESCRIBE_VPCS, DESCRIBE_ZONES
from auditor.collectors.tags import name_of, parse_tags
from auditor.model.resources import Subnet, Vpc, Zone

DnsAttributes = tuple[str, bool, bool]
"""VPC id, enableDnsSupport, enableDnsHostnames."""


async def fetch_zones(calls: ScopeCalls) -> tuple[Zone, ...]:
    """The region's zones, Local and Wavelength Zones that are enabled included."""
    return tuple(parse_zone(item) for item in await calls.items(DESCRIBE_ZONES))


async def fetch_vpcs(calls: ScopeCalls) -> tuple[Vpc, ...]:
    """All VPCs; their DNS attributes are not known yet."""
    return tuple(parse_vpc(item, calls.account_id, calls.region) for item in await calls.items(DESCRIBE_VPCS))


async def fetch_subnets(calls: ScopeCalls) -> tuple[Subnet, ...]:
    """All subnets, shared ones included."""
    return tuple(parse_subnet(item, calls.account_id, calls.region) for item in await calls.items(DESCRIBE_SUBNETS))


async def fetch_dns(calls: ScopeCalls, vpc_ids: Iterable[str]) -> tuple[DnsAttributes, ...]:
    """Both DNS attributes of each VPC: two calls a VPC, so ask only for those that a rule must know."""
    return tuple(await asyncio.gather(*(_fetch_dns_of(calls, vpc_id) for vpc_id in sorted(set(vpc_ids)))))


async def _fetch_dns_of(calls: ScopeCalls, vpc_id: str) -> DnsAttributes:
    support, hostnames = await asyncio.gather(
        calls.call(DESCRIBE_VPC_ATTRIBUTE, VpcId=vpc_id, Attribute="enableDnsSupport"),
        calls.call(DESCRIBE_VPC_ATTRIBUTE, VpcId=vpc_id, Attribute="enableDnsHostnames"),
    )
    return vpc_id, support["EnableDnsSupport"]["Value"], hostnames["EnableDnsHostnames"]["Value"]


def with_dns(vpcs: Iterable[Vpc], dns: Iterable[DnsAttributes]) -> tuple[Vpc, ...]:
    """The VPCs with the attributes that were asked for."""
    known = {vpc_id: values for vpc_id, *values in dns}
    return tuple(
        replace(vpc, dns_support=known[vpc.id][0], dns_hostnames=known[vpc.id][1]) if vpc.id in known else vpc
        for vpc in vpcs
    )


def parse_zone(item: dict[str, Any]) -> Zone:
    """A zone of DescribeAvailabilityZones."""
    return Zone(
        name=item["ZoneName"],
        id=item.get("ZoneId", ""),
        region=item.get("RegionName", ""),
        kind=item.get("ZoneType", "availability-zone"),
    )


def parse_vpc(item: dict[str, Any], account_id: str, region: str) -> Vpc:
    """A VPC of DescribeVpcs; blocks that are disassociated are left out."""
    tags = parse_tags(item)
    ipv4 = _blocks(item.get("CidrBlockAssociationSet"), "CidrBlock")
    ipv6 = _blocks(item.get("Ipv6CidrBlockAssociationSet"), "Ipv6CidrBlock")
    return Vpc(
        id=item["VpcId"],
        account_id=item.get("OwnerId", account_id),
        region=region,
        cidrs=tuple(dict.fromkeys([item["CidrBlock"], *ipv4])) if "CidrBlock" in item else tuple(ipv4),
        ipv6_cidrs=tuple(ipv6),
        is_default=bool(item.get("IsDefault")),
        name=name_of(tags),
        tags=tags,
    )


def parse_subnet(item: dict[str, Any], account_id: str, region: str) -> Subnet:
    """A subnet of DescribeSubnets."""
    return Subnet(
        id=item["SubnetId"],
        account_id=item.get("OwnerId", account_id),
        region=region,
        vpc_id=item["VpcId"],
        az=item.get("AvailabilityZone", ""),
        cidr=item.get("CidrBlock", ""),
        name=name_of(parse_tags(item)),
    )


def _blocks(associations: list[dict[str, Any]] | None, key: str) -> list[str]:
    state = f"{key}State"
    return [a[key] for a in associations or () if (a.get(state) or {}).get("State", "associated") == "associated"]
