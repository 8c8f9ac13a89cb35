"""One network of many accounts: each resource once, as its owner sees it."""

from __future__ import annotations

from auditor.model.network import Network
from auditor.model.resources import PrefixList, Route, RouteTable, Subnet, TransitGatewayAttachment, Vpc

OWNER, GUEST, REGION = "111111111111", "222222222222", "eu-west-1"
SEEN_BY_OWNER = Subnet("subnet-1", OWNER, REGION, "vpc-1", "eu-west-1a", name="private-a")
SEEN_BY_GUEST = Subnet("subnet-1", OWNER, REGION, "vpc-1", "eu-west-1a")


def attachment(state: str, **details: object) -> TransitGatewayAttachment:
    subnets, table = details.get("subnets", ()), details.get("table")
    assert isinstance(subnets, tuple)
    assert table is None or isinstance(table, str)
    return TransitGatewayAttachment(
        f"attach-{state}", "tgw-1", OWNER, REGION, "vpc", "vpc-1", OWNER, state, table, subnets
    )


def test_a_shared_subnet_stays_once_as_its_owner_sees_it_in_either_order() -> None:
    owners, guests = (OWNER, Network(subnets=(SEEN_BY_OWNER,))), (GUEST, Network(subnets=(SEEN_BY_GUEST,)))
    assert Network.merge([guests, owners]).subnets == (SEEN_BY_OWNER,)
    assert Network.merge([owners, guests]).subnets == (SEEN_BY_OWNER,)


def test_a_shared_subnet_whose_owner_was_not_read_stays_as_a_guest_sees_it() -> None:
    assert Network.merge([(GUEST, Network(subnets=(SEEN_BY_GUEST,)))]).subnets == (SEEN_BY_GUEST,)


def test_a_guests_part_of_a_route_table_does_not_hide_the_owners() -> None:
    whole = RouteTable("rtb-1", OWNER, REGION, "vpc-1", routes=(Route("0.0.0.0/0", "nat-1"),))
    part = RouteTable("rtb-1", OWNER, REGION, "vpc-1")
    merged = Network.merge([(OWNER, Network(route_tables=(whole,))), (GUEST, Network(route_tables=(part,)))])
    assert merged.route_tables == (whole,)


def test_resources_of_two_accounts_are_never_taken_for_one() -> None:
    parts = [(one, Network(vpcs=(Vpc("vpc-1", one, REGION),))) for one in (OWNER, GUEST)]
    assert len(Network.merge(parts).vpcs) == 2


def test_what_belongs_to_aws_is_kept_once_per_content() -> None:
    lists = (PrefixList("pl-1", REGION, "com.amazonaws.eu-west-1.s3"),)
    assert (
        Network.merge([(OWNER, Network(prefix_lists=lists)), (GUEST, Network(prefix_lists=lists))]).prefix_lists
        == lists
    )


def test_both_views_of_an_attachment_are_joined_and_dead_ones_left_out() -> None:
    dead = attachment("deleted", subnets=("subnet-gone",), table="tgw-rtb-gone")
    owners, guests = attachment("available", table="tgw-rtb-1"), attachment("available", subnets=("subnet-1",))
    (joined,) = Network(attachments=(dead, owners, guests)).attachment_of_vpc.values()
    assert (joined.route_table_id, joined.subnet_ids) == ("tgw-rtb-1", ("subnet-1",))
