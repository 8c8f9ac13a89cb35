"""Lists in pages: all of it, each thing once, or a gap; and no page token leads round in circles."""

from __future__ import annotations

import json
from itertools import count
from typing import TYPE_CHECKING

from auditor.aws import calls
from auditor.model.evidence import Evidence, Source
from tests.embedded import OWN, Served, read
from tests.fault_proxy import FaultProxy
from tests.fault_proxy_answers import Call
from tests.faults.paging import ITEMS, with_page_token

if TYPE_CHECKING:
    import pytest

FRANKFURT = "eu-central-1"
SUBNETS, NATS, METRICS = "DescribeSubnets", "DescribeNatGateways", "GetMetricData"


def frankfurt(aws: Served) -> Evidence:
    return read(aws.company, accounts=(OWN,), regions=(FRANKFURT,))


def asked(proxy: FaultProxy, operation: str) -> int:
    return sum(call.operation == operation and call.region == FRANKFURT for call in proxy.calls)


def is_first(call: Call) -> bool:
    return "NextToken" not in call.params


def test_a_page_token_that_comes_again_ends_in_a_gap(aws: Served, proxy: FaultProxy) -> None:
    proxy.replace(SUBNETS, lambda _, body: with_page_token("ec2", body, "again"))
    (gap,) = frankfurt(aws).all_gaps
    assert (gap.region, gap.source) == (FRANKFURT, Source.SUBNETS)
    assert gap.reason.startswith("ec2:DescribeSubnets: the same page token came twice")
    assert asked(proxy, SUBNETS) == 2


def test_ever_new_tokens_to_the_same_page_end_in_a_gap(aws: Served, proxy: FaultProxy) -> None:
    tokens = count()
    proxy.replace(SUBNETS, lambda _, body: with_page_token("ec2", body, f"token-{next(tokens)}"))
    (gap,) = frankfurt(aws).all_gaps
    assert gap.reason.startswith("ec2:DescribeSubnets: the same page came twice")
    assert asked(proxy, SUBNETS) == 2


def test_ever_new_tokens_to_empty_pages_end_in_a_gap(
    aws: Served, proxy: FaultProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calls, "_EMPTY_PAGES", 7)
    tokens = count()

    def page(call: Call, body: bytes) -> bytes:
        return with_page_token("ec2", body if is_first(call) else ITEMS.sub(b"", body), f"token-{next(tokens)}")

    proxy.replace(SUBNETS, page)
    evidence = frankfurt(aws)
    (gap,) = evidence.all_gaps
    assert gap.reason == "ec2:DescribeSubnets: 7 empty pages in a row: run again"
    assert asked(proxy, SUBNETS) == 8
    assert evidence.network.subnets == ()


def test_ever_new_tokens_to_ever_new_pages_end_in_a_gap(
    aws: Served, proxy: FaultProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calls, "_MOST_PAGES", 5)
    tokens = count()

    def page(_: Call, body: bytes) -> bytes:
        number = next(tokens)
        return with_page_token("ec2", body.replace(b"subnet-", f"subnet-{number}".encode()), f"token-{number}")

    proxy.replace(SUBNETS, page)
    (gap,) = frankfurt(aws).all_gaps
    assert gap.reason == "ec2:DescribeSubnets: more than 5 pages: run again"


def test_a_page_may_be_empty_before_the_last(aws: Served, proxy: FaultProxy) -> None:
    whole = frankfurt(aws)
    proxy.replace(
        SUBNETS,
        lambda call, body: with_page_token("ec2", ITEMS.sub(b"", body), "more") if is_first(call) else body,
    )
    assert frankfurt(aws).network == whole.network


def test_what_stands_on_two_pages_is_counted_once(aws: Served, proxy: FaultProxy) -> None:
    """Half of the metrics come again: bytes that were added up twice would look like traffic."""
    whole = frankfurt(aws)

    def page(call: Call, body: bytes) -> bytes:
        if is_first(call):
            return with_page_token("json", body, "more")
        told = json.loads(body)
        return json.dumps(told | {"MetricDataResults": told["MetricDataResults"][::2]}).encode()

    proxy.replace(METRICS, page)
    evidence = frankfurt(aws)
    assert not evidence.all_gaps
    assert evidence.series == whole.series


def test_a_nat_gateway_that_changes_between_two_pages_is_measured_once(aws: Served, proxy: FaultProxy) -> None:
    whole = frankfurt(aws)

    def page(call: Call, body: bytes) -> bytes:
        if is_first(call):
            return with_page_token("ec2", body.replace(b"<state>available<", b"<state>pending<"), "more")
        return body

    proxy.replace(NATS, page)
    evidence = frankfurt(aws)
    assert evidence.network.nat_gateways == whole.network.nat_gateways
    assert evidence.series == whole.series
