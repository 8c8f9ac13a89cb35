"""The service: looks which run is due, makes one at a time under a lease, and lives whatever becomes of it."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from auditor.config import Config
from auditor.errors import StoreError, UsageError
from auditor.recording import Occasion
from auditor.scheduler.held import Held
from auditor.scheduler.ledger import Ledger
from auditor.scheduler.log import say
from auditor.scheduler.task import Ended
from auditor.scheduler.watch import Watch
from auditor.scheduler.worker import TICK, Worker
from auditor.store.lease import Lease

ASKED_AGAIN = 600.0
"""Seconds after which the store is asked for its runs although nothing is due: is it there, what did others do."""

OTHER_AT_WORK = 15.0
"""Seconds after which a replica looks whether the other one is done."""

TRIED_AGAIN = 60.0
"""Seconds after which a store that failed is tried again."""

PAID_AGAIN = 1800.0
"""Seconds after which messages that did not go out are tried again, without a run."""

TOLD_AFTER = timedelta(minutes=5)
"""How long a run waits for its store before people are told: what passes by itself wakes nobody."""

_STOPPED = 130
"""Exit code of a run that was asked to stop: 128 and the number of SIGINT, as shells have it."""


@dataclass
class Plan:
    """A schedule, the configuration of its runs, and when it and its debts are looked at again (monotonic clock).

    A run that takes more than `longest` is ended.
    """

    name: str
    config: Config
    watch: Watch
    longest: timedelta
    look_at: float = 0
    pay_at: float = 0
    told_of: datetime | None = None


@dataclass
class Service:
    """All schedules of a process and its only worker."""

    plans: Sequence[Plan]
    ledger: Ledger
    worker: Worker
    ask_at: float = 0

    def serve(self) -> None:
        """Go round until asked to stop."""
        say("watching", schedules=", ".join(plan.name for plan in self.plans))
        while not self.worker.stop.is_asked:
            self.round()
            self.worker.clock.sleep(TICK)
        say("stopped")

    def round(self) -> None:
        """Look once: ask the store if it is time to, and make every run that is due, the longest due first."""
        now = self._now()
        self.worker.board.beat({plan.name: plan.watch.moments.following(now) for plan in self.plans})
        if self._time() >= self.ask_at:
            self._ask()
        due = [(moment, plan) for plan in self.plans if (moment := plan.watch.due(now))]
        for moment, plan in sorted(due, key=lambda one: one[0]):
            if not self.worker.board.store_is_usable:
                self._wait_for_the_store(plan, moment)
            elif not self.worker.stop.is_asked and self._time() >= plan.look_at:
                self._attend(plan)
        for plan in self.plans:
            if self.worker.board.store_is_usable and self._time() >= plan.pay_at and not self.worker.stop.is_asked:
                self._pay(plan)

    def once(self, plan: Plan) -> int:
        """Make a run of the schedule now, due or not; its exit code. `UsageError` where another one is going on."""
        lease = self.ledger.lease(plan.name, self._now())
        if lease is None:
            raise UsageError(f"schedule {plan.name!r} is being run elsewhere: try again when that run is over")
        with Held(lease, self.worker.clock) as held:
            ended = self.worker.make(plan.config, Occasion(self._now(), plan.name), held, plan.longest)
        return _STOPPED if ended is None else int(ended.exit_code)

    def _ask(self) -> None:
        """Whether the store can be used, before a run is due: written too, where that is in doubt."""
        try:
            if not self.worker.board.store_is_usable:
                self.ledger.require_writable()
                for plan in self.plans:
                    plan.watch.since = self.ledger.known_since(plan.name, plan.watch.since)
            self._learn()
            self.ask_at = self._time() + ASKED_AGAIN
        except StoreError as error:
            self._store_failed(error)

    def _learn(self) -> None:
        """Ask the store which moments had a run."""
        runs = self.ledger.runs()
        for plan in self.plans:
            plan.watch.recorded = frozenset(run.due for run in runs if run.schedule == plan.name and run.due)
        self.worker.board.store_answered(runs)

    def _store_failed(self, error: StoreError) -> None:
        self.ask_at = self._time() + TRIED_AGAIN
        if self.worker.board.store_failed(str(error)):
            say("the store cannot be used, and is tried again", logging.ERROR, problem=str(error))

    def _attend(self, plan: Plan) -> None:
        """Run what is due, if no other replica does."""
        try:
            lease = self.ledger.lease(plan.name, self._now())
            if lease is None:
                plan.look_at = self._time() + OTHER_AT_WORK
            else:
                self._run_if_due(plan, lease)
        except StoreError as error:
            self._store_failed(error)

    def _run_if_due(self, plan: Plan, lease: Lease) -> None:
        """Under the lease the store knows every run of the schedule: what is due now had none."""
        with Held(lease, self.worker.clock) as held:
            self._learn()
            now = self._now()
            if due := plan.watch.due(now):
                occasion = Occasion(now, plan.name, due)
                if ended := self.worker.make(plan.config, occasion, held, plan.longest):
                    self._settle(plan, occasion, ended)

    def _pay(self, plan: Plan) -> None:
        """Send what earlier runs owe, if no other replica does."""
        plan.pay_at = self._time() + PAID_AGAIN
        try:
            lease = self.ledger.lease(plan.name, self._now()) if self.ledger.owes(plan.name) else None
            if lease:
                with Held(lease, self.worker.clock) as held:
                    self.worker.pay(plan.config, Occasion(self._now(), plan.name), held)
        except StoreError as error:
            self._store_failed(error)

    def _settle(self, plan: Plan, occasion: Occasion, ended: Ended) -> None:
        """The moment is over, and the store says so: else another replica, or this one after a restart, repeats it."""
        if occasion.due is None:
            return
        plan.watch.missed.add(occasion.due)
        try:
            self._learn()
            if occasion.due not in plan.watch.recorded:
                self.ledger.record(occasion, ended, self._now())
        except StoreError as error:
            self._store_failed(error)
            lost = "the run is not in the store: after a restart it would be made again"
            say(lost, logging.ERROR, schedule=plan.name, due=occasion.due, run=occasion.run_id)

    def _wait_for_the_store(self, plan: Plan, due: datetime) -> None:
        """Tell people once of each run that waits: silence must not look like a run."""
        if plan.told_of == due or self._now() - due < TOLD_AFTER:
            return
        plan.told_of = due
        problem = self.worker.board.store_problem
        say("a run waits for the store", logging.ERROR, schedule=plan.name, due=due, problem=problem)
        why = f"it waits for its store, which is tried again every minute: {problem}"
        # Without the moment: it is not over, and no record of a failure must say so.
        self.worker.tell(plan.config, Occasion(self._now(), plan.name), why)

    def _now(self) -> datetime:
        return self.worker.clock.now()

    def _time(self) -> float:
        return self.worker.clock.monotonic()
