"""Addresses find their service and region, in the order that tells S3 from everyone's servers."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from auditor.attribution.ranges import Ranges, load_ranges
from auditor.errors import UsageError

# prefix, service, region: what AWS publishes looks like this, overlaps included.
ROWS = [
    ("52.216.0.0/15", "AMAZON", "us-east-1"),
    ("52.216.0.0/15", "EC2", "us-east-1"),
    ("52.216.0.0/16", "S3", "us-east-1"),
    ("52.94.0.0/22", "AMAZON", "eu-west-1"),
    ("52.94.0.0/24", "DYNAMODB", "eu-west-1"),
    ("52.94.0.128/25", "EC2", "eu-west-1"),
    ("13.32.0.0/15", "AMAZON", "GLOBAL"),
    ("13.32.0.0/15", "CLOUDFRONT", "GLOBAL"),
    ("15.0.0.0/8", "API_GATEWAY", "eu-west-1"),
    ("15.1.0.0/16", "ROUTE53_RESOLVER", "eu-west-2"),
    ("255.255.255.0/24", "S3", "us-west-2"),
    ("0.0.0.0/24", "S3", "us-west-1"),
]
IPV6 = [("2600:1f00::/24", "AMAZON", "us-east-1"), ("2600:1fa0:4000::/40", "S3", "us-east-1")]

EXPECTED = {
    "52.216.0.0": ("s3", "us-east-1"),
    "52.216.255.255": ("s3", "us-east-1"),
    "52.217.0.0": ("ec2-hosted", "us-east-1"),
    "52.217.255.255": ("ec2-hosted", "us-east-1"),
    "52.218.0.0": ("internet", None),
    "52.215.255.255": ("internet", None),
    "52.94.0.200": ("dynamodb", "eu-west-1"),
    "52.94.1.0": ("aws", "eu-west-1"),
    "13.32.0.1": ("cloudfront", "global"),
    "15.0.0.1": ("api-gateway", "eu-west-1"),
    "15.1.0.1": ("route53-resolver", "eu-west-2"),
    "255.255.255.255": ("s3", "us-west-2"),
    "0.0.0.0": ("s3", "us-west-1"),  # noqa: S104
    "203.0.113.5": ("internet", None),
    "10.255.0.1": ("private", None),
    "172.31.255.255": ("private", None),
    "172.32.0.0": ("internet", None),
    "192.168.1.1": ("private", None),
    "100.127.255.255": ("private", None),
    "100.128.0.0": ("internet", None),
    "169.254.169.254": ("private", None),
    "198.19.0.7": ("private", None),
    "198.20.0.1": ("internet", None),
    "2600:1fa0:4000::1": ("s3", "us-east-1"),
    "2600:1f00::1": ("aws", "us-east-1"),
    "2001:db8::1": ("internet", None),
    "fd00:ec2::254": ("private", None),
    "fe80::1": ("private", None),
    "64:ff9b::34d8:1": ("s3", "us-east-1"),
    "64:ff9b::52.217.0.9": ("ec2-hosted", "us-east-1"),
    "64:ff9b::10.0.0.1": ("private", None),
}


@pytest.fixture(scope="module")
def ranges(tmp_path_factory: pytest.TempPathFactory) -> Ranges:
    path = tmp_path_factory.mktemp("ranges") / "ip-ranges.json"
    path.write_text(json.dumps(document(ROWS, IPV6)))
    return load_ranges(path)


def document(rows: list[tuple[str, str, str]], ipv6: list[tuple[str, str, str]]) -> dict[str, object]:
    return {
        "syncToken": "1",
        "createDate": "2026-08-22-21-17-05",
        "prefixes": [{"ip_prefix": p, "service": s, "region": r} for p, s, r in rows],
        "ipv6_prefixes": [{"ipv6_prefix": p, "service": s, "region": r} for p, s, r in ipv6],
    }


@pytest.mark.parametrize("address", EXPECTED)
def test_an_address_finds_its_destination(address: str, ranges: Ranges) -> None:
    place = ranges.place(address)
    assert place is not None
    assert (place.destination.service, place.destination.region) == EXPECTED[address]


@pytest.mark.parametrize(
    "text", ["", "-", "10.0.0", "10.0.0.256", "s3.amazonaws.com", "10.0.0.1/32", "1:2", "\u0661.1.1.1"]
)
def test_what_is_no_address_has_no_place(text: str, ranges: Ranges) -> None:
    assert ranges.place(text) is None


@pytest.mark.parametrize(
    ("address", "is_near"),
    [("10.0.0.1", True), ("2001:db8::1", True), ("64:ff9b::1.1.1.1", False), ("8.8.8.8", False)],
)
def test_the_far_side_of_a_nat_gateway_is_public_ipv4_and_nat64(address: str, ranges: Ranges, *, is_near: bool) -> None:
    place = ranges.place(address)
    assert place is not None
    assert place.is_near == is_near


def test_the_bundled_copy_says_when_it_was_made_and_knows_s3() -> None:
    bundled = load_ranges()
    assert bundled.created == "2026-08-22-21-17-05"
    place = bundled.place("52.218.0.1")
    assert place is not None
    assert (place.destination.service, place.destination.region) == ("s3", "eu-west-1")


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"prefixes": [1], "ipv6_prefixes": [], "createDate": ""}'])
def test_a_file_of_another_shape_is_refused(content: str, tmp_path: Path) -> None:
    (tmp_path / "bad.json").write_text(content)
    with pytest.raises(UsageError, match=r"not AWS's ip-ranges\.json"):
        load_ranges(tmp_path / "bad.json")


def test_public_blocks_that_a_vpc_uses_are_the_clients_side(ranges: Ranges) -> None:
    """Some companies number their VPCs with addresses that are S3's or somebody's on the internet."""
    own = ranges.with_private(["52.216.16.0/20", "203.0.113.0/24"])
    for address, service in (("52.216.16.9", "private"), ("203.0.113.5", "private"), ("52.216.32.0", "s3")):
        place = own.place(address)
        assert place is not None
        assert (place.destination.service, place.is_near) == (service, service == "private")
