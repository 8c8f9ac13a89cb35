"""What surrounds endpoints and NAT gateways: prefix lists, security groups, interfaces, flow-log configurations."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from auditor.aws.calls import ScopeCalls
from auditor.aws.operations import (
    DESCRIBE_FLOW_LOGS,
    DESCRIBE_INTERFACES,
    DESCRIBE_PREFIX_LISTS,
    DESCRIBE_SECURITY_GROUPS,
    Operation,
)
from auditor.collectors.batches import FILTER_VALUES, batched
from auditor.collectors.tags import name_of, parse_tags
from auditor.model.resources import FlowLog, Interface, Permission, PrefixList, SecurityGroup

T = TypeVar("T")


async def fetch_prefix_lists(calls: ScopeCalls) -> tuple[PrefixList, ...]:
    """AWS-managed prefix lists of the region."""
    items = await calls.items(DESCRIBE_PREFIX_LISTS)
    return tuple(
        PrefixList(item["PrefixListId"], calls.region, item.get("PrefixListName", ""), tuple(item.get("Cidrs") or ()))
        for item in items
    )


async def fetch_security_groups(calls: ScopeCalls, ids: Iterable[str]) -> tuple[SecurityGroup, ...]:
    """The named security groups."""
    return await _filtered(calls, DESCRIBE_SECURITY_GROUPS, "group-id", ids, parse_security_group)


async def fetch_interfaces(calls: ScopeCalls, ids: Iterable[str]) -> tuple[Interface, ...]:
    """The named network interfaces."""
    return await _filtered(calls, DESCRIBE_INTERFACES, "network-interface-id", ids, parse_interface)


async def fetch_interfaces_of(calls: ScopeCalls, addresses: Iterable[str]) -> tuple[Interface, ...]:
    """The network interfaces that hold any of these private IPv4 addresses."""
    return await _filtered(calls, DESCRIBE_INTERFACES, "addresses.private-ip-address", addresses, parse_interface)


async def fetch_flow_logs(calls: ScopeCalls) -> tuple[FlowLog, ...]:
    """Flow-log configurations of the scope, on whatever resource."""
    items = await calls.items(DESCRIBE_FLOW_LOGS)
    return tuple(parse_flow_log(item, calls.account_id, calls.region) for item in items)


async def _filtered(
    calls: ScopeCalls, operation: Operation, name: str, values: Iterable[str], parse: Callable[[Any, str, str], T]
) -> tuple[T, ...]:
    """What any of the values fits; each batch is parsed when it is there, for answers take more memory."""

    async def read(batch: tuple[str, ...]) -> list[T]:
        items = await calls.items(operation, Filters=[{"Name": name, "Values": list(batch)}])
        return [parse(item, calls.account_id, calls.region) for item in items]

    found = await asyncio.gather(*map(read, batched(sorted(set(values)), FILTER_VALUES)))
    return tuple(one for batch in found for one in batch)


def parse_security_group(item: dict[str, Any], account_id: str, region: str) -> SecurityGroup:
    """A group of DescribeSecurityGroups."""
    return SecurityGroup(
        id=item["GroupId"],
        account_id=item.get("OwnerId", account_id),
        region=region,
        vpc_id=item.get("VpcId", ""),
        ingress=tuple(parse_permission(permission) for permission in item.get("IpPermissions") or ()),
        name=name_of(parse_tags(item)) or item.get("GroupName", ""),
    )


def parse_permission(item: dict[str, Any]) -> Permission:
    """One ingress rule."""
    ipv4 = [entry["CidrIp"] for entry in item.get("IpRanges") or ()]
    ipv6 = [entry["CidrIpv6"] for entry in item.get("Ipv6Ranges") or ()]
    return Permission(
        protocol=str(item.get("IpProtocol", "-1")),
        from_port=item.get("FromPort"),
        to_port=item.get("ToPort"),
        cidrs=(*ipv4, *ipv6),
        groups=tuple(pair.get("GroupId", "") for pair in item.get("UserIdGroupPairs") or ()),
        prefix_list_ids=tuple(entry["PrefixListId"] for entry in item.get("PrefixListIds") or ()),
    )


def parse_interface(item: dict[str, Any], account_id: str, region: str) -> Interface:
    """An interface of DescribeNetworkInterfaces."""
    addresses = [entry.get("PrivateIpAddress") for entry in item.get("PrivateIpAddresses") or ()]
    return Interface(
        id=item["NetworkInterfaceId"],
        account_id=item.get("OwnerId", account_id),
        region=region,
        vpc_id=item.get("VpcId", ""),
        subnet_id=item.get("SubnetId", ""),
        az=item.get("AvailabilityZone", ""),
        kind=item.get("InterfaceType", ""),
        description=item.get("Description", ""),
        private_ips=tuple(address for address in addresses if address),
        instance_id=(item.get("Attachment") or {}).get("InstanceId", ""),
        tags=parse_tags(item, "TagSet"),
    )


def parse_flow_log(item: dict[str, Any], account_id: str, region: str) -> FlowLog:
    """A configuration of DescribeFlowLogs."""
    options = item.get("DestinationOptions") or {}
    return FlowLog(
        id=item["FlowLogId"],
        account_id=account_id,
        region=region,
        resource_id=item.get("ResourceId", ""),
        destination_type=item.get("LogDestinationType", "cloud-watch-logs"),
        destination=item.get("LogDestination") or item.get("LogGroupName", ""),
        log_format=item.get("LogFormat", ""),
        traffic_type=item.get("TrafficType", "ALL"),
        status=item.get("FlowLogStatus", "ACTIVE"),
        aggregation_seconds=item.get("MaxAggregationInterval", 600),
        file_format=options.get("FileFormat", "plain-text"),
        hive_compatible=bool(options.get("HiveCompatiblePartitions")),
        per_hour=bool(options.get("PerHourPartition")),
        created=item.get("CreationTime"),
        deliver_error=_deliver_error(item),
    )


def _deliver_error(item: dict[str, Any]) -> str:
    if item.get("DeliverLogsStatus") != "FAILED":
        return ""
    return str(item.get("DeliverLogsErrorMessage") or "delivery fails")
