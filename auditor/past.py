"""What the store knows of earlier runs. Knows two stages: store and history."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from datetime import datetime

from auditor.config import Config
from auditor.errors import AuditorError, UsageError
from auditor.history import follow, standings
from auditor.model.audit import Audit
from auditor.model.constraints import Constraints
from auditor.model.history import History, PastDelivery, PastRun, Point, UnfinishedRun
from auditor.model.shard import Shard
from auditor.report.document import AUDIT_FILE
from auditor.report.text import clean
from auditor.store.begun import begun_as
from auditor.store.files import parse_audit
from auditor.store.parts import Parts
from auditor.store.place import open_place
from auditor.store.runs import Run, Store

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Earlier:
    """The last run of a schedule whose audit can be read; both `None` where this is the first.

    `has_failed` where a run after it made no report.
    """

    run: str | None = None
    audit: Audit | None = None
    has_failed: bool = False

    def followed(self, audit: Audit, constraints: Constraints) -> Audit:
        """The audit with what changed since then."""
        return follow(self.audit, self.run, audit, constraints)


def store_of(config: Config) -> Store:
    """The store that the configuration names; `UsageError` where it names none."""
    if config.store is None:
        raise UsageError("no store: name one with --store, AUDITOR_STORE or the key store of a configuration")
    return Store(open_place(config.store, config.profile))


def earlier(store: Store, schedule: str | None, besides: str | None = None) -> Earlier:
    """What to compare with: the newest run of that schedule with an audit that is whole, other than that one."""
    has_failed = False
    for run in reversed(_listed(store)):
        if run.manifest.schedule == schedule and run.name != besides:
            if run.manifest.is_good and (audit := _audit_of(run)):
                return Earlier(run.name, audit, has_failed)
            has_failed = has_failed or not run.manifest.is_good
    return Earlier(has_failed=has_failed)


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
        unfinished=tuple(_unfinished(parts, reading.generated_at) for parts, reading in store.resumable()),
    )


def parts_of(store: Store, run: str) -> Parts:
    """The parts of a run that was begun; `UsageError` where there is no such run, or it has none any more."""
    return Parts(store.place, run, Shard(1, begun_as(store.place, run).shards))


def has_parts(store: Store, run: str) -> bool:
    """Whether anything is left of a run that was read part by part."""
    return Parts(store.place, run).are_there()


def run_named(store: Store, name: str) -> Run:
    """The finished run of that name; `UsageError` where the store has none."""
    run = next((run for run in _listed(store) if run.name == name), None)
    if run is None:
        raise UsageError(f"{name} is neither a file nor a run in the store {store.place.where}; see auditor history")
    return run


def audit_of_run(store: Store, name: str) -> Audit:
    """The audit of a run by its name; `UsageError` where the store has no such run."""
    return parse_audit(run_named(store, name).read(AUDIT_FILE), f"{AUDIT_FILE} of run {name}")


def _unfinished(parts: Parts, began: datetime) -> UnfinishedRun:
    read, expected = parts.progress()
    return UnfinishedRun(parts.run, began, read, expected, tuple(str(shard) for shard in parts.unfinished()))


def _trend(one: Earlier) -> tuple[Point, ...]:
    past = one.audit.since_last if one.audit else None
    return (*past.trend[:-1], replace(past.trend[-1], run=one.run)) if past and past.trend else ()


def _past_run(run: Run, figures: Point | None) -> PastRun:
    told = run.manifest
    sent = (PastDelivery(one.recipient, one.state, one.at, one.attempts, one.reason) for one in run.deliveries())
    figures_of = (told.finished, told.schedule, told.exit_code, len(told.gaps), figures)
    return PastRun(run.name, *figures_of, told.reason, tuple(sent))


def _listed(store: Store) -> tuple[Run, ...]:
    listing = store.listing()
    for warning in listing.warnings:
        _log.warning("%s", clean(warning))
    return listing.runs


def _audit_of(run: Run) -> Audit | None:
    """The audit of a run, or nothing where it is damaged: then the run before must do."""
    try:
        return parse_audit(run.read(AUDIT_FILE), f"{AUDIT_FILE} of run {run.name}")
    except AuditorError as error:
        _log.warning("%s", clean(f"skipped: {error}"))
        return None
