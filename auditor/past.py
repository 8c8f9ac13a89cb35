"""What the store knows of earlier runs, and how a run becomes one of them. Knows two stages: store and history."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from auditor.collectors.run import Progress
from auditor.config import Config
from auditor.errors import AuditorError, Exit, UsageError
from auditor.history import follow, standings
from auditor.model.audit import Audit
from auditor.model.constraints import Constraints
from auditor.model.history import History, PastRun, Point
from auditor.report.text import clean
from auditor.store.files import parse_audit
from auditor.store.place import open_place
from auditor.store.runs import Draft, Run, Store

_log = logging.getLogger(__name__)

AUDIT = "audit.json"


@dataclass(frozen=True)
class Earlier:
    """The last run of a schedule whose audit can be read; both `None` where this is the first."""

    run: str | None = None
    audit: Audit | None = None

    def followed(self, audit: Audit, constraints: Constraints) -> Audit:
        """The audit with what changed since then."""
        return follow(self.audit, self.run, audit, constraints)


@dataclass(frozen=True)
class Occasion:
    """Why and when a run was made: by which schedule, for which moment of it, and when it began."""

    started: datetime
    schedule: str | None = None
    due: datetime | None = None

    @property
    def run_id(self) -> str:
        """The same for every attempt at one moment of a schedule: messages are told as doubles by it."""
        at = f"{(self.due or self.started).astimezone(UTC):%Y%m%dT%H%M%SZ}"
        return f"{self.schedule}-{at}" if self.schedule else at


@dataclass(frozen=True)
class Recording:
    """A run on its way into the store, with what it told on the way."""

    store: Store
    occasion: Occasion
    log: list[str] = field(default_factory=list)

    def heard(self, progress: Progress) -> Progress:
        """Told as before, and kept for the log."""

        def report(total: int, done: int, text: str) -> None:
            if text:
                self.log.append(f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ} [{done}/{total}] {clean(text)}\n")
            if progress.report:
                progress.report(total, done, text)

        return Progress(report)

    def keep(self, audit: Audit, files: Mapping[str, bytes], exit_code: Exit) -> Run:
        """Store the run; `StoreError` where the store cannot take it."""
        return self.store.keep(
            Draft(
                started=self.occasion.started,
                finished=max(datetime.now(UTC), self.occasion.started),
                exit_code=exit_code,
                files={**files, "log.txt": "".join(self.log).encode()},
                schedule=self.occasion.schedule,
                due=self.occasion.due,
                scopes=audit.scopes,
                gaps=audit.gaps,
            )
        )


def store_of(config: Config) -> Store:
    """The store that the configuration names; `UsageError` where it names none."""
    if config.store is None:
        raise UsageError("no store: name one with --store, AUDITOR_STORE or the key store of a configuration")
    return Store(open_place(config.store, config.profile))


def earlier(store: Store, schedule: str | None) -> Earlier:
    """What to compare with: the newest run of that schedule with an audit that is whole."""
    for run in reversed(_listed(store)):
        if run.manifest.is_good and run.manifest.schedule == schedule and (audit := _audit_of(run)):
            return Earlier(run.name, audit)
    return Earlier()


def history_of(store: Store) -> History:
    """All runs, and where the findings of each schedule's newest one stand."""
    runs = _listed(store)
    newest = {schedule: earlier(store, schedule) for schedule in {run.manifest.schedule for run in runs}}
    audits = [one.audit for one in newest.values() if one.audit]
    points = {point.run: point for one in newest.values() for point in _trend(one)}
    return History(
        runs=tuple(_past_run(run, points.get(run.name)) for run in runs),
        findings=tuple(row for audit in audits for row in standings(audit)),
        realised=tuple(one for audit in audits if audit.since_last for one in audit.since_last.realised),
    )


def audit_of_run(store: Store, name: str) -> Audit:
    """The audit of a run by its name; `UsageError` where the store has no such run."""
    run = next((run for run in _listed(store) if run.name == name), None)
    if run is None:
        raise UsageError(f"{name} is neither a file nor a run in the store {store.place.where}; see auditor history")
    return parse_audit(run.read(AUDIT), f"{AUDIT} of run {name}")


def _trend(one: Earlier) -> tuple[Point, ...]:
    past = one.audit.since_last if one.audit else None
    return (*past.trend[:-1], replace(past.trend[-1], run=one.run)) if past and past.trend else ()


def _past_run(run: Run, figures: Point | None) -> PastRun:
    told = run.manifest
    return PastRun(run.name, told.finished, told.schedule, told.exit_code, len(told.gaps), figures)


def _listed(store: Store) -> tuple[Run, ...]:
    listing = store.listing()
    for warning in listing.warnings:
        _log.warning("%s", clean(warning))
    return listing.runs


def _audit_of(run: Run) -> Audit | None:
    """The audit of a run, or nothing where it is damaged: then the run before must do."""
    try:
        return parse_audit(run.read(AUDIT), f"{AUDIT} of run {run.name}")
    except AuditorError as error:
        _log.warning("%s", clean(f"skipped: {error}"))
        return None
