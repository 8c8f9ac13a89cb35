"""A clock that can be set: a simulated year passes in a minute, and everything measured by it agrees."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timedelta

Clock = Callable[[], datetime]
"""Says what time it is, with a time zone."""


def clock_from(now: datetime) -> Clock:
    """A clock that stands at `now` and goes on from there, whatever happens to that of the machine."""
    begun = time.monotonic()
    return lambda: now + timedelta(seconds=time.monotonic() - begun)
