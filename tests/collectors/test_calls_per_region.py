"""How many calls a region takes, on the fake AWS of the benchmarks, which counts them; and that none waits its turn."""

from __future__ import annotations

import asyncio
import json
import urllib.request
from argparse import Namespace
from collections import Counter

import pytest

from auditor.aws.pacing import Bucket
from auditor.collectors.run import Selection, collect, window_of
from auditor.demo.company import DEMO_NOW
from bench.collect import fake_aws

REGIONS = 2
ONCE = {
    *("DescribeNatGateways", "DescribeVpcEndpoints", "DescribeRouteTables", "DescribeAvailabilityZones"),
    *("DescribeVpcs", "DescribeSubnets", "DescribePrefixLists", "DescribeSecurityGroups", "DescribeNetworkAcls"),
    *("DescribeNetworkInterfaces", "DescribeFlowLogs"),
    *("DescribeTransitGatewayAttachments", "DescribeTransitGatewayVpcAttachments"),
}
EXPECTED = {**dict.fromkeys(ONCE, 1), "SearchTransitGatewayRoutes": 2, "GetMetricData": 2}
"""GetMetricData once for NAT gateways and once for endpoints; a route table is searched for two kinds of routes."""

PRICES = 3
"""Calls of GetProducts for one region."""


def calls_of(vpcs: int, nats: int, monkeypatch: pytest.MonkeyPatch) -> tuple[list[Counter[str]], int]:
    """The calls of each region but those for prices, and those."""
    with fake_aws(Namespace(regions=REGIONS, vpcs=vpcs, nats=nats, latency=0)) as url:
        for name, value in {"ENDPOINT_URL": url, "ACCESS_KEY_ID": "x", "SECRET_ACCESS_KEY": "y"}.items():
            monkeypatch.setenv(f"AWS_{name}", value)
        evidence = asyncio.run(collect(Selection(window_of(30, DEMO_NOW), DEMO_NOW)))
        with urllib.request.urlopen(f"{url}/_stats") as answer:  # noqa: S310 -- on 127.0.0.1
            counted = json.load(answer)["regions"]
    assert not evidence.all_gaps
    assert len(evidence.network.vpcs) == REGIONS * vpcs
    seen = [Counter({name: one["calls"] for name, one in calls.items()}) for calls in counted.values()]
    prices = sum(calls.pop("GetProducts", 0) for calls in seen)
    for once_a_run in ("GetCallerIdentity", "DescribeRegions"):
        assert sum(calls.pop(once_a_run, 0) for calls in seen) == 1
    return seen, prices


@pytest.mark.parametrize(("vpcs", "nats"), [(2, 2), (30, 20)])
def test_a_region_takes_the_same_calls_however_many_vpcs_it_has(
    vpcs: int, nats: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert calls_of(vpcs, nats, monkeypatch) == ([Counter(EXPECTED)] * REGIONS, PRICES * REGIONS)


def test_only_what_a_call_cannot_name_at_once_takes_one_more(monkeypatch: pytest.MonkeyPatch) -> None:
    """50 VPCs and 60 NAT gateways have 360 network interfaces, and a filter takes 200 of their ids."""
    seen, _ = calls_of(50, 60, monkeypatch)
    assert seen == [Counter(EXPECTED | {"DescribeNetworkInterfaces": 2})] * REGIONS


def test_no_call_of_an_account_of_50_vpcs_a_region_waits_for_its_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    """A quarter of AWS's smallest bucket is 12 calls at once, and no action takes more."""
    waits: list[float] = []
    take = Bucket.take

    def noted(bucket: Bucket, now: float) -> float:
        waits.append(take(bucket, now))
        return waits[-1]

    monkeypatch.setattr(Bucket, "take", noted)
    calls_of(50, 60, monkeypatch)
    assert set(waits) == {0.0}
