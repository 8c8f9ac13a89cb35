"""One run in a process of its own: its memory goes with it, and it can be ended at any moment.

A run that is killed has written nothing to the store: its manifest comes last.
"""

from __future__ import annotations

import logging
import multiprocessing
import signal
from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal
from multiprocessing.connection import Connection
from types import TracebackType
from typing import Protocol, Self

from auditor import pipeline
from auditor.collectors.run import Progress
from auditor.config import Config
from auditor.errors import AuditorError, Exit
from auditor.model.audit import Audit
from auditor.model.evidence import Gap
from auditor.model.letter import Delivery
from auditor.orphans import end_with_parent
from auditor.recording import Occasion
from auditor.scheduler.log import LogSettings

_SECONDS_TO_END = 30
"""From the result of a run to the end of its process."""


@dataclass(frozen=True, slots=True)
class Task:
    """A run to make, and on which occasion.

    With a `failure` there is only to be told that it could not be made, and why; with `owed` what earlier runs of its
    schedule still owe is to be sent.
    """

    config: Config
    occasion: Occasion
    failure: str | None = None
    owed: bool = False


@dataclass(frozen=True, slots=True)
class Found:
    """What a report holds, in figures: gaps, USD a month that could be saved, calls of AWS that it took."""

    gaps: tuple[Gap, ...]
    saving_measured: Decimal
    saving_unmeasured_high: Decimal
    api_calls: int

    @classmethod
    def of(cls, audit: Audit) -> Self:
        """The figures of an audit."""
        totals = audit.totals
        calls = audit.cost_of_this_run.api_calls
        return cls(audit.gaps, totals.saving_measured, totals.saving_unmeasured_high, calls)


@dataclass(frozen=True, slots=True)
class Ended:
    """How a run ended. `found` is `None` where there is no report, `problem` where nothing went wrong.

    `is_told`: whether those whom the configuration names know of it, as far as they can be reached.
    """

    exit_code: int
    problem: str | None = None
    deliveries: tuple[Delivery, ...] = ()
    found: Found | None = None
    is_told: bool = True


class Running(Protocol):
    """A run that is going on."""

    def ended(self, seconds: float) -> Ended | None:
        """How it ended; `None` while it goes on after so many seconds."""

    def kill(self) -> None:
        """End it now; when this returns it does nothing any more."""


class Start(Protocol):
    """Begins a run."""

    def __call__(self, task: Task) -> Running:
        """The run, which goes on by itself."""


def perform(task: Task) -> Ended:
    """Make the run and tell of it, here; an expected failure is a result, anything else is raised."""
    told: list[Delivery] = []
    now = task.occasion.started
    try:
        if task.owed:
            return Ended(Exit.REPORTED, deliveries=pipeline.deliver_owed(task.config, now, task.occasion.schedule))
        if task.failure:
            told += pipeline.tell_of_failure(task.config, now, task.occasion, task.failure, Exit.BUG)
            return Ended(Exit.BUG, task.failure, tuple(told))
        outcome = pipeline.run_and_deliver(task.config, now, Progress(), told.extend, task.occasion)
    except AuditorError as error:
        return Ended(error.exit_code, str(error), tuple(told))
    problem = str(outcome.not_stored) if outcome.not_stored else None
    return Ended(outcome.exit_code(task.config), problem, outcome.deliveries, Found.of(outcome.audit))


@dataclass(frozen=True)
class InProcess:
    """Starts each run in a process of its own."""

    log: LogSettings

    def __call__(self, task: Task) -> Running:
        """The process; it ends with this one, whatever ends this one."""
        context = multiprocessing.get_context("spawn")
        here, there = context.Pipe(duplex=False)
        process = context.Process(target=_work, args=(task, there, self.log), name="auditor run")
        process.start()
        there.close()
        return _Child(process, here)


@dataclass(frozen=True)
class _Child:
    process: multiprocessing.process.BaseProcess
    pipe: Connection

    def ended(self, seconds: float) -> Ended | None:
        if not self.pipe.poll(seconds):
            return None
        ended: Ended | None = None
        with suppress(EOFError, OSError):
            ended = self.pipe.recv()
        self.process.join(_SECONDS_TO_END)
        self.kill()
        return ended or Ended(Exit.BUG, _death(self.process.exitcode or 0), is_told=False)

    def kill(self) -> None:
        self.process.kill()
        self.process.join()
        self.pipe.close()


def _death(code: int) -> str:
    cause = f"was ended by signal {-code}" if code < 0 else f"ended with {code}"
    return f"the process of the run {cause} before it was done; its memory may have run out"


def _work(task: Task, pipe: Connection, log: LogSettings) -> None:
    """The process of a run. Whoever stops the service stops this: a signal to the whole group is not for it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    end_with_parent()
    log.apply()
    with _FaultTold(pipe):
        pipe.send(perform(task))


class _FaultTold:
    """A fault of ours is logged and reported like every other end; those whom it concerns have been told by then."""

    def __init__(self, pipe: Connection) -> None:
        self._pipe = pipe

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if kind is not None and issubclass(kind, Exception):
            logging.getLogger("auditor").error("a fault of Auditor itself", exc_info=(kind, error, at))  # type: ignore[arg-type]
            self._pipe.send(Ended(Exit.BUG, f"a fault of Auditor itself ({kind.__name__}): the log holds more"))
            raise SystemExit(Exit.BUG)
