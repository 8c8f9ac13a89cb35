"""The stages in their order: collect, attribute, analyze, render. The only file that knows all of them.

What evidence does not need (the store, reports, mail) is imported by the functions that do: it takes as long as to
read a few regions.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from auditor.clock import Clock, clock_from
from auditor.collectors.progress import Progress
from auditor.collectors.selection import window_of
from auditor.config import Config
from auditor.errors import Exit, NoAccessError, StoreError
from auditor.model.evidence import Evidence
from auditor.model.money import Price
from auditor.model.shard import Named, Shard
from auditor.outcome import Outcome, report
from auditor.reading import Forecast, begun, collect_shard, forecast, is_in_parts, merged, read, selection
from auditor.recording import Failing, Occasion, Recording, kept_failure
from auditor.store.files import parse_evidence, require_writable, save_evidence

if TYPE_CHECKING:
    from auditor.collectors.permissions import Trial
    from auditor.model.letter import Delivery
    from auditor.past import Earlier
    from auditor.store.parts import Parts
    from auditor.store.runs import Store

__all__ = ["Forecast", "Outcome", "forecast", "read", "report", "selection"]

EVIDENCE = "evidence.json"

Addressed = Callable[["Outcome", "Earlier | None"], "Outcome"]
"""Says who is to be told of a report."""


Told = Callable[["tuple[Delivery, ...]"], None]
"""Learns who was told of a run that failed."""


@dataclass(frozen=True)
class Work:
    """How a run comes by its evidence, and where its parts are; `None` where it has none."""

    evidence: Callable[[Progress], Evidence]
    parts: Parts | None = None


Begin = Callable[[], Work]


def run(config: Config, now: datetime, progress: Progress, named: Named | None = None) -> Outcome:
    """Audit now. Output folder and store are tried first, so that no audit is lost on them at the end."""
    recording = Recording(Occasion(now))
    return _reported(config, progress, recording, partial(_reading, config, now, named))


def run_and_deliver(  # noqa: PLR0913, PLR0917 -- why it is made and which run it is are two things
    config: Config,
    now: datetime,
    progress: Progress,
    told: Told,
    occasion: Occasion | None = None,
    named: Named | None = None,
) -> Outcome:
    """The same, and tell those whom the configuration names; of a run that fails, `told` learns who was told.

    With a store, messages of earlier runs of the schedule that did not go out go with it, and processes with the same
    occasion deliver once.
    """
    recording = Recording(occasion or Occasion(now))
    work = partial(_reading, config, now, named)
    return _told(config, progress, Teller(recording, clock_from(now), told), work)


def merge(config: Config, now: datetime, progress: Progress, run: str) -> Outcome:
    """Report what the shards of a run have read, or a run that was killed has, with gaps for what is missing."""
    return _reported(config, progress, Recording(Occasion(now)), partial(_merging, config, run))


def merge_and_deliver(config: Config, now: datetime, progress: Progress, told: Told, run: str) -> Outcome:
    """The same, and tell those whom the configuration names."""
    teller = Teller(Recording(Occasion(now)), clock_from(now), told)
    return _told(config, progress, teller, partial(_merging, config, run))


@dataclass(frozen=True)
class Teller:
    """A run of which people are to be told."""

    recording: Recording
    clock: Clock
    told: Told


def _reading(config: Config, now: datetime, named: Named | None) -> Work:
    if not is_in_parts(config, named):
        return Work(lambda progress: read(config, now, progress))
    parts, moment = begun(config, now, named)
    return Work(lambda progress: read(config, moment, progress, parts), parts)


def _merging(config: Config, run: str) -> Work:
    from auditor import past

    parts = past.parts_of(past.store_of(config), run)
    return Work(lambda progress: merged(config, progress, parts), parts)


def _reported(config: Config, progress: Progress, recording: Recording, begin: Begin) -> Outcome:
    with Failing(partial(kept_failure, config, recording, ())):
        return _run(config, begin, progress, recording, _untold)


def _told(config: Config, progress: Progress, teller: Teller, begin: Begin) -> Outcome:
    from auditor import addressees, debts

    addressees.require_settings(config)

    def failed(reason: str, code: Exit) -> None:
        teller.told(debts.tell_of_failure(config, teller.recording, teller.clock, reason, code))

    with Failing(failed):
        outcome = _run(config, begin, progress, teller.recording, partial(_addressed, config))
    return _delivered(outcome, config, teller.recording, teller.clock)


def tell_of_failure(config: Config, now: datetime, occasion: Occasion, reason: str, code: Exit) -> tuple[Delivery, ...]:
    """Record and tell that a run failed which could not do so itself: it was abandoned, say, or its process died."""
    from auditor import debts

    return debts.tell_of_failure(config, Recording(occasion), clock_from(now), reason, code)


def deliver_owed(config: Config, now: datetime, schedule: str | None = None) -> tuple[Delivery, ...]:
    """Send what stored runs of a schedule still owe, without a run; `UsageError` without a store."""
    from auditor import debts, past

    return debts.settle(past.store_of(config), config, clock_from(now), schedule)


@dataclass(frozen=True)
class ShardRead:
    """What a process has read of a run: where the run is, how many accounts, and gaps in how many of them."""

    where: str
    shard: Shard
    accounts: int
    with_gaps: int

    def exit_code(self, config: Config) -> Exit:
        """What the process should end with."""
        return Exit.GAPS if self.with_gaps and not config.allow_gaps else Exit.REPORTED


def read_shard(config: Config, now: datetime, progress: Progress, run: str, shard: Shard) -> ShardRead:
    """Read a shard of a run into the store and no more: `merge` reports, when all shards are read.

    A shard that was killed is read by the same call: accounts that are there are left out.
    """
    from auditor import past

    store = past.store_of(config)
    parts, moment = begun(config, now, Named(run), shard)
    counted = collect_shard(selection(config, moment), progress, parts)
    return ShardRead(store.place.address(f"runs/{run}"), shard, counted.accounts, counted.with_gaps)


def _run(
    config: Config,
    begin: Begin,
    progress: Progress,
    recording: Recording,
    addressed: Addressed,
) -> Outcome:
    require_writable(config.output)
    store, earlier = _store(config), None
    work = begin()
    recording = replace(recording, run=work.parts.run if work.parts else None)
    if store:
        progress = recording.heard(progress)
        earlier = _earlier(store, recording)
    evidence = _evidence(work, progress)
    outcome = addressed(_written(evidence, config, earlier), earlier)
    if store:
        return _stored(outcome, evidence, config, Shelf(store, recording, work.parts))
    _let_go(evidence, work.parts)
    return outcome


def _store(config: Config) -> Store | None:
    if config.store is None:
        return None
    from auditor import past

    return past.store_of(config)


def _earlier(store: Store, recording: Recording) -> Earlier:
    from auditor import past

    return past.earlier(store, recording.occasion.schedule, besides=recording.run)


def _evidence(work: Work, progress: Progress) -> Evidence:
    """The evidence. Where a new run could read nothing, there is nothing to go on with: the next one begins anew."""
    try:
        return work.evidence(progress)
    except NoAccessError:
        if work.parts and work.parts.begun:
            from auditor.store.runs import Store

            Store(work.parts.place).discard(work.parts.run)
        raise


def _untold(outcome: Outcome, _: Earlier | None) -> Outcome:
    return outcome


def _written(evidence: Evidence, config: Config, earlier: Earlier | None = None) -> Outcome:
    """Evidence first: what took minutes to read is not lost on a page that cannot be rendered."""
    save_evidence(config.output / EVIDENCE, evidence)
    outcome = report(evidence, config, earlier)
    return replace(outcome, paths=(*outcome.paths, config.output / EVIDENCE))


def _addressed(config: Config, outcome: Outcome, earlier: Earlier | None) -> Outcome:
    """With those who are to be told, and what only they get: the run is stored together with its debts.

    After a run that failed everybody is told, even of a quiet week: the last word must not be that it failed.
    """
    from auditor import addressees, dispatch
    from auditor.model.letter import Since

    since = None if earlier and earlier.has_failed else Since.of(outcome.audit.since_last)
    found = addressees.addressed(outcome.audit, since, config)
    parts = dispatch.write_parts(outcome.audit, found.addressees, config)
    return replace(outcome, addressees=found.addressees, parts=parts, deliveries=found.not_found)


@dataclass(frozen=True)
class Shelf:
    """Where a run goes."""

    store: Store
    recording: Recording
    parts: Parts | None


def _stored(outcome: Outcome, evidence: Evidence, config: Config, shelf: Shelf) -> Outcome:
    """The run in the store, whose retention follows; a report that is there outlives a store that fails."""
    from auditor.report.document import AUDIT_FILE, render_json

    run = None
    try:
        made: dict[str, bytes | Path] = {path.name: path for path in (*outcome.paths, *outcome.parts)}
        if AUDIT_FILE not in made:
            made[AUDIT_FILE] = render_json(outcome.audit).encode()
        code = outcome.exit_code(config)
        run = shelf.recording.keep(shelf.store, outcome.audit, made, code, outcome.addressees)
        if shelf.parts and shelf.parts.is_settled(evidence):
            shelf.parts.drop()
        shelf.store.clean(datetime.now(UTC), config.keep_runs, config.keep_days)
    except StoreError as error:
        return replace(outcome, stored=run, not_stored=error)
    return replace(outcome, stored=run)


def _let_go(evidence: Evidence, parts: Parts | None) -> None:
    """Without a store the parts go when the report is there, unless another attempt can add something."""
    if parts:
        from auditor.store.runs import Store

        if parts.is_settled(evidence):
            Store(parts.place).discard(parts.run)
        Store(parts.place).clean(datetime.now(UTC))


def _delivered(outcome: Outcome, config: Config, recording: Recording, clock: Clock) -> Outcome:
    """From the store, where the run is in one; else from the folder: a broken store keeps nobody's report back."""
    from auditor import debts
    from auditor.store.runs import Store

    if outcome.stored is None:
        return replace(outcome, deliveries=(*outcome.deliveries, *_delivered_from_folder(outcome, config, recording)))
    store = Store(outcome.stored.place)
    try:
        sent = debts.settle(store, config, clock, recording.occasion.schedule, current=outcome.stored)
    except StoreError as error:
        return replace(outcome, not_stored=error)
    return replace(outcome, deliveries=(*outcome.deliveries, *sent))


def _delivered_from_folder(outcome: Outcome, config: Config, recording: Recording) -> tuple[Delivery, ...]:
    from auditor import dispatch
    from auditor.model.letter import Since

    report = dispatch.Report(
        run_id=recording.occasion.message,
        audit=outcome.audit,
        read=dispatch.files_in(config.output),
        place=str(config.output.absolute()),
        since=Since.of(outcome.audit.since_last),
    )
    return dispatch.deliver_report(report, outcome.addressees, dispatch.Way(config))


def has_parts(run: str, config: Config) -> bool:
    """Whether a run in the store is still in parts, which `merge` puts together."""
    from auditor import past

    return past.has_parts(past.store_of(config), run)


def evidence_of(run: str, config: Config) -> Evidence:
    """What a finished run in the store rests on."""
    from auditor import past

    found = past.run_named(past.store_of(config), run)
    return parse_evidence(found.read(EVIDENCE), Path(f"{EVIDENCE} of run {run}"))


def prices(config: Config, now: datetime) -> tuple[tuple[Price, ...], tuple[str, ...]]:
    """The prices that an audit of the configured regions would use, and why they are not live where they are not."""
    from auditor.collectors.run import read_prices

    return asyncio.run(read_prices(selection(config, now)))


def check(config: Config, now: datetime) -> tuple[str, list[Trial]]:
    """Who the caller is, and which calls are allowed."""
    from auditor.collectors.permissions import try_permissions

    window = window_of(config.window_days, now)
    return asyncio.run(try_permissions(config.profile, config.regions, window))
