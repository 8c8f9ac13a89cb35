"""Evidence: windows in whole hours of UTC, and what a scope says of itself."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.model.evidence import EVIDENCE_VERSION, Evidence, Gap, Scope, Series, Source, Window

START = datetime(2026, 10, 21, tzinfo=UTC)
MONTH = Window(START, START + timedelta(days=30))


@pytest.mark.parametrize(("days", "hours"), [(1, 24), (30, 720), (400, 9600)])
def test_a_window_has_the_hours_of_its_days(days: int, hours: int) -> None:
    """In UTC no day is shorter or longer; 365 days of bytes are 12 months."""
    window = Window(START, START + timedelta(days=days))
    assert window.hours == hours
    assert window.per_month(hours) == 730


@pytest.mark.parametrize(
    ("age", "hours"),
    [
        (timedelta(days=-400), 720),
        (timedelta(0), 720),
        (timedelta(days=20), 240),
        (timedelta(days=20, minutes=1), 239),
        (timedelta(days=30, seconds=-1), 24),
        (timedelta(days=31), 24),
    ],
)
def test_a_resource_is_observed_from_its_creation_and_at_least_a_day(age: timedelta, hours: int) -> None:
    assert MONTH.observed_hours(START + age) == hours


def test_a_resource_of_unknown_age_is_observed_all_the_time_but_not_known_to_be_older() -> None:
    assert MONTH.observed_hours(None) == 720
    assert not MONTH.covers(None)


def test_creation_times_of_other_zones_are_compared_as_moments() -> None:
    """01:00 in Berlin's summer is 23:00 UTC of the day before."""
    berlin = timezone(timedelta(hours=2))
    assert MONTH.covers(datetime(2026, 10, 21, 1, tzinfo=berlin))
    assert not MONTH.covers(datetime(2026, 10, 21, 3, tzinfo=berlin))


@given(st.integers(0, 2**80), st.integers(0, 2**80))
def test_a_month_is_scaled_to_the_nearest_byte_and_never_falls_with_more_bytes(one: int, more: int) -> None:
    assert abs(MONTH.per_month(one) - Fraction(one * 730, 720)) <= Fraction(1, 2)
    assert MONTH.per_month(one + more) >= MONTH.per_month(one)


@pytest.mark.parametrize(
    ("known", "gaps", "skipped", "expected"),
    [(1, 0, None, "audited"), (1, 1, None, "partial"), (0, 1, None, "failed"), (0, 0, "not enabled", "skipped")],
)
def test_a_scope_says_how_much_of_it_was_seen(known: int, gaps: int, skipped: str | None, expected: str) -> None:
    gap = Gap("1", "us-east-1", Source.VPCS, "ec2:DescribeVpcs", "denied")
    scope = Scope("1", "us-east-1", (Source.VPCS,) * known, skipped=skipped, gaps=(gap,) * gaps)
    assert scope.status == expected


def test_series_and_gaps_of_all_scopes_are_found() -> None:
    gaps = [Gap(account, "us-east-1", Source.VPCS, "ec2:DescribeVpcs", "denied") for account in ("0", "1", "2")]
    series = [Series(f"nat-{n}", "BytesInFromSource", (), ()) for n in (1, 2)]
    scopes = tuple(Scope(str(n), "us-east-1", series=(series[n - 1],), gaps=(gaps[n],)) for n in (1, 2))
    evidence = Evidence(EVIDENCE_VERSION, START, MONTH, scopes, gaps=(gaps[0],))
    assert evidence.all_gaps == tuple(gaps)
    assert list(evidence.series.values()) == series
