"""Network ACLs: which subnets they guard, and their rules in order."""

from __future__ import annotations

from typing import Any

from auditor.aws.calls import ScopeCalls
from auditor.aws.operations import DESCRIBE_NETWORK_ACLS
from auditor.collectors.tags import name_of, parse_tags
from auditor.model.resources import AclEntry, NetworkAcl


async def fetch_network_acls(calls: ScopeCalls) -> tuple[NetworkAcl, ...]:
    """All network ACLs of the scope."""
    items = await calls.items(DESCRIBE_NETWORK_ACLS)
    return tuple(parse_network_acl(item, calls.account_id, calls.region) for item in items)


def parse_network_acl(item: dict[str, Any], account_id: str, region: str) -> NetworkAcl:
    """An ACL of DescribeNetworkAcls; its rules by number, those of incoming traffic first."""
    entries = (parse_entry(entry) for entry in item.get("Entries") or ())
    return NetworkAcl(
        id=item["NetworkAclId"],
        account_id=item.get("OwnerId", account_id),
        region=region,
        vpc_id=item.get("VpcId", ""),
        is_default=bool(item.get("IsDefault")),
        subnet_ids=tuple(one["SubnetId"] for one in item.get("Associations") or () if "SubnetId" in one),
        entries=tuple(sorted(entries, key=lambda one: (one.egress, one.number, one.cidr))),
        name=name_of(parse_tags(item)),
    )


def parse_entry(item: dict[str, Any]) -> AclEntry:
    """One rule; the last one of each ACL, which denies all, is a rule like any other."""
    ports = item.get("PortRange") or {}
    return AclEntry(
        number=item.get("RuleNumber", 0),
        egress=bool(item.get("Egress")),
        allow=item.get("RuleAction") == "allow",
        protocol=str(item.get("Protocol", "-1")),
        cidr=item.get("CidrBlock") or item.get("Ipv6CidrBlock", ""),
        from_port=ports.get("From"),
        to_port=ports.get("To"),
    )
