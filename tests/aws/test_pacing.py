"""The audit takes its share of AWS's buckets and no more, whatever it would like to ask at once."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.aws import pacing
from auditor.aws.operations import (
    DESCRIBE_ROUTE_TABLES,
    DESCRIBE_VPCS,
    GET_ENDPOINT_METRICS,
    GET_NAT_METRICS,
    GET_OBJECT,
    Operation,
)
from auditor.aws.pacing import Pacer

ACCOUNT, REGION = "123456789012", "eu-west-1"
TINY = 1e-6


@dataclass
class Clock:
    """Time that passes only when somebody sleeps, and when each call went."""

    now: float = 0.0
    went: list[float] = field(default_factory=list)

    def read(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds


def going(pacer: Pacer, clock: Clock, pauses: list[float], operation: Operation = DESCRIBE_VPCS) -> list[float]:
    """When each of the calls goes that are asked for after these pauses."""

    async def ask() -> None:
        for pause in pauses:
            clock.now += pause
            await pacer.turn(ACCOUNT, REGION, operation)
            clock.went.append(clock.now)

    asyncio.run(ask())
    return clock.went


def paced(share: int) -> tuple[Pacer, Clock]:
    clock = Clock()
    return Pacer(share, clock.read, clock.sleep), clock


@given(
    share=st.integers(1, 100),
    pauses=st.lists(st.floats(0, 3), min_size=1, max_size=120),
    operation=st.sampled_from([DESCRIBE_VPCS, DESCRIBE_ROUTE_TABLES]),
)
def test_in_no_span_of_time_more_calls_go_than_the_share_of_the_bucket(
    share: int, pauses: list[float], operation: Operation
) -> None:
    """AWS's documented buckets: 100 and 20 a second, 50 and 10 for calls without pages; one call is always let go."""
    calls, per_second = (100, 20) if operation is DESCRIBE_VPCS else (50, 10)
    most, rate = max(1, calls * share / 100), per_second * share / 100
    went = going(*paced(share), pauses, operation)
    for first, start in enumerate(went):
        for last in range(first, len(went)):
            assert last - first + 1 <= most + (went[last] - start) * rate + TINY


def test_nobody_waits_who_stays_within_the_share() -> None:
    assert going(*paced(25), [0.0] * 25) == [0.0] * 25
    assert going(*paced(25), [0.0] * 25 + [0.2] * 50) == pytest.approx([0.0] * 25 + [0.2 * n for n in range(1, 51)])


def test_beyond_it_calls_go_as_fast_as_the_share_comes_back() -> None:
    assert going(*paced(25), [0.0] * 30)[25:] == pytest.approx([0.2, 0.4, 0.6, 0.8, 1.0])


def test_calls_that_ask_together_go_one_after_the_other() -> None:
    clock, waits = Clock(), []

    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    async def ask() -> None:
        pacer = Pacer(25, clock.read, sleep)
        await asyncio.gather(*(pacer.turn(ACCOUNT, REGION, DESCRIBE_VPCS) for _ in range(28)))

    asyncio.run(ask())
    assert waits == pytest.approx([0.2, 0.4, 0.6])


def test_each_account_region_and_action_has_its_own_bucket() -> None:
    pacer, clock = paced(1)

    async def ask() -> None:
        for account in (ACCOUNT, "210987654321"):
            for region in (REGION, "us-east-1"):
                for operation in (DESCRIBE_VPCS, DESCRIBE_ROUTE_TABLES):
                    await pacer.turn(account, region, operation)

    asyncio.run(ask())
    assert clock.now == 0


def test_two_kinds_of_metrics_are_one_action() -> None:
    pacer, clock = paced(2)
    going(pacer, clock, [0.0], GET_NAT_METRICS)
    assert going(pacer, clock, [0.0], GET_ENDPOINT_METRICS)[-1] == pytest.approx(1.0)


def test_objects_of_s3_are_not_paced() -> None:
    assert going(*paced(1), [0.0] * 500, GET_OBJECT)[-1] == 0


def test_after_throttling_half_the_rate_is_left_and_comes_back_over_a_minute() -> None:
    pacer, clock = paced(25)
    pacer.throttled(ACCOUNT, REGION, DESCRIBE_VPCS)
    first, second = going(pacer, clock, [0.0, 0.0])
    assert first == pytest.approx(1 / 2.5)
    assert 1 / 5 < second - first < 1 / 2.5 + TINY
    clock.now += 60
    clock.went.clear()
    assert going(pacer, clock, [0.0] * 25) == [clock.now] * 25


def test_calls_throttled_together_count_once_and_ever_again_without_end() -> None:
    pacer, clock = paced(25)
    for _ in range(20):
        pacer.throttled(ACCOUNT, REGION, DESCRIBE_VPCS)
    assert going(pacer, clock, [0.0]) == [pytest.approx(1 / 2.5)]
    for _ in range(50):
        clock.now += 1.5
        pacer.throttled(ACCOUNT, REGION, DESCRIBE_VPCS)
    before = clock.now
    assert 1 <= going(pacer, clock, [0.0])[-1] - before <= 64 / 5 + TINY


def test_throttling_of_one_scope_slows_no_other() -> None:
    pacer, clock = paced(25)
    pacer.throttled("210987654321", REGION, DESCRIBE_VPCS)
    pacer.throttled(ACCOUNT, "us-east-1", DESCRIBE_VPCS)
    pacer.throttled(ACCOUNT, REGION, DESCRIBE_ROUTE_TABLES)
    assert going(pacer, clock, [0.0] * 25) == [0.0] * 25


def test_scopes_that_were_read_leave_nothing_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pacing, "_FEW", 10)
    pacer, clock = paced(25)
    pacer._room = 10

    async def ask() -> None:
        for number in range(1000):
            await pacer.turn(f"{number:012d}", REGION, DESCRIBE_VPCS)
            clock.now += 0.1

    asyncio.run(ask())
    assert len(pacer._buckets) <= 10


def test_making_room_forgets_nothing_that_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pacing, "_FEW", 2)
    pacer, clock = paced(1)
    pacer._room = 2
    going(pacer, clock, [0.0])
    for number in range(5):
        pacer.throttled(f"{number:012d}", REGION, DESCRIBE_VPCS)
    assert going(pacer, clock, [0.0])[-1] == pytest.approx(5.0)
