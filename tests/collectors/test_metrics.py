"""What CloudWatch is asked, to the letter, and how its answers become days."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime
from typing import Any, TypeVar

import pytest

from auditor.aws.accounts import own_account
from auditor.aws.calls import ScopeCalls
from auditor.aws.failures import AwsFailureError
from auditor.aws.session import AuditSession
from auditor.collectors.metrics import (
    endpoint_queries,
    fetch_endpoint_metrics,
    fetch_nat_metrics,
    nat_queries,
    request_of,
)
from auditor.model.evidence import Series, Window
from auditor.model.resources import Endpoint, NatGateway
from tests.embedded import MEMBER, OWN, Served, read
from tests.fault_proxy import FaultProxy
from tests.fault_proxy_answers import Call

T = TypeVar("T")

WINDOW = Window(datetime(2026, 10, 17, tzinfo=UTC), datetime(2026, 11, 16, tzinfo=UTC))
# The window above in seconds since 1970, worked out with `date -u +%s`.
START, END = 1792195200, 1794787200
NAT_METRICS = {
    "BytesInFromSource": "Sum",
    "BytesInFromDestination": "Sum",
    "BytesOutToSource": "Sum",
    "BytesOutToDestination": "Sum",
    "ErrorPortAllocation": "Sum",
    "PacketsDropCount": "Sum",
    "ActiveConnectionCount": "Maximum",
    "ConnectionEstablishedCount": "Sum",
}


def ask(region: str, fetch: Callable[[ScopeCalls], Awaitable[T]]) -> T:
    """What `fetch` answers in the caller's account and a region."""

    async def asked() -> T:
        async with AuditSession() as session:
            return await fetch((await own_account(session)).at(region))

    return asyncio.run(asked())


def zonal(number: int) -> NatGateway:
    return NatGateway(f"nat-{number:017x}", OWN, "eu-central-1", "vpc-1")


def metric_calls(proxy: FaultProxy) -> list[Call]:
    return [call for call in proxy.calls if call.operation == "GetMetricData"]


def queries(call: Call) -> list[dict[str, Any]]:
    return [query["MetricStat"] for query in call.params["MetricDataQueries"]]


def dimensions(stat: dict[str, Any]) -> dict[str, str]:
    return {dimension["Name"]: dimension["Value"] for dimension in stat["Metric"]["Dimensions"]}


def test_nat_gateways_are_asked_in_their_namespace_by_day_over_whole_days(aws: Served, proxy: FaultProxy) -> None:
    """One call holds all eight metrics of all the region's NAT gateways."""
    read(aws.company, accounts=(OWN,), regions=("eu-central-1",))
    (nat_call,) = [call for call in metric_calls(proxy) if "AWS/NATGateway" in str(call.params)]
    assert (nat_call.params["StartTime"], nat_call.params["EndTime"]) == (START, END)
    assert START % 86400 == END % 86400 == 0
    asked = queries(nat_call)
    assert {stat["Metric"]["Namespace"] for stat in asked} == {"AWS/NATGateway"}
    assert {stat["Period"] for stat in asked} == {86400}
    here = ("shop", "egress", "fulfilment", "archive", "depots")
    nats = {nat for name, nat in aws.company.nat_gateways.items() if name.startswith(here)}
    assert {dimensions(stat)["NatGatewayId"] for stat in asked} == nats
    assert all(set(dimensions(stat)) == {"NatGatewayId"} for stat in asked)
    assert {stat["Metric"]["MetricName"]: stat["Stat"] for stat in asked} == NAT_METRICS
    assert len(asked) == len(NAT_METRICS) * len(nats)


def test_a_regional_nat_gateway_is_asked_by_zone_too(aws: Served, proxy: FaultProxy) -> None:
    """Its metrics stand under both dimensions together, and under neither alone."""
    evidence = read(aws.company, accounts=(MEMBER,), regions=("ap-southeast-2",))
    (call,) = metric_calls(proxy)
    nat = aws.company.nat_gateways["mobile-api-regional"]
    assert [dimensions(stat) for stat in queries(call)][:3] == [
        {"NatGatewayId": nat, "AvailabilityZone": f"ap-southeast-2{zone}"} for zone in "abc"
    ]
    assert len(queries(call)) == 3 * len(NAT_METRICS)
    # auditor/demo/mobile.py seeds 210 + 190 + 120 GB up and 9800 connections at the most.
    assert evidence.series[nat, "BytesInFromSource"].sum == 520 * 2**30
    assert max(evidence.series[nat, "ActiveConnectionCount"].values) == 9800


def test_interface_endpoints_are_asked_with_their_four_dimensions(aws: Served, proxy: FaultProxy) -> None:
    read(aws.company, accounts=(MEMBER,), regions=("us-east-1",))
    asked = next(queries(c) for c in metric_calls(proxy) if "PrivateLink" in str(c.params))
    vpc = aws.company.vpcs["analytics"]
    assert sorted((dimensions(stat) for stat in asked), key=str) == sorted(
        (
            {
                "Endpoint Type": "Interface",
                "Service Name": f"com.amazonaws.us-east-1.{service}",
                "VPC Endpoint Id": aws.company.endpoints[f"analytics-{service}"],
                "VPC Id": vpc,
            }
            for service in ("s3", "sqs", "ecr.api", "logs")
        ),
        key=str,
    )
    assert {stat["Metric"]["Namespace"] for stat in asked} == {"AWS/PrivateLinkEndpoints"}
    assert {(stat["Metric"]["MetricName"], stat["Stat"], stat["Period"]) for stat in asked} == {
        ("BytesProcessed", "Sum", 86400)
    }


def test_endpoints_that_publish_nothing_are_not_asked_for() -> None:
    """Silence of a gateway endpoint, or of one to another region, says nothing: so nobody must read it as idle."""
    kinds = ("Gateway", "GatewayLoadBalancer", "Resource", "ServiceNetwork", "Tunnel", "Quantum")
    endpoints = [Endpoint(f"vpce-{kind}", OWN, "eu-west-1", "vpc-1", kind, "s3") for kind in kinds]
    abroad = Endpoint("vpce-1", OWN, "eu-west-1", "vpc-1", "Interface", "sqs", service_region="us-east-1")
    here = Endpoint("vpce-2", OWN, "eu-west-1", "vpc-1", "Interface", "sqs", service_region="eu-west-1")
    assert [query.resource_id for query in endpoint_queries([*endpoints, abroad, here])] == ["vpce-2"]


@pytest.mark.usefixtures("aws")
def test_1264_queries_take_three_calls_of_at_most_500(proxy: FaultProxy) -> None:
    nats = [zonal(number) for number in range(158)]
    series = ask("eu-central-1", lambda calls: fetch_nat_metrics(calls, nats, WINDOW))
    assert sorted(len(queries(call)) for call in metric_calls(proxy)) == [264, 500, 500]
    asked = [
        (dimensions(stat)["NatGatewayId"], stat["Metric"]["MetricName"])
        for c in metric_calls(proxy)
        for stat in queries(c)
    ]
    assert len(asked) == len(set(asked)) == len(series) == 1264


@pytest.mark.usefixtures("aws")
def test_nothing_to_measure_takes_no_call(proxy: FaultProxy) -> None:
    assert ask("eu-central-1", lambda calls: fetch_endpoint_metrics(calls, [], WINDOW)) == ()
    assert metric_calls(proxy) == []


def test_ids_of_queries_are_unique_and_begin_with_a_small_letter() -> None:
    """GetMetricData refuses anything else."""
    ids = [query["Id"] for query in request_of(nat_queries(map(zonal, range(20))), WINDOW)["MetricDataQueries"]]
    assert len(set(ids)) == len(ids) == 160
    assert all(one[0].islower() for one in ids)


class Answers:
    """A scope whose GetMetricData gives these results; stands in where moto cannot answer so."""

    account_id, region = OWN, "eu-central-1"

    def __init__(self, *results: dict[str, Any]) -> None:
        self.results = results

    async def items(self, *_: object, **__: object) -> list[dict[str, Any]]:
        return list(self.results)


def result(number: int, *values: float, day: int = 17, **more: object) -> dict[str, Any]:
    times = [datetime(2026, 10, day + offset, tzinfo=UTC) for offset in range(len(values))]
    return {"Id": f"q{number}", "Timestamps": times, "Values": list(values), "StatusCode": "Complete", **more}


def fetched(*results: dict[str, Any]) -> dict[str, Series]:
    fetch = fetch_nat_metrics(Answers(*results), [zonal(1)], WINDOW)  # type: ignore[arg-type]
    return {series.metric: series for series in asyncio.run(fetch)}


def test_pages_of_one_metric_are_put_together_in_the_order_of_days() -> None:
    later = result(0, 5.0, day=18, StatusCode="PartialData")
    rest = [result(number) for number in range(1, 8)]
    series = fetched(later, *rest, result(0, 7.0, day=17))["BytesInFromSource"]
    assert (series.days, series.values) == ((date(2026, 10, 17), date(2026, 10, 18)), (7, 5))


def test_a_metric_without_datapoints_is_an_empty_series() -> None:
    assert fetched(*(result(number) for number in range(8)))["BytesInFromSource"].days == ()


@pytest.mark.parametrize("status", ["InternalError", "Forbidden"])
def test_a_metric_that_failed_is_a_failure_not_a_zero(status: str) -> None:
    results = [result(0, StatusCode=status), *(result(number) for number in range(1, 8))]
    with pytest.raises(AwsFailureError, match=rf"cloudwatch:GetMetricData: {status}"):
        fetched(*results)


def test_a_metric_that_is_left_out_is_a_failure_not_a_zero() -> None:
    with pytest.raises(AwsFailureError, match=r"without some of the metrics"):
        fetched(*(result(number) for number in range(7)))
