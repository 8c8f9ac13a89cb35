"""A lease that is renewed beside the work that it protects."""

from __future__ import annotations

import logging
from threading import Event, Thread
from types import TracebackType
from typing import Self

from auditor.errors import StoreError
from auditor.scheduler.clock import Clock
from auditor.scheduler.log import say
from auditor.store.lease import Lease, LeaseLostError


class Held:
    """Renews the lease three times in its duration, in a thread, and gives it back at the end.

    A store that does not answer cannot keep the work from noticing that it lost the lease: `is_lost` asks nobody.
    """

    def __init__(self, lease: Lease, clock: Clock) -> None:
        self._lease, self._clock = lease, clock
        self._seconds = lease.duration.total_seconds()
        self._until = clock.monotonic() + self._seconds
        self._is_taken = False
        self._end = Event()
        self._thread = Thread(target=self._renew, daemon=True)

    @property
    def is_lost(self) -> bool:
        """Whether another may work by now."""
        return self._is_taken or self._clock.monotonic() > self._until

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._end.set()
        self._thread.join(self._seconds)
        try:
            self._lease.release()
        except StoreError as denied:
            say("the lease was not given back: it expires by itself", logging.WARNING, problem=str(denied))

    def _renew(self) -> None:
        while not self._end.wait(self._seconds / 3):
            asked = self._clock.monotonic()
            try:
                self._lease = self._lease.renewed(self._clock.now())
                self._until = asked + self._seconds
            except LeaseLostError:
                self._is_taken = True
                return
            except StoreError as error:
                say("the lease could not be renewed", logging.WARNING, problem=str(error))
