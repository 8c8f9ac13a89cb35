"""Which moment of a schedule is due: the one decision of the service, without clock or store."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from auditor.moments import Moments


@dataclass
class Watch:
    """What is known of the runs of a schedule.

    `recorded` are the moments for which the store has a run, `missed` those whose run the store could not take, and
    `since` is when somebody began to look: of a schedule without any run, nothing before that is due.
    """

    moments: Moments
    since: datetime
    recorded: frozenset[datetime] = frozenset()
    missed: set[datetime] = field(default_factory=set)

    def due(self, now: datetime) -> datetime | None:
        """The last moment that has come and is not over; `None` where all are. Those before it are not made up for.

        A moment is over when it or a later one had a run, good or failed. A run for a moment that is still to come is
        that of a clock which went wrong: it decides nothing before its time.
        """
        self.since = min(self.since, now)
        over = (moment for moment in self.recorded | self.missed if moment <= now)
        return self.moments.last(max(over, default=self.since), now)
