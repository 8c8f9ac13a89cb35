"""NAT gateways: zonal and regional, public and private, in every state."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from auditor.aws.operations import DESCRIBE_NAT_GATEWAYS
from auditor.collectors.tags import name_of, parse_tags
from auditor.model.resources import NatAddress, NatGateway

if TYPE_CHECKING:
    from auditor.aws.calls import ScopeCalls  # not at run time: whoever only parses a file needs no client


async def fetch_nat_gateways(calls: ScopeCalls) -> tuple[NatGateway, ...]:
    """All NAT gateways of the scope."""
    items = await calls.items(DESCRIBE_NAT_GATEWAYS)
    return tuple(parse_nat_gateway(item, calls.account_id, calls.region) for item in items)


def parse_nat_gateway(item: dict[str, Any], account_id: str, region: str) -> NatGateway:
    """A NAT gateway of DescribeNatGateways. A regional one has no SubnetId and an own route table."""
    tags = parse_tags(item)
    addresses = tuple(parse_address(address) for address in item.get("NatGatewayAddresses") or ())
    mode = item.get("AvailabilityMode", "zonal")
    return NatGateway(
        id=item["NatGatewayId"],
        account_id=account_id,
        region=region,
        vpc_id=item.get("VpcId", ""),
        state=item.get("State", "available"),
        mode=mode,
        connectivity=item.get("ConnectivityType", "public"),
        subnet_id=item.get("SubnetId"),
        route_table_id=item.get("RouteTableId"),
        zones=tuple(sorted({a.az for a in addresses if a.az})) if mode == "regional" else (),
        addresses=addresses,
        has_appliances=bool(item.get("AttachedAppliances")),
        created=item.get("CreateTime"),
        name=name_of(tags),
        tags=tags,
    )


def parse_address(address: dict[str, Any]) -> NatAddress:
    """One address of a NAT gateway."""
    return NatAddress(
        private_ip=address.get("PrivateIp"),
        public_ip=address.get("PublicIp"),
        interface_id=address.get("NetworkInterfaceId"),
        az=address.get("AvailabilityZone"),
        status=address.get("Status", ""),
        allocation_id=address.get("AllocationId"),
    )
