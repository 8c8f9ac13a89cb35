"""How a run is stopped: Ctrl-C and SIGTERM alike end it with what was read so far, a second one at once.

Where Ctrl-C is not for this process, as for one that a script has put into the background, it stays so; SIGTERM is.
"""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def stoppable() -> Iterator[None]:
    """Within, SIGTERM is what Ctrl-C is; asyncio makes of the first one the end of what it waits for."""
    before = signal.signal(signal.SIGTERM, _interrupt)
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        # asyncio takes the place of Python's own handler only; nobody else's signal reaches it.
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
        signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _interrupt(number: int, frame: FrameType | None) -> None:
    """Do what would be done at Ctrl-C; the signal itself may be blocked."""
    del number
    handler = signal.getsignal(signal.SIGINT)
    if callable(handler):
        handler(signal.SIGINT, frame)
