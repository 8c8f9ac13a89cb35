"""Makes one run and says all about it: in the log, in the figures, and to people where the run itself could not."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import timedelta

from auditor.config import Config
from auditor.errors import Exit
from auditor.recording import Occasion
from auditor.scheduler.board import Board
from auditor.scheduler.clock import Clock
from auditor.scheduler.held import Held
from auditor.scheduler.log import Fields, say
from auditor.scheduler.stop import Stop
from auditor.scheduler.task import Ended, Start, Task

TICK = 0.5
"""Seconds between two looks at what may change: the clock, signals, the lease."""

TOLD_WITHIN = timedelta(hours=1)
"""How long sending messages may take by itself."""


@dataclass(frozen=True, slots=True)
class Worker:
    """The only one of a process: runs never overlap."""

    start: Start
    board: Board
    stop: Stop
    clock: Clock

    def make(self, config: Config, occasion: Occasion, held: Held, longest: timedelta) -> Ended | None:
        """Make a run, which fails if it takes longer; `None` where it was abandoned: then it left nothing."""
        fields = _fields(occasion)
        say("run began", logging.INFO, fields)
        began = self.clock.monotonic()
        ended = self._awaited(Task(config, occasion), held, longest)
        if ended is None:
            return None
        seconds = round(self.clock.monotonic() - began, 1)
        _say_gaps(ended, fields)
        _say_delivered(ended, fields)
        level = logging.ERROR if ended.problem else logging.INFO
        say("run ended", level, fields, exit_code=int(ended.exit_code), seconds=seconds, problem=ended.problem)
        self.board.metrics.count(str(occasion.schedule), ended, seconds)
        if not ended.is_told:
            self.tell(config, occasion, str(ended.problem), held)
        return ended

    def tell(self, config: Config, occasion: Occasion, failure: str, held: Held | None = None) -> None:
        """Tell people of a run that could not tell of itself."""
        if ended := self._awaited(Task(config, occasion, failure), held, TOLD_WITHIN):
            _say_delivered(ended, _fields(occasion))

    def pay(self, config: Config, occasion: Occasion, held: Held) -> None:
        """Send what earlier runs of the schedule still owe."""
        if ended := self._awaited(Task(config, occasion, owed=True), held, TOLD_WITHIN):
            _say_delivered(ended, _fields(occasion))

    def _awaited(self, task: Task, held: Held | None, longest: timedelta) -> Ended | None:
        running = self.start(task)
        end = self.clock.monotonic() + longest.total_seconds()
        while (ended := running.ended(TICK)) is None:
            self.board.still_here()
            if why := self._reason_to_end(held):
                running.kill()
                say("run abandoned", logging.WARNING, _fields(task.occasion), problem=why)
                return None
            if self.clock.monotonic() > end:
                running.kill()
                return Ended(Exit.BUG, _too_long(longest), is_told=False)
        return ended

    def _reason_to_end(self, held: Held | None) -> str | None:
        if self.stop.is_overdue:
            return "asked to stop; it is made up for at the next start"
        return "the lease was lost, so another replica may make it" if held and held.is_lost else None


def _too_long(longest: timedelta) -> str:
    return (
        f"it had not ended after {longest / timedelta(hours=1):g} h and was killed: the log says how far it came; "
        "where it needs longer, raise longest_hours of its schedule"
    )


def _fields(occasion: Occasion) -> Fields:
    return {"schedule": occasion.schedule, "due": occasion.due, "run": occasion.run_id}


def _say_gaps(ended: Ended, fields: Fields) -> None:
    for gap in ended.found.gaps if ended.found else ():
        where: Fields = {"account": gap.account_id, "region": gap.region or None}
        say("gap", logging.WARNING, {**fields, **where}, action=gap.action, problem=gap.reason)


def _say_delivered(ended: Ended, fields: Fields) -> None:
    for one in ended.deliveries:
        how: Fields = {"recipient": one.recipient, "attempts": one.attempts, "message_id": one.message_id or None}
        if one.is_delivered:
            say("delivered", logging.INFO, {**fields, **how})
        else:
            say("not delivered", logging.ERROR, {**fields, **how}, problem=one.problem, next_step=one.next_step)
