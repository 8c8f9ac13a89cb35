"""Where flow logs lie in S3, and what reading them costs."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from auditor.attribution.s3.cost import Place, StoredObject, cost, pages
from auditor.attribution.s3.keys import (
    is_delivered,
    is_flow_log,
    local_names,
    location,
    location_of_url,
    prefixes,
)
from auditor.aws.failures import AwsFailureError
from auditor.errors import UsageError
from auditor.model.evidence import Window
from auditor.model.resources import FlowLog

WINDOW = Window(datetime(2026, 11, 30, tzinfo=UTC), datetime(2026, 12, 2, tzinfo=UTC))
GIB = 2**30
IRELAND = "eu-west-1"


def flow_log(destination: str = "arn:aws:s3:::logs/net/", *, hive: bool = False, hourly: bool = False) -> FlowLog:
    return FlowLog(
        id="fl-0a",
        account_id="123456789012",
        region=IRELAND,
        resource_id="vpc-1",
        destination_type="s3",
        destination=destination,
        hive_compatible=hive,
        per_hour=hourly,
    )


@pytest.mark.parametrize(
    ("arn", "bucket", "prefix", "partition"),
    [
        ("arn:aws:s3:::logs", "logs", "", "aws"),
        ("arn:aws:s3:::logs/", "logs", "", "aws"),
        ("arn:aws:s3:::logs/net", "logs", "net/", "aws"),
        ("arn:aws:s3:::logs/net/all/", "logs", "net/all/", "aws"),
        ("arn:aws-us-gov:s3:::a.b-c/x", "a.b-c", "x/", "aws-us-gov"),
    ],
)
def test_a_destination_names_a_bucket_and_a_folder(arn: str, bucket: str, prefix: str, partition: str) -> None:
    found = location(flow_log(arn))
    assert (found.bucket, found.prefix, found.partition) == (bucket, prefix, partition)


@pytest.mark.parametrize(
    "arn", ["", "logs", "arn:aws:logs:eu-west-1:1:log-group:x", "arn:aws:s3:::x--use1-az4--x-s3/", "arn:aws:s3:::../x"]
)
def test_another_destination_is_a_failure_that_names_the_flow_log(arn: str) -> None:
    """A directory bucket would have the SDK open a session, which is no read."""
    with pytest.raises(AwsFailureError, match=r"fl-0a: its destination .* is no S3 bucket"):
        location(flow_log(arn))


def test_daily_prefixes_are_the_days_and_two_hours_of_the_next() -> None:
    root, name = "net/AWSLogs/123456789012/vpcflowlogs/eu-west-1", "123456789012_vpcflowlogs_eu-west-1_fl-0a_"
    assert prefixes(flow_log(), WINDOW) == [
        f"{root}/2026/11/30/{name}",
        f"{root}/2026/12/01/{name}",
        f"{root}/2026/12/02/{name}20261202T00",
        f"{root}/2026/12/02/{name}20261202T01",
    ]


def test_hourly_hive_prefixes_are_the_hours_of_the_days_and_two_more() -> None:
    found = prefixes(flow_log("arn:aws:s3:::logs", hive=True, hourly=True), WINDOW)
    root = "AWSLogs/aws-account-id=123456789012/aws-service=vpcflowlogs/aws-region=eu-west-1"
    name = "123456789012_vpcflowlogs_eu-west-1_fl-0a_"
    assert len(set(found)) == len(found) == 50
    assert found[0] == f"{root}/year=2026/month=11/day=30/hour=00/{name}"
    assert found[23] == f"{root}/year=2026/month=11/day=30/hour=23/{name}"
    assert found[-1] == f"{root}/year=2026/month=12/day=02/hour=01/{name}"


def test_daily_hive_and_hourly_plain_prefixes() -> None:
    hive, hourly = prefixes(flow_log(hive=True), WINDOW), prefixes(flow_log(hourly=True), WINDOW)
    assert "/year=2026/month=11/day=30/1234" in hive[0]
    assert "/eu-west-1/2026/11/30/05/1234" in hourly[5]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("123456789012_vpcflowlogs_eu-west-1_fl-0a_20261130T0005Z_1f2e.log.gz", True),
        ("123456789012_vpcflowlogs_eu-west-1_fl-0a_20261130T0005Z_1f2e.log.parquet", True),
        ("123456789012_vpcflowlogs_eu-west-1_fl-0ab_20261130T0005Z_1f2e.log.gz", False),
        ("123456789012_vpcflowlogs_eu-west-1_fl-0a_20261130T0005Z_1f2e.log.gz.bak", False),
        ("123456789012_vpcflowlogs_eu-west-1_fl-0a_notes.txt", False),
        ("123456789012_vpcflowlogs_eu-west-1_fl-0a_/20261130T0005Z_1f2e.log.gz", False),
        ("fl-0a", False),
    ],
)
def test_only_what_the_flow_log_delivered_itself_is_its_own(name: str, *, expected: bool) -> None:
    assert is_delivered(f"AWSLogs/123456789012/vpcflowlogs/eu-west-1/2026/11/30/{name}", flow_log()) is expected


def test_a_url_names_a_bucket_and_a_prefix() -> None:
    found = location_of_url("s3://logs/AWSLogs/1/")
    assert (found.bucket, found.prefix, str(found)) == ("logs", "AWSLogs/1/", "s3://logs/AWSLogs/1/")
    assert location_of_url("s3://logs").prefix == ""


@pytest.mark.parametrize("url", ["s3://", "s3:///x", "s3://a/x", "https://logs/x", "s3://x--use1-az4--x-s3/y"])
def test_another_url_is_refused(url: str) -> None:
    with pytest.raises(UsageError, match="not like s3://bucket/prefix"):
        location_of_url(url)


def test_files_of_flow_records_are_told_by_their_names() -> None:
    keys = ["a/x.log.gz", "a/x.parquet", "a/x.txt", "a/x", "a/x.json", "a/_SUCCESS", "a/.x.gz", "a/"]
    assert [is_flow_log(key) for key in keys] == [True, True, True, True, False, False, False, False]


HOSTILE = ("../../etc/passwd", "a/..", "/etc/passwd", "a\0b\n\x1b[31m.log.gz", "x" * 1000 + ".log.gz", "", "ä/ü.gz")


@pytest.mark.parametrize("key", HOSTILE)
def test_a_local_name_is_safe_whatever_the_key(key: str) -> None:
    one, two = local_names([key, key])
    assert one != two
    for name in (one, two):
        assert not set(name) - set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-")
        assert name[0].isdigit()
        assert len(name) < 200


def test_a_local_name_still_tells_the_file() -> None:
    assert list(local_names(["p/1_vpcflowlogs_r_fl-0a_20261130T0005Z_1f.log.gz"])) == [
        "0000000-1_vpcflowlogs_r_fl-0a_20261130T0005Z_1f.log.gz"
    ]


def test_requests_alone_cost_in_the_same_region() -> None:
    """$0.005 a thousand LISTs and $0.0004 a thousand GETs: 2,000 and 3,000 of them."""
    objects = [StoredObject(str(number), GIB) for number in range(3000)]
    assert cost(Place("aws", IRELAND, IRELAND), 2000, objects) == Decimal("0.0112")


@pytest.mark.parametrize(("here", "usd"), [("us-east-1", "0.0500004"), (None, "0.2250004")])
def test_bytes_cost_from_another_region_and_more_from_outside(here: str | None, usd: str) -> None:
    """2.5 GiB at $0.02 and at $0.09 a GB; one GET; no LIST."""
    assert cost(Place("aws", IRELAND, here), 0, [StoredObject("k", 5 * GIB // 2)]) == Decimal(usd)


@pytest.mark.parametrize(
    ("region", "here", "usd"),
    [
        ("ap-southeast-2", None, "0.114"),
        ("ap-southeast-2", "eu-west-1", "0.114"),
        ("ap-southeast-2", "ap-southeast-2", "0"),
        ("us-gov-west-1", None, "0.155"),
        ("us-gov-west-1", "us-gov-east-1", "0.02"),
        ("ap-somewhere-9", None, "0.155"),
        ("ca-west-1", None, "0.09"),
    ],
)
def test_transfer_is_priced_by_the_buckets_region_and_never_too_low(region: str, here: str | None, usd: str) -> None:
    """One GiB; where the rate to another region is not known, that to the internet bounds it."""
    assert cost(Place("aws", region, here), 0, [StoredObject("k", GIB)]) == Decimal(usd) + Decimal("0.0000004")


def test_a_single_byte_is_priced_exactly() -> None:
    found = cost(Place("aws", IRELAND, None), 0, [StoredObject("k", 1)])
    assert found == Decimal("0.0000004") + Decimal("0.09") * Decimal("0.000000000931322574615478515625")


def test_colder_storage_costs_to_read() -> None:
    """Infrequent access: $0.001 a thousand GETs, $0.01 a GB; Glacier Instant Retrieval: $0.01 and $0.03."""
    objects = [StoredObject("a", GIB, "", "STANDARD_IA"), StoredObject("b", 2 * GIB, "", "GLACIER_IR")]
    assert cost(Place("aws", IRELAND, IRELAND), 0, objects) == Decimal("0.070011")


def test_prices_in_another_currency_are_unknown() -> None:
    assert cost(Place("aws-cn", "cn-north-1", None), 1, []) is None


def test_a_page_lists_a_thousand_keys_and_an_empty_answer_is_one() -> None:
    assert [pages(keys) for keys in (0, 1, 1000, 1001)] == [1, 1, 1, 2]
