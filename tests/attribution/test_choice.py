"""Each NAT gateway is read from the flow log that tells most of it; where none can be used, that says why."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from auditor.attribution.choice import Refusal, choose, days_of
from auditor.attribution.task import Task
from auditor.model.evidence import Window
from auditor.model.network import Network
from auditor.model.resources import FlowLog, NatAddress, NatGateway, TransitGatewayAttachment

END = datetime(2026, 11, 16, tzinfo=UTC)
WINDOW = Window(END - timedelta(days=30), END)
PACKETS = "${interface-id} ${srcaddr} ${dstaddr} ${pkt-srcaddr} ${pkt-dstaddr} ${bytes} ${start} ${log-status}"
REGIONAL = PACKETS.replace("interface-id", "resource-id")

ZONAL = NatGateway(
    "nat-1", "1", "eu-west-1", "vpc-1", subnet_id="subnet-1", addresses=(NatAddress(interface_id="eni-1"),)
)
OTHER = replace(ZONAL, id="nat-2", subnet_id="subnet-2", addresses=(NatAddress(interface_id="eni-2"),))
OF_ZONES = NatGateway("nat-r", "1", "eu-west-1", "vpc-1", mode="regional")


def log(name: str, resource: str = "vpc-1", **more: Any) -> FlowLog:
    plain = FlowLog(name, "1", "eu-west-1", resource, "s3", "arn:aws:s3:::logs", PACKETS, created=WINDOW.start)
    return replace(plain, **more)


def chosen(*logs: FlowLog, gateway: NatGateway = ZONAL) -> str | None:
    (one,) = choose([gateway], logs, WINDOW)
    return one.flow_log.id if isinstance(one, Task) else None


def refused(one: FlowLog, gateway: NatGateway = ZONAL) -> str:
    (found,) = choose([gateway], [one], WINDOW)
    assert isinstance(found, Refusal)
    return found.reason


@pytest.mark.parametrize("resource", ["vpc-1", "subnet-1", "eni-1"])
def test_vpc_subnet_and_interface_cover_a_zonal_nat_gateway(resource: str) -> None:
    assert chosen(log("fl", resource)) == "fl"


@pytest.mark.parametrize("resource", ["vpc-2", "subnet-2", "eni-2", "nat-2"])
def test_what_covers_another_does_not_cover_this_one(resource: str) -> None:
    assert choose([ZONAL], [log("fl", resource)], WINDOW) == []


def test_two_nat_gateways_of_one_flow_log_are_read_at_once() -> None:
    (task,) = choose([ZONAL, OTHER], [log("fl")], WINDOW)
    assert isinstance(task, Task)
    assert [gateway.id for gateway in task.gateways] == ["nat-1", "nat-2"]


def test_each_nat_gateway_is_read_from_one_flow_log_only() -> None:
    """Two flow logs hold the same bytes: read both, and they count twice."""
    tasks = choose([ZONAL, OTHER], [log("fl-vpc"), log("fl-eni", "eni-1")], WINDOW)
    pairs = [(t.flow_log.id, [g.id for g in t.gateways]) for t in tasks if isinstance(t, Task)]
    assert sorted(pairs) == [("fl-eni", ["nat-1"]), ("fl-vpc", ["nat-2"])]


def test_a_regional_nat_gateway_needs_its_own_id_in_the_records() -> None:
    assert "lacks resource-id" in refused(log("fl"), OF_ZONES)
    assert chosen(log("fl", log_format=REGIONAL), gateway=OF_ZONES) == "fl"
    assert chosen(log("fl", "nat-r", log_format=REGIONAL), gateway=OF_ZONES) == "fl"


DAYS_AGO = {days: END - timedelta(days=days) for days in (3, 8, 20)}


@pytest.mark.parametrize(
    ("better", "worse"),
    [
        (log("better"), log("worse", log_format="")),
        (log("better"), log("worse", created=DAYS_AGO[20])),
        (log("better", created=DAYS_AGO[8]), log("worse", log_format="")),
        (log("better", log_format=""), log("worse", created=DAYS_AGO[3])),
        (log("better"), log("worse", destination_type="cloud-watch-logs")),
        (log("better", "eni-1"), log("worse", "subnet-1")),
        (log("better", "subnet-1"), log("worse")),
    ],
    ids=["clients", "days", "clients from a week on", "a week before clients", "S3", "interface", "subnet"],
)
def test_the_flow_log_that_tells_more_for_less_is_read(better: FlowLog, worse: FlowLog) -> None:
    assert chosen(better, worse) == chosen(worse, better) == "better"


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"traffic_type": "REJECT"}, "it logs rejected traffic only"),
        ({"destination_type": "kinesis-data-firehose"}, "its destination, kinesis-data-firehose, cannot be read back"),
        ({"deliver_error": "Access error"}, "its delivery fails (Access error)"),
        ({"log_format": "${srcaddr} ${dstaddr} ${bytes}"}, "its format lacks interface-id"),
        ({"log_format": "what is this"}, "its format lacks bytes, interface-id, srcaddr and dstaddr"),
        ({"created": END - timedelta(hours=5)}, "it holds no whole day of the window yet"),
    ],
)
def test_what_cannot_be_used_says_why(change: dict[str, Any], why: str) -> None:
    mended = "mend that, or make the flow log that finding unmeasured-nat proposes"
    assert refused(log("fl-1", **change)) == f"nat-1: fl-1: {why}: {mended}"


@pytest.mark.parametrize(
    ("created", "days"),
    [
        (WINDOW.start - timedelta(days=400), 30),
        (WINDOW.start, 30),
        (WINDOW.start + timedelta(seconds=1), 29),
        (END - timedelta(days=12), 12),
        (END - timedelta(days=12) + timedelta(hours=23), 11),
        (END - timedelta(hours=1), 0),
        (END + timedelta(hours=1), 0),
        (None, 30),
    ],
)
def test_only_whole_days_count(created: datetime | None, days: int) -> None:
    """The day on which a flow log was made it saw in part only."""
    one = log("fl", created=created)
    assert days_of(one, WINDOW) == days
    if days:
        (task,) = choose([ZONAL], [one], WINDOW)
        assert isinstance(task, Task)
        assert (task.window.start, task.window.end) == (END - timedelta(days=days), END)


def test_two_flow_logs_in_one_log_group_are_not_told_apart() -> None:
    """Each byte would count twice; one in S3, where names tell them apart, is used."""
    in_group = {"destination_type": "cloud-watch-logs", "destination": "/vpc/flow-logs"}
    first, second = log("fl-a", **in_group), log("fl-b", "eni-1", **in_group)
    (refusal,) = choose([ZONAL], [first, second], WINDOW)
    assert isinstance(refusal, Refusal)
    assert "fl-a: fl-b writes the same records into the same log group: delete one" in refusal.reason
    assert chosen(first, second, log("fl-c")) == "fl-c"
    arn = f"arn:aws:logs:eu-west-1:1:log-group:{first.destination}"
    for spelled in (arn, f"{arn}:*"):
        assert isinstance(choose([ZONAL], [first, replace(second, destination=spelled)], WINDOW)[0], Refusal)
    elsewhere = replace(second, destination=arn.replace(":1:", ":2:"))
    assert chosen(first, elsewhere) in {"fl-a", "fl-b"}
    assert chosen(first, replace(second, destination="/other")) == "fl-b"


TRANSIT = "${tgw-attachment-id} ${srcaddr} ${dstaddr} ${bytes} ${start} ${end} ${log-status}"
HUB = Network(
    nat_gateways=(ZONAL,),
    attachments=(TransitGatewayAttachment("tgw-attach-1", "tgw-1", "1", "eu-west-1", "vpc", "vpc-1", "1"),),
)


@pytest.mark.parametrize("resource", ["tgw-1", "tgw-attach-1"])
def test_a_transit_gateways_flow_log_tells_of_the_only_nat_gateway_behind_it(resource: str) -> None:
    of_hub = log("fl-tgw", resource, log_format=TRANSIT)
    (task,) = choose([ZONAL], [of_hub], WINDOW, HUB)
    assert isinstance(task, Task)
    assert task.flow_log.id == "fl-tgw"
    assert [(one.id, one.mode, one.addresses[0].interface_id) for one in task.gateways] == [
        ("nat-1", "regional", "tgw-attach-1")
    ]


def test_any_other_flow_log_tells_more_than_a_transit_gateways() -> None:
    (task,) = choose([ZONAL], [log("fl-tgw", "tgw-1", log_format=TRANSIT), log("fl-vpc")], WINDOW, HUB)
    assert isinstance(task, Task)
    assert (task.flow_log.id, task.gateways) == ("fl-vpc", (ZONAL,))


@pytest.mark.parametrize(
    ("network", "change"),
    [
        (replace(HUB, nat_gateways=(ZONAL, OTHER)), {}),
        (replace(HUB, attachments=()), {}),
        (HUB, {"destination_type": "cloud-watch-logs"}),
        (HUB, {"resource_id": "tgw-2"}),
    ],
    ids=["two NAT gateways", "not attached", "CloudWatch Logs", "another transit gateway"],
)
def test_what_a_transit_gateways_flow_log_does_not_tell(network: Network, change: dict[str, Any]) -> None:
    of_hub = log("fl-tgw", resource="tgw-1", log_format=TRANSIT)
    assert choose([ZONAL], [replace(of_hub, **change)], WINDOW, network) == []


def test_without_the_attachment_in_its_records_it_cannot_be_used() -> None:
    (refusal,) = choose([ZONAL], [log("fl-tgw", "tgw-1", log_format=PACKETS)], WINDOW, HUB)
    assert isinstance(refusal, Refusal)
    assert "its format lacks resource-id" in refusal.reason
