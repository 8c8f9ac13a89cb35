"""When a resource began to exist, for the scaling to a month."""

from __future__ import annotations

from datetime import UTC, date, datetime

from auditor.model.evidence import EVIDENCE_VERSION, Evidence, Scope, Series, Window

WINDOW = Window(datetime(2026, 10, 17, tzinfo=UTC), datetime(2026, 11, 16, tzinfo=UTC))
LATE = datetime(2026, 11, 20, 12, tzinfo=UTC)


def evidence(*days: date) -> Evidence:
    series = Series("nat-1", "BytesInFromSource", days, tuple(1 for _ in days))
    return Evidence(EVIDENCE_VERSION, LATE, WINDOW, (Scope("1", "eu-west-1", series=(series,)),))


def test_a_datapoint_before_the_creation_counts_as_the_beginning() -> None:
    since = evidence(date(2026, 10, 17), date(2026, 11, 1)).since("nat-1", LATE)
    assert since == WINDOW.start
    assert WINDOW.observed_hours(since) == 720


def test_a_creation_before_the_first_datapoint_counts_as_the_beginning() -> None:
    created = datetime(2026, 11, 1, tzinfo=UTC)
    assert evidence(date(2026, 11, 15)).since("nat-1", created) == created
    assert WINDOW.observed_hours(created) == 15 * 24


def test_without_datapoints_only_the_creation_is_known() -> None:
    assert evidence().since("nat-1", LATE) == LATE
    assert evidence().since("nat-1", None) is None


def test_the_first_day_with_a_point_counts_from_its_midnight() -> None:
    assert evidence(date(2026, 11, 14)).since("nat-1", None) == datetime(2026, 11, 14, tzinfo=UTC)


def test_the_datapoint_of_the_day_of_creation_does_not_make_it_older() -> None:
    """It stands at midnight of that day, whatever the hour of the creation: 28 hours, not 48."""
    created = datetime(2026, 11, 14, 20, tzinfo=UTC)
    assert evidence(date(2026, 11, 14)).since("nat-1", created) == created
    assert WINDOW.observed_hours(created) == 28
