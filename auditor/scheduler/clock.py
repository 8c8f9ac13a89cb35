"""The clock that the service goes by, so that tests can have one of their own."""

from __future__ import annotations

import time
from datetime import UTC, datetime


class Clock:
    """The machine's clock: `now` may step when it is set, `monotonic` never does."""

    def now(self) -> datetime:
        """The time of day, in UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Seconds since some moment."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Wait; a signal's handler runs meanwhile."""
        time.sleep(seconds)
