"""No test waits for ever: what takes too long fails under its name, with the place where it waits.

pytest's own limit (`faulthandler_timeout`) cannot fail a test, only end the process; it stays for what no signal wakes.
"""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

import pytest

PATIENCE = 300.0
"""Seconds that the set-up, the call or the end of a test may take: on a busy machine ten seconds become minutes."""

_TICKS = 20


@contextmanager
def patience(seconds: float = PATIENCE) -> Iterator[None]:
    """Fail what the main thread does in the block after so many seconds, and again whatever still waits after that.

    The seconds are counted by ticks: those of a machine that stands still for minutes are not lost to the test.
    """
    left = _TICKS

    def tick(_number: int, _frame: FrameType | None) -> None:
        nonlocal left
        left -= 1
        if left <= 0:
            pytest.fail(f"it takes longer than {seconds:g} seconds")

    before = signal.signal(signal.SIGALRM, tick)
    outer = signal.setitimer(signal.ITIMER_REAL, seconds / _TICKS, seconds / _TICKS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, *outer)
        signal.signal(signal.SIGALRM, before)
