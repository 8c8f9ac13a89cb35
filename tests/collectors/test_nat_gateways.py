"""NAT gateways of every kind, in the shapes in which DescribeNatGateways answers them."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial

import pytest

from auditor.collectors.nat_gateways import parse_nat_gateway
from auditor.model.resources import NatAddress, NatGateway
from tests.collectors.shapes import item, tags

CREATED = datetime(2025, 3, 1, 12, 30, tzinfo=UTC)
nat_item = partial(item, "DescribeNatGateways", "NatGateways", NatGatewayId="nat-1", VpcId="vpc-1", CreateTime=CREATED)


def parsed(**fields: object) -> NatGateway:
    return parse_nat_gateway(nat_item(**fields), "123456789012", "eu-west-1")


def address(**fields: object) -> dict[str, object]:
    return {"AllocationId": "eipalloc-1", "PublicIp": "198.18.0.1", "Status": "succeeded", **fields}


def test_a_public_zonal_one() -> None:
    nat = parsed(
        SubnetId="subnet-1",
        State="available",
        ConnectivityType="public",
        AvailabilityMode="zonal",
        NatGatewayAddresses=[address(PrivateIp="10.0.0.220", NetworkInterfaceId="eni-1", IsPrimary=True)],
        Tags=tags(team="shop", Name="shop-a"),
    )
    assert nat == NatGateway(
        id="nat-1",
        account_id="123456789012",
        region="eu-west-1",
        vpc_id="vpc-1",
        state="available",
        mode="zonal",
        connectivity="public",
        subnet_id="subnet-1",
        addresses=(NatAddress("10.0.0.220", "198.18.0.1", "eni-1", None, "succeeded", "eipalloc-1"),),
        created=CREATED,
        name="shop-a",
        tags=(("Name", "shop-a"), ("team", "shop")),
    )


def test_a_regional_one_has_no_subnet_and_is_billed_in_the_zones_of_its_addresses() -> None:
    """Two addresses in a zone are one zone."""
    zones = ("eu-west-1b", "eu-west-1a", "eu-west-1a")
    nat = parsed(
        State="available",
        AvailabilityMode="regional",
        AutoProvisionZones="enabled",
        AutoScalingIps="enabled",
        RouteTableId="rtb-9",
        NatGatewayAddresses=[address(AvailabilityZone=zone, AvailabilityZoneId=f"id-{zone}") for zone in zones],
    )
    assert (nat.mode, nat.subnet_id, nat.route_table_id) == ("regional", None, "rtb-9")
    assert nat.zones == ("eu-west-1a", "eu-west-1b")
    assert nat.addresses[0].private_ip is None


def test_a_zonal_one_names_no_zones_though_its_address_does() -> None:
    """Its hours are billed once, whatever its address says."""
    nat = parsed(AvailabilityMode="zonal", SubnetId="subnet-1", NatGatewayAddresses=[address(AvailabilityZone="a")])
    assert nat.zones == ()


def test_a_private_one_has_no_public_address() -> None:
    private = {"PrivateIp": "10.0.0.9", "NetworkInterfaceId": "eni-2", "Status": "succeeded"}
    nat = parsed(SubnetId="subnet-1", ConnectivityType="private", State="available", NatGatewayAddresses=[private])
    assert nat.connectivity == "private"
    assert nat.addresses[0].public_ip is None


@pytest.mark.parametrize(
    ("state", "billed"),
    [("available", True), ("pending", True), ("failed", False), ("deleting", False), ("deleted", False)],
)
def test_only_what_runs_or_will_run_is_billed(state: str, *, billed: bool) -> None:
    assert parsed(SubnetId="subnet-1", State=state).is_billed is billed


def test_a_failed_one_keeps_its_state_without_addresses() -> None:
    nat = parsed(
        SubnetId="subnet-1",
        State="failed",
        FailureCode="Resource.AlreadyAssociated",
        FailureMessage="Elastic IP address [eipalloc-1] is already associated",
        NatGatewayAddresses=[{"AllocationId": "eipalloc-1", "Status": "failed"}],
    )
    assert (nat.state, nat.is_billed) == ("failed", False)


def test_attached_appliances_are_told_because_they_make_the_price_uncertain() -> None:
    proxy = {"Type": "network-firewall-proxy", "ApplianceArn": "arn:aws:x", "AttachmentState": "attached"}
    assert parsed(SubnetId="subnet-1", AttachedAppliances=[proxy]).has_appliances
    assert not parsed(SubnetId="subnet-1", AttachedAppliances=[]).has_appliances


def test_what_an_old_answer_lacks_is_public_and_zonal() -> None:
    """Before ConnectivityType and AvailabilityMode there was one kind."""
    nat = parsed(SubnetId="subnet-1", State="available")
    assert (nat.connectivity, nat.mode) == ("public", "zonal")


def test_a_kind_that_does_not_exist_yet_is_kept() -> None:
    nat = parsed(AvailabilityMode="galactic", ConnectivityType="quantum", State="hovering")
    assert (nat.mode, nat.connectivity, nat.state, nat.is_billed) == ("galactic", "quantum", "hovering", False)
