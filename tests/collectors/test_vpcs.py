"""VPCs with all the blocks that they have, and only these."""

from __future__ import annotations

from functools import partial

from auditor.collectors.vpcs import parse_subnet, parse_vpc, parse_zone, with_dns
from auditor.model.resources import Vpc
from tests.collectors.shapes import item, tags

vpc_item = partial(item, "DescribeVpcs", "Vpcs", VpcId="vpc-1")


def parsed(**fields: object) -> Vpc:
    return parse_vpc(vpc_item(**fields), "123456789012", "eu-west-1")


def block(cidr: str, state: str) -> dict[str, object]:
    return {"AssociationId": "vpc-cidr-assoc-1", "CidrBlock": cidr, "CidrBlockState": {"State": state}}


def block6(cidr: str, state: str) -> dict[str, object]:
    return {"AssociationId": "vpc-cidr-assoc-2", "Ipv6CidrBlock": cidr, "Ipv6CidrBlockState": {"State": state}}


def test_all_blocks_that_are_associated_the_first_one_first() -> None:
    vpc = parsed(
        OwnerId="210987654321",
        CidrBlock="10.0.0.0/16",
        CidrBlockAssociationSet=[
            block("100.64.0.0/16", "associated"),
            block("10.0.0.0/16", "associated"),
            block("10.1.0.0/16", "disassociating"),
            block("10.2.0.0/16", "failed"),
        ],
        Ipv6CidrBlockAssociationSet=[
            block6("2001:db8:1::/56", "associated"),
            block6("2001:db8:2::/56", "disassociated"),
        ],
        IsDefault=True,
        Tags=tags(Name="shop"),
    )
    assert vpc == Vpc(
        id="vpc-1",
        account_id="210987654321",
        region="eu-west-1",
        cidrs=("10.0.0.0/16", "100.64.0.0/16"),
        ipv6_cidrs=("2001:db8:1::/56",),
        is_default=True,
        name="shop",
        tags=(("Name", "shop"),),
    )


def test_dns_attributes_are_unknown_until_they_are_asked_for() -> None:
    asked, unasked = parsed(), parse_vpc({"VpcId": "vpc-2"}, "123456789012", "eu-west-1")
    assert (asked.dns_support, asked.dns_hostnames) == (None, None)
    first, second = with_dns((asked, unasked), [("vpc-1", True, False)])
    assert (first.dns_support, first.dns_hostnames) == (True, False)
    assert (second.dns_support, second.dns_hostnames) == (None, None)


def test_a_shared_subnet_is_its_owners() -> None:
    subnet = parse_subnet(
        item(
            "DescribeSubnets",
            "Subnets",
            SubnetId="subnet-1",
            VpcId="vpc-1",
            OwnerId="210987654321",
            AvailabilityZone="eu-west-1a",
            CidrBlock="10.0.1.0/24",
            Tags=tags(Name="private-a"),
        ),
        "123456789012",
        "eu-west-1",
    )
    assert (subnet.account_id, subnet.az, subnet.cidr) == ("210987654321", "eu-west-1a", "10.0.1.0/24")
    assert subnet.name == "private-a"


def test_a_subnet_of_ipv6_alone_has_no_block() -> None:
    subnet = item("DescribeSubnets", "Subnets", SubnetId="subnet-1", VpcId="vpc-1", Ipv6Native=True)
    assert parse_subnet(subnet, "123456789012", "eu-west-1").cidr == ""


def test_a_local_zone_says_what_it_is() -> None:
    zone = item(
        "DescribeAvailabilityZones",
        "AvailabilityZones",
        ZoneName="us-east-1-bos-1a",
        ZoneId="use1-bos1-az1",
        ZoneType="local-zone",
        RegionName="us-east-1",
    )
    assert parse_zone(zone).kind == "local-zone"
