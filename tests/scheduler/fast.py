"""A service on a clock that the test moves, with a real store, and runs that take as long as the test says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from auditor.config import load
from auditor.errors import Exit
from auditor.moments import Moments
from auditor.scheduler.board import Board
from auditor.scheduler.clock import Clock
from auditor.scheduler.ledger import Ledger
from auditor.scheduler.service import Plan, Service
from auditor.scheduler.stop import Stop
from auditor.scheduler.task import Ended, Task
from auditor.scheduler.watch import Watch
from auditor.scheduler.worker import Worker
from auditor.store.manifest import Draft
from auditor.store.place import open_place
from auditor.store.runs import Store

START = datetime(2026, 11, 30, 6, 0, 30, tzinfo=UTC)


@dataclass
class FastClock(Clock):
    """Each sleep takes `step` seconds; `set_by` is how far somebody has set the time of day."""

    step: float = 10
    passed: float = 0
    set_by: timedelta = timedelta(0)

    def now(self) -> datetime:
        return START + timedelta(seconds=self.passed) + self.set_by

    def monotonic(self) -> float:
        return self.passed

    def sleep(self, seconds: float) -> None:
        self.passed += max(seconds, self.step)


@dataclass
class Runs:
    """Begins runs that take `seconds` of the clock and then are stored; how each ends can be set."""

    clock: FastClock
    store: str
    seconds: float = 20
    seconds_to_tell: float = 0
    ends: Ended = field(default_factory=lambda: Ended(Exit.REPORTED))
    is_stored: bool = True
    meanwhile: Callable[[], None] = lambda: None
    tasks: list[Task] = field(default_factory=list)
    going_on: int = 0
    killed: int = 0

    def __call__(self, task: Task) -> Run:
        assert self.going_on == 0, "runs overlap"
        self.tasks.append(task)
        self.going_on += 1
        return Run(
            self, task, self.clock.passed + (self.seconds_to_tell if task.failure or task.owed else self.seconds)
        )

    @property
    def due(self) -> list[datetime | None]:
        return [task.occasion.due for task in self.tasks if not (task.failure or task.owed)]

    @property
    def paid(self) -> list[str | None]:
        return [task.occasion.schedule for task in self.tasks if task.owed]

    @property
    def failures(self) -> list[str]:
        return [task.failure for task in self.tasks if task.failure]


@dataclass
class Run:
    runs: Runs
    task: Task
    over_at: float

    def ended(self, seconds: float) -> Ended | None:
        if self.runs.clock.passed < self.over_at:
            self.runs.meanwhile()
            self.runs.clock.sleep(seconds)
            return None
        self.runs.going_on -= 1
        if self.task.failure:
            return Ended(Exit.USAGE, self.task.failure)
        if self.task.owed:
            return Ended(Exit.REPORTED)
        if self.runs.is_stored:
            occasion, end = self.task.occasion, self.runs.clock.now()
            made = Draft(occasion.started, end, self.runs.ends.exit_code, {}, occasion.schedule, occasion.due)
            Store(open_place(self.runs.store)).keep(made)
        return self.runs.ends

    def kill(self) -> None:
        self.runs.going_on -= 1
        self.runs.killed += 1


@dataclass
class Replica:
    """A process with its schedules, as it is after a start."""

    clock: FastClock
    runs: Runs
    service: Service
    board: Board
    stop: Stop

    def until(self, seconds: float) -> None:
        """Go round for so long."""
        end = self.clock.passed + seconds
        while self.clock.passed < end:
            self.service.round()
            self.clock.sleep(0)


def replica(store: Path | str, clock: FastClock | None = None, owner: str = "a", **crons: str) -> Replica:
    """One whose schedules are `name="cron"`; without any, `minutely`."""
    clock = clock or FastClock()
    crons = crons or {"minutely": "* * * * *"}
    config = load(store=str(store))
    board, stop, runs = Board(crons, clock), Stop(clock, 30), Runs(clock, str(store))
    utc = ZoneInfo("UTC")
    plans = [
        Plan(name, config, Watch(Moments(cron, utc), clock.now()), timedelta(hours=24)) for name, cron in crons.items()
    ]
    service = Service(plans, Ledger(config, owner), Worker(runs, board, stop, clock))
    return Replica(clock, runs, service, board, stop)
