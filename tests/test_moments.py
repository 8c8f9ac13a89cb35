"""Which moments a crontab's line means, against an oracle that walks minute by minute through a zone's wall clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.moments import Moments

MINUTE = timedelta(minutes=1)
DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
CHANGES = [
    ("Europe/Berlin", "2026-03-29T01:00Z"),
    ("Europe/Berlin", "2026-10-25T01:00Z"),
    ("America/New_York", "2026-03-08T07:00Z"),
    ("America/New_York", "2026-11-01T06:00Z"),
    ("Australia/Lord_Howe", "2026-04-04T15:00Z"),  # half an hour back
    ("Australia/Lord_Howe", "2026-10-03T15:30Z"),
    ("America/Sao_Paulo", "2018-11-04T03:00Z"),  # midnight does not exist
    ("Pacific/Apia", "2011-12-30T10:00Z"),  # a whole day does not exist
    ("Asia/Kathmandu", "2026-06-01T00:00Z"),
    ("UTC", "2028-02-28T12:00Z"),
]
"""Zones, and when their clocks are put forward or back (UTC)."""

minutes = st.sampled_from(["*", "*/7", "0", "30", "15,45", "10-20", "50-59/3"])
hours = st.sampled_from(["*", "*/5", "0", "2", "1-3", "23", "0,2,12"])
days = st.sampled_from(["*", "1", "25-31", "*/2", "29,30"])
weekdays = st.sampled_from(["*", "0", "7", "mon", "sat-7", "1-5", "fri,sun", "*/3", "2-6/2"])
crons = st.tuples(minutes, hours, days, st.sampled_from(["*", "1-12/2", "mar,oct", "2"]), weekdays).map(" ".join)


def numbers(field: str, first: int, last: int, names: dict[str, int]) -> set[int]:
    """What a field of a crontab allows."""
    found: set[int] = set()
    for part in field.split(","):
        span, _, step = part.partition("/")
        low, _, high = span.partition("-")
        start = first if span == "*" else names.get(low) if low in names else int(low)
        stop = last if span == "*" else (names.get(high) if high in names else int(high)) if high else start
        assert start is not None
        assert stop is not None
        found |= set(range(start, stop + 1, int(step or 1)))
    return found


MONTHS = {datetime(2026, n, 1, tzinfo=UTC).strftime("%b").lower(): n for n in range(1, 13)}


@cache
def allowed(cron: str) -> tuple[set[int], ...]:
    minute, hour, day, month, weekday = cron.split()
    weekdays = {number % 7 for number in numbers(weekday, 0, 6, {name: n for n, name in enumerate(DAYS)})}
    one_to_last = (numbers(day, 1, 31, {}), numbers(month, 1, 12, MONTHS))
    return numbers(minute, 0, 59, {}), numbers(hour, 0, 23, {}), *one_to_last, weekdays


def asks_for(cron: str, wall: datetime) -> bool:
    minutes_, hours_, days_, months_, weekdays_ = allowed(cron)
    on_day, on_weekday = wall.day in days_, wall.isoweekday() % 7 in weekdays_
    _, _, day, _, weekday = cron.split()
    by_day = on_day and on_weekday if "*" in {day[0], weekday[0]} else on_day or on_weekday
    return wall.minute in minutes_ and wall.hour in hours_ and wall.month in months_ and by_day


def walked(cron: str, zone: ZoneInfo, after: datetime, until: datetime) -> list[datetime]:
    """Each minute in turn: those whose wall time is shown for the first time, and what the clock jumped over."""
    found = []
    moment = after.replace(second=0, microsecond=0)
    shown = moment.astimezone(zone).replace(tzinfo=None, fold=0)
    latest = shown
    while moment < until:
        moment += MINUTE
        wall = moment.astimezone(zone)
        is_new, shown = not wall.fold, wall.replace(tzinfo=None, fold=0)
        jumped = [latest + n * MINUTE for n in range(1, int((shown - latest) / MINUTE))]
        if any(asks_for(cron, one) for one in (*jumped, *([shown] if is_new else []))):
            found.append(moment)
        latest = max(latest, shown)
    return [one for one in found if after < one <= until]


@given(crons, st.sampled_from(CHANGES), st.integers(-26 * 60, 2 * 60), st.integers(0, 59))
def test_moments_are_those_that_a_wall_clock_shows(cron: str, change: tuple[str, str], start: int, sec: int) -> None:
    zone = ZoneInfo(change[0])
    after = datetime.fromisoformat(change[1]) + start * MINUTE + timedelta(seconds=sec)
    until = after + timedelta(hours=30)
    expected = walked(cron, zone, after, until)
    moments = Moments(cron, zone)
    found = [moments.following(after)]
    while found[-1] <= until:
        found.append(moments.following(found[-1]))
    assert found[:-1] == expected
    assert moments.last(after, until) == (expected[-1] if expected else None)


def test_the_oracle_knows_two_nights_by_hand() -> None:
    """02:30 in Berlin: at the jump to 03:00 in March, and the first of two in October."""
    zone, half_past_two = ZoneInfo("Europe/Berlin"), "30 2 * * *"
    march, october = datetime(2026, 3, 28, 12, tzinfo=UTC), datetime(2026, 10, 24, 12, tzinfo=UTC)
    day = timedelta(days=1)
    assert walked(half_past_two, zone, march, march + day) == [datetime(2026, 3, 29, 1, 0, tzinfo=UTC)]
    assert walked(half_past_two, zone, october, october + day) == [datetime(2026, 10, 25, 0, 30, tzinfo=UTC)]
    assert Moments(half_past_two, zone).following(march) == datetime(2026, 3, 29, 1, 0, tzinfo=UTC)
    assert Moments(half_past_two, zone).following(october) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


def test_a_week_is_a_week_of_the_wall_clock() -> None:
    """Each Monday at six in Berlin, all through a year: 52 or 53 times, at 05:00 UTC in winter and 04:00 in summer."""
    moments = Moments("0 6 * * mon", ZoneInfo("Europe/Berlin"))
    found = [moments.following(datetime(2026, 1, 1, tzinfo=UTC))]
    while found[-1].year == 2026:
        found.append(moments.following(found[-1]))
    assert len(found[:-1]) == 52
    assert {(one.hour, 4 <= one.month <= 9) for one in found if one.month not in {3, 10}} == {(5, False), (4, True)}


def test_six_fields_begin_with_seconds() -> None:
    moments = Moments("*/20 0 6 * * *", ZoneInfo("UTC"))
    start = datetime(2026, 11, 30, 6, 0, 19, 999_999, tzinfo=UTC)
    assert moments.following(start) == datetime(2026, 11, 30, 6, 0, 20, tzinfo=UTC)
    assert moments.following(start + 2 * timedelta(seconds=20)) == datetime(
        2026, 11, 30 + 0, 6, 0, 0, tzinfo=UTC
    ) + timedelta(days=1)
    assert moments.last(start, start + timedelta(hours=5)) == datetime(2026, 11, 30, 6, 0, 40, tzinfo=UTC)


def test_the_last_of_many_moments_is_found_without_counting_them() -> None:
    """A year of seconds: the first would take minutes."""
    end = datetime(2026, 11, 30, tzinfo=UTC)
    assert Moments("* * * * * *", ZoneInfo("UTC")).last(end - timedelta(days=365), end) == end


@pytest.mark.parametrize(
    ("cron", "said"),
    [
        ("0 6 * *", "has 4 fields: a schedule has five fields (minute, hour, day, month, weekday) or six"),
        ("", "has 0 fields"),
        ("@weekly", "has 1 fields"),
        ("60 6 * * *", "minute '60': "),
        ("x 6 * * *", "minute 'x': "),
        ("0 6 * * 8", "day_of_week '8': is neither a name such as mon nor a number from 0 to 7"),
        ("0 6 * * sat-mon", "day_of_week 'sat-mon': ends before it begins"),
        ("0 6 30 2 *", "never comes: no month has such a day"),
        ("*/0 * * * *", "minute '*/0': "),
    ],
)
def test_what_is_no_crontab_is_refused_by_field(cron: str, said: str) -> None:
    with pytest.raises(ValueError, match=r"^.") as refused:
        Moments(cron, ZoneInfo("UTC"))
    assert str(refused.value).startswith(said)
    assert "\n" not in str(refused.value)
