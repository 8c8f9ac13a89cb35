"""Which moment of a schedule is due, by what the store knows and what the clock says."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.moments import Moments
from auditor.scheduler.watch import Watch

HOURLY = Moments("0 * * * *", ZoneInfo("UTC"))
START = datetime(2026, 11, 30, 6, 30, tzinfo=UTC)


def at(hour: int, minute: int = 0, day: int = 30) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=UTC)


@pytest.mark.parametrize(
    ("recorded", "now", "due"),
    [
        ((), at(6, 59), None),  # first start: nothing before it is due
        ((), at(7), at(7)),
        ((), at(9, 30), at(9)),  # three came while something else went on: once
        ((at(6),), at(6, 30), None),
        ((at(7),), at(7, 30), None),
        ((at(3),), at(6, 30), at(6)),  # down for three hours: made up for once
        ((at(3, day=1),), at(6, 30), at(6)),  # or for a month
        ((at(3), at(5), at(4)), at(5, 59), None),  # in whatever order the store lists them
        ((at(7), at(5)), at(7, 10), None),
    ],
)
def test_the_last_moment_that_came_and_had_no_run(recorded: tuple[datetime, ...], now: datetime, due: datetime) -> None:
    assert Watch(HOURLY, START, frozenset(recorded)).due(now) == due


def test_a_moment_whose_run_could_not_be_stored_is_over_too() -> None:
    watch = Watch(HOURLY, START)
    assert watch.due(at(7, 1)) == at(7)
    watch.missed.add(at(7))
    assert watch.due(at(7, 2)) is None
    assert watch.due(at(8)) == at(8)


def test_a_clock_that_is_put_back_repeats_nothing_and_skips_nothing() -> None:
    watch = Watch(HOURLY, START, frozenset({at(7), at(8), at(9)}))
    assert watch.due(at(9, 5)) is None
    for now in (at(7), at(7, 30), at(8), at(9)):
        assert watch.due(now) is None
    assert watch.due(at(10)) == at(10)


def test_a_run_at_a_wrong_clocks_moment_holds_nothing_up() -> None:
    """The clock was a year ahead for a while, and a run was made then."""
    ahead = at(7) + timedelta(days=365)
    watch = Watch(HOURLY, ahead - timedelta(minutes=1), frozenset({ahead}))
    assert watch.due(ahead + timedelta(minutes=1)) is None
    assert watch.due(at(6, 30)) is None
    assert watch.due(at(7)) == at(7)


def test_a_clock_that_jumps_makes_up_for_the_last_moment_only() -> None:
    assert Watch(HOURLY, START, frozenset({at(6)})).due(at(6) + timedelta(days=40, minutes=5)) == at(6) + timedelta(
        days=40
    )


moments = st.integers(0, 72).map(lambda hours: at(0, day=28) + timedelta(hours=hours))


@given(st.frozensets(moments), st.frozensets(moments), st.integers(0, 72 * 60), st.integers(0, 72 * 60))
def test_due_is_the_last_moment_after_all_that_are_over(
    recorded: frozenset[datetime], missed: frozenset[datetime], since: int, now: int
) -> None:
    """Counted hour by hour."""
    start, time = (at(0, day=28) + timedelta(minutes=minutes) for minutes in (since, now))
    over = [one for one in recorded | missed if one <= time]
    after = max(over) if over else min(start, time)
    hours = [at(0, day=28) + timedelta(hours=n) for n in range(80)]
    expected = [one for one in hours if after < one <= time]
    assert Watch(HOURLY, start, recorded, set(missed)).due(time) == (expected[-1] if expected else None)
