"""SIGTERM and SIGINT: the first asks to stop, the second stops."""

from __future__ import annotations

import os
import signal
from types import FrameType

from auditor.scheduler.clock import Clock


class Stop:
    """Whether somebody asked to stop, and whether the time is up that a run was left to end.

    A process of a run ends with this one, so that nothing has to be done at the second signal.
    """

    def __init__(self, clock: Clock, grace: float) -> None:
        self._clock, self._grace = clock, grace
        self._asked: float | None = None

    def listen(self) -> None:
        """Take both signals from now on; only the main thread of a process can."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._take)

    @property
    def is_asked(self) -> bool:
        """Whether to begin nothing more."""
        return self._asked is not None

    @property
    def is_overdue(self) -> bool:
        """Whether a run that goes on is to be ended."""
        return self._asked is not None and self._clock.monotonic() - self._asked >= self._grace

    def _take(self, number: int, _: FrameType | None) -> None:
        if self._asked is not None:
            os._exit(128 + number)
        self._asked = self._clock.monotonic()
