"""The audit never takes more than its share of AWS's buckets, second by second as AWS sees it, and gets through.

Pages of one item make a burst of calls of one action, as a large account would.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from auditor.model.evidence import Evidence
from tests.embedded import OWN, PRICE_LIST, Served, read
from tests.fault_proxy import FaultProxy
from tests.fault_proxy_answers import THROTTLED, Answer, Call, error
from tests.fault_proxy_faults import Forward
from tests.faults.buckets import Buckets, size_of
from tests.faults.proxy import RandomFaults

FRANKFURT = "eu-central-1"
ON_THE_WAY = 0.25
"""Seconds that one call may take longer than another to AWS: those behind it catch up."""

Key = tuple[str, str, str]


@pytest.fixture
def proxy(remembering: RandomFaults) -> RandomFaults:
    """Answers at once what was asked before, so that nothing but the audit itself holds calls back."""
    remembering.clear()
    remembering.replace("GetProducts", PRICE_LIST)
    return remembering


def enforce(proxy: FaultProxy, buckets: Buckets) -> None:
    """Refuse whatever is beyond AWS's buckets."""

    async def effect(call: Call, forward: Forward) -> Answer:
        return await forward() if buckets.admits(call) else error(call.protocol, *THROTTLED[call.protocol], "too fast")

    proxy._add(effect, None, {})


def arrivals(proxy: FaultProxy) -> dict[Key, list[tuple[float, Call]]]:
    """When the calls of each account, region and action came that AWS keeps a bucket for."""
    found: dict[Key, list[tuple[float, Call]]] = defaultdict(list)
    for call in proxy.calls:
        if size_of(call):
            found[call.account, call.region, call.operation].append((call.at, call))
    return found


@dataclass(frozen=True)
class Span:
    """How many calls of one action came in some seconds, how many the share allows, and how many of them at once."""

    key: Key
    calls: int
    seconds: float
    burst: float
    per_second: float

    @property
    def is_too_full(self) -> bool:
        """Whether more came than the share of the bucket."""
        return self.calls > self.burst + self.per_second * (self.seconds + ON_THE_WAY)


def spans(proxy: FaultProxy, share: int) -> Iterator[Span]:
    """For each action its fullest second, and the whole time from its first call to its last."""
    for key, came in arrivals(proxy).items():
        at = [moment for moment, _ in came]
        holds, per_second = (part * share / 100 for part in size_of(came[0][1]) or (0, 0))
        fullest = max(sum(start <= other < start + 1 for other in at) for start in at)
        yield Span(key, fullest, 1, max(1, holds), per_second)
        yield Span(key, len(at), at[-1] - at[0], max(1, holds), per_second)


def frankfurt(aws: Served, share: int) -> Evidence:
    return read(aws.company, accounts=(OWN,), regions=(FRANKFURT,), api_share=share)


@pytest.mark.parametrize(("share", "page_size"), [(25, 2), (5, 8)])
def test_in_no_second_more_calls_come_than_the_share_of_the_bucket(
    aws: Served, proxy: FaultProxy, share: int, page_size: int
) -> None:
    enforce(proxy, Buckets())
    proxy.page_size = page_size
    evidence = frankfurt(aws, share)
    assert not evidence.all_gaps
    assert not any(call.throttled for scope in evidence.scopes for call in scope.calls)
    found = list(spans(proxy, share))
    assert not [one for one in found if one.is_too_full]
    assert any(one.calls > one.burst + 1 for one in found), "nothing had to be held back"


def test_what_production_has_emptied_is_waited_for(
    aws: Served, proxy: FaultProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The bucket of one action is empty, and one call a second comes back: the audit is refused, and gets through."""
    monkeypatch.setattr("auditor.aws.session._FIRST_PAUSE", 0.5)
    enforce(proxy, Buckets(emptied={"DescribeSubnets": 1.0}))
    evidence = frankfurt(aws, 25)
    assert not evidence.all_gaps
    (row,) = (call for call in evidence.scopes[0].calls if call.operation == "ec2:DescribeSubnets")
    assert row.throttled >= 1
    assert row.count == row.throttled + 1
