"""What `auditor schedule --list` prints."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from auditor.schedules import Schedule
from auditor.store.manifest import Manifest

if TYPE_CHECKING:
    from rich.console import Console


@dataclass(frozen=True, slots=True)
class Listed:
    """A schedule, its next moments and its last run; `None` where it had none."""

    schedule: Schedule
    moments: tuple[datetime, ...]
    last: Manifest | None


def print_schedules(listed: Iterable[Listed], console: Console) -> None:
    """A table: times on the wall clock of each schedule, the last run in UTC."""
    from rich.table import Table

    table = Table("schedule", "cron", "time zone", "next", "last run", box=None, header_style="bold")
    for one in listed:
        zone = ZoneInfo(one.schedule.timezone)
        times = "\n".join(f"{moment.astimezone(zone):%a %Y-%m-%d %H:%M:%S %z}" for moment in one.moments)
        table.add_row(one.schedule.name, one.schedule.cron, one.schedule.timezone, times, _last(one.last))
    console.print(table)


def _last(run: Manifest | None) -> str:
    if run is None:
        return "none yet"
    gaps = f", {len(run.gaps)} gaps" if run.gaps else ""
    return f"{run.finished.astimezone(UTC):%Y-%m-%d %H:%M} UTC, exit code {run.exit_code}{gaps}"
