"""The moments for which a schedule asks: a crontab's line, on the wall clock of a time zone.

APScheduler matches the fields on a clock without daylight saving; which instant a wall clock's time is, is said here:
a time that a day has twice is its first, a time that a day lacks is the instant at which the clock was put forward.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

FIELDS = ("second", "minute", "hour", "day", "month", "day_of_week")
EXPECTED = "five fields (minute, hour, day, month, weekday) or six (seconds first), such as '0 6 * * mon'"

_SECOND = timedelta(seconds=1)
_WEEKDAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_ITEM = re.compile(rf"(?:\*|({'|'.join(_WEEKDAYS)}|[0-7])(?:-({'|'.join(_WEEKDAYS)}|[0-7]))?)(?:/([1-7]))?")


@dataclass(frozen=True)
class Moments:
    """All moments of a crontab's line in a time zone; `ValueError` says which field cannot be understood.

    Weekdays count from Sunday, 0 or 7. Where both day and weekday are given, one of them is enough, as for cron.
    """

    cron: str
    zone: ZoneInfo

    def __post_init__(self) -> None:
        if self._trigger.get_next_fire_time(None, datetime(2000, 1, 1, tzinfo=UTC)) is None:
            raise ValueError("never comes: no month has such a day")

    def following(self, after: datetime) -> datetime:
        """The first moment later than `after`, in UTC."""
        wall = after.astimezone(self.zone).replace(tzinfo=UTC, microsecond=0, fold=0)
        while True:
            wall = self._trigger.get_next_fire_time(None, wall + _SECOND)
            moment = _instant(wall.replace(tzinfo=self.zone))
            if moment > after:
                return moment

    def last(self, after: datetime, until: datetime) -> datetime | None:
        """The last moment later than `after` that is not later than `until`; `None` where there is none."""
        if self.following(after) > until:
            return None

        def is_late(seconds: int) -> bool:
            return self.following(after + seconds * _SECOND) > until

        late = bisect_left(range(int((until - after).total_seconds()) + 1), 1, key=is_late)
        return self.following(after + (late - 1) * _SECOND)

    @cached_property
    def _trigger(self) -> Any:  # noqa: ANN401 -- APScheduler publishes no types
        from apscheduler.triggers.combining import OrTrigger

        fields = dict(zip(FIELDS, _split(self.cron), strict=True))
        if "*" in (fields["day"][0], fields["day_of_week"][0]):
            return _matching(fields)
        return OrTrigger([_matching(fields | {"day": "*"}), _matching(fields | {"day_of_week": "*"})])


def _split(cron: str) -> list[str]:
    parts = cron.lower().split()
    if len(parts) not in {len(FIELDS) - 1, len(FIELDS)}:
        raise ValueError(f"has {len(parts)} fields: a schedule has {EXPECTED}")
    return ["0", *parts][-len(FIELDS) :]


def _matching(fields: dict[str, str]) -> Any:  # noqa: ANN401 -- APScheduler publishes no types
    from apscheduler.triggers.cron import CronTrigger

    named = fields | {"day_of_week": _weekdays(fields["day_of_week"])}
    for name, text in named.items():
        try:
            CronTrigger(**{name: text}, timezone=UTC)
        except ValueError as error:
            raise ValueError(f"{name} {text!r}: {error}") from error
    return CronTrigger(**named, timezone=UTC)


def _weekdays(field: str) -> str:
    """The field with names for its numbers, which APScheduler counts from Monday."""
    if field == "*":
        return field
    return ",".join(dict.fromkeys(_WEEKDAYS[number % 7] for item in field.split(",") for number in _numbers(item)))


def _numbers(item: str) -> Iterator[int]:
    match = _ITEM.fullmatch(item)
    if match is None:
        raise ValueError(f"day_of_week {item!r}: is neither a name such as mon nor a number from 0 to 7")
    first, last, step = match.groups()
    start = _number(first) if first else 0
    stop = _number(last) or 7 if last else 6 if step or not first else start
    if stop < start:
        raise ValueError(f"day_of_week {item!r}: ends before it begins")
    yield from range(start, stop + 1, int(step or 1))


def _number(weekday: str) -> int:
    return int(weekday) if weekday.isdigit() else _WEEKDAYS.index(weekday)


def _instant(wall: datetime) -> datetime:
    """The instant of a wall clock's time, which may not exist."""
    instant = wall.astimezone(UTC)
    zone = wall.tzinfo
    if instant.astimezone(zone).replace(tzinfo=None, fold=0) == wall.replace(tzinfo=None):
        return instant
    before = wall.replace(fold=1).astimezone(UTC)
    offset = instant.astimezone(zone).utcoffset()

    def is_after(seconds: int) -> bool:
        return (before + seconds * _SECOND).astimezone(zone).utcoffset() == offset

    gap = range(int((instant - before).total_seconds()) + 1)
    return before + bisect_left(gap, 1, key=is_after) * _SECOND
