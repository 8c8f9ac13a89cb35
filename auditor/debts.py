"""What stored runs owe to people: sent in order by one process, again by later runs, and at last given up.

Whom a run owes a message stands in its manifest, what became of it in the store's records of deliveries. The message
of the run that was just made goes the same way as one that is a week late: read from the store.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial

from auditor.addressees import addressed_of_failure, dropped
from auditor.clock import Clock
from auditor.config import Config
from auditor.dispatch import Report, Way, deliver_failure, deliver_report
from auditor.errors import AuditorError, Exit, StoreError
from auditor.model.letter import Addressee, Delivery, Failed, Since, Undelivered
from auditor.recording import Recording, kept_failure
from auditor.report.document import AUDIT_FILE
from auditor.report.text import clean
from auditor.store.deliveries import Claim, State, claim, give_up
from auditor.store.files import parse_audit
from auditor.store.runs import Run, Store

_log = logging.getLogger(__name__)
_AT_ONCE = 8
_NEXT_STEP = "the report is in the store: auditor history"


@dataclass(frozen=True, slots=True)
class Book:
    """The store's records of one message, as delivery asks for them."""

    run: Run
    clock: Clock
    claims: dict[str, Claim] = field(default_factory=dict)

    def begin(self, recipient: str) -> bool:
        """Whether this attempt is ours; it is recorded that it begins."""
        found = claim(self.run.place, self.run.manifest.message, recipient, self.clock())
        if found:
            self.claims[recipient] = found
        return found is not None

    def end(self, recipient: str, problem: str | None) -> None:
        """Record how it went. Where that is not possible, the record goes on saying that nobody knows."""
        try:
            self.claims.pop(recipient).finish(State.FAILED if problem else State.DELIVERED, self.clock(), problem)
        except StoreError as error:
            _log.warning("%s", clean(f"how the message to {recipient} went is not recorded: {error}"))


def settle(
    store: Store, config: Config, clock: Clock, schedule: str | None, current: Run | None = None
) -> tuple[Delivery, ...]:
    """Send what the runs of a schedule owe, the oldest first and that of the current run last.

    A result for each message that was tried or given up here. What another process is sending, or may have sent when
    it died less than a quarter of an hour ago, is left to it.
    """
    earlier = [run for run in store.listing().runs if run.manifest.schedule == schedule]
    runs = [run for run in earlier if current is None or run.name != current.name] + ([current] if current else [])
    settlement = _Settlement(runs, current, config, clock)
    for run, owed in list(_owing(runs)):
        settlement.pay(run, owed)
    return tuple(settlement.done)


def tell_of_failure(
    config: Config, recording: Recording, clock: Clock, reason: str, code: Exit
) -> tuple[Delivery, ...]:
    """Tell everybody that a run failed, once for all processes with its occasion where there is a store."""
    to = addressed_of_failure(config)
    if run := kept_failure(config, recording, to, reason, code):
        with suppress(StoreError):
            return settle(Store(run.place), config, clock, recording.occasion.schedule, current=run)
    failed = Failed(recording.occasion.started, reason)
    return deliver_failure(recording.occasion.message_of_failure, failed, to, Way(config))


def _owing(runs: Iterable[Run]) -> Iterator[tuple[Run, list[Addressee]]]:
    """Runs with those whom they owe something."""
    asked = [run for run in runs if run.manifest.recipients]
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        for run, standing in zip(asked, pool.map(lambda run: run.deliveries(), asked), strict=True):
            pairs = zip(run.manifest.recipients, standing, strict=True)
            if owed := [addressee for addressee, found in pairs if not found.is_over]:
                yield run, owed


@dataclass
class _Settlement:
    """One walk through the runs. Who could not be reached gets no later message before an earlier one."""

    runs: list[Run]
    current: Run | None
    config: Config
    clock: Clock
    done: list[Delivery] = field(default_factory=list)
    unreachable: set[str] = field(default_factory=set)

    def pay(self, run: Run, owed: list[Addressee]) -> None:
        """Send, or give up, what a run owes."""
        try:
            if self._is_late(run):
                owed = self._still_owed(run, [one for one in owed if one.recipient not in self.unreachable])
            self._add(run, self._sent(run, owed) if owed else ())
        except AuditorError as error:  # one run that cannot be read keeps back none of the others
            said = str(error)
            self._add(run, tuple(Delivery(one.channel, one.recipient, "", 0, said, _NEXT_STEP) for one in owed))

    def _is_late(self, run: Run) -> bool:
        return self.current is None or run.manifest.message != self.current.manifest.message

    def _still_owed(self, run: Run, owed: list[Addressee]) -> list[Addressee]:
        """Without those who get this message no more: it is too old, or they have left the configuration."""
        if self.clock() > run.manifest.moment + timedelta(days=self.config.delivery_days):
            reasons = {one.recipient: f"not delivered for {self.config.delivery_days} days" for one in owed}
        else:
            reasons = dropped(owed, self.config)
        for one in owed:
            if why := reasons.get(one.recipient):
                self._give_up(run, one, why)
        return [one for one in owed if one.recipient not in reasons]

    def _give_up(self, run: Run, one: Addressee, why: str) -> None:
        last = next(found for found in run.deliveries() if found.recipient == one.recipient)
        why = f"given up: {why}" + (f"; the last attempt: {last.reason}" if last.reason else "")
        if found := give_up(run.place, run.manifest.message, one.recipient, self.clock(), why):
            self._add(run, (Delivery(one.channel, one.recipient, "", found.attempts, why, _NEXT_STEP),))

    def _add(self, run: Run, results: tuple[Delivery, ...]) -> None:
        of = run.manifest.moment if self._is_late(run) else None
        self.done += (replace(one, of=of) for one in results)
        self.unreachable |= {one.recipient for one in results if one.may_pass}

    def _sent(self, run: Run, owed: list[Addressee]) -> tuple[Delivery, ...]:
        way = Way(self.config, ledger=Book(run, self.clock))
        manifest = run.manifest
        if not manifest.is_good:
            failed = Failed(manifest.started, str(manifest.reason), self._good_before(run), is_late=self._is_late(run))
            return deliver_failure(manifest.message, failed, owed, way)
        audit = parse_audit(run.read(AUDIT_FILE), f"{AUDIT_FILE} of run {run.name}")
        report = Report(
            run_id=manifest.message,
            audit=audit,
            read=partial(_read, run),
            place=run.where,
            since=Since.of(audit.since_last),
            link=run.link,
            late=manifest.moment if self._is_late(run) else None,
            undelivered=tuple(self._undelivered()),
        )
        return deliver_report(report, owed, way)

    def _good_before(self, run: Run) -> datetime | None:
        good = (one.manifest for one in self.runs if one.manifest.is_good)
        return max((one.moment for one in good if one.finished < run.manifest.finished), default=None)

    def _undelivered(self) -> Iterator[Undelivered]:
        """What the walk has met so far of others' messages, for those who read the whole."""
        for one in self.done:
            if one.problem and one.of:
                yield Undelivered(one.of, one.recipient, one.problem)


def _read(run: Run, name: str) -> bytes | None:
    """A file of a stored run, where it has one of that name."""
    return run.read(name) if any(file.name == name for file in run.manifest.files) else None
