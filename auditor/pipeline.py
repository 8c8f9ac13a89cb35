"""The stages in their order: collect, attribute, analyze, render. The only file that knows all of them."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from auditor import past
from auditor.analyzer import analyze, forecast_of, traffics_of
from auditor.aws.accounts import Access, Exceptional
from auditor.aws.operations import action_of
from auditor.clock import Clock, clock_from
from auditor.collectors.endpoints import fetch_offers
from auditor.collectors.organization import Choice
from auditor.collectors.permissions import Trial, try_permissions
from auditor.collectors.run import Progress, Selection, collect, read_prices, window_of
from auditor.collectors.surroundings import fetch_interfaces_of
from auditor.config import Config, FlowLogs, Format, region_here
from auditor.errors import Exit, StoreError
from auditor.model.audit import Audit
from auditor.model.comparison import Comparison
from auditor.model.evidence import STOPPED, Evidence, Gap, Scope, Source
from auditor.model.letter import Delivery, Since
from auditor.model.money import BYTES_PER_GB, Price
from auditor.remediation.plan import plan_texts
from auditor.remediation.remedy import remedy
from auditor.report.document import render_json
from auditor.store import files
from auditor.store.runs import Run, Store
from auditor.whatif.comparison import Tried, compare
from auditor.whatif.costs import metrics_usd
from auditor.whatif.wishes import Wish, by_region, edits_of

if TYPE_CHECKING:
    from auditor.attribution import stage
    from auditor.attribution.ranges import Ranges
    from auditor.model.attributed import PlannedScan

EVIDENCE = "evidence.json"

Addressed = Callable[["Outcome", past.Earlier], "Outcome"]
"""Says who is to be told of a report."""


@dataclass(frozen=True)
class Outcome:
    """What a run made: the audit and its files; `parts` are those of owners, whom nobody else should read."""

    audit: Audit
    paths: tuple[Path, ...]
    not_stored: StoreError | None = None
    deliveries: tuple[Delivery, ...] = ()
    stored: Run | None = None
    addressees: past.Recipients = ()
    parts: tuple[Path, ...] = ()

    def exit_code(self, config: Config) -> Exit:
        """What the process should end with. A report that reached nobody comes first: all else stands in it."""
        if self.not_stored or not all(one.is_delivered for one in self.deliveries):
            return Exit.NOT_DELIVERED
        totals = self.audit.totals
        if config.fail_above is not None and totals.saving_measured > config.fail_above:
            return Exit.ABOVE_LIMIT
        return Exit.GAPS if self.audit.gaps and not config.allow_gaps else Exit.REPORTED


def run(config: Config, now: datetime, progress: Progress, occasion: past.Occasion | None = None) -> Outcome:
    """Audit now. Output folder and store are tried first, so that no audit is lost on them at the end."""
    recording = past.Recording(occasion or past.Occasion(now))
    with past.Failing(partial(past.kept_failure, config, recording, ())):
        return _run(config, now, progress, recording, _untold)


def run_and_deliver(
    config: Config,
    now: datetime,
    progress: Progress,
    told: Callable[[tuple[Delivery, ...]], None],
    occasion: past.Occasion | None = None,
) -> Outcome:
    """The same, and tell those whom the configuration names; of a run that fails, `told` learns who was told.

    With a store, messages of earlier runs of the schedule that did not go out go with it, and processes with the same
    occasion deliver once.
    """
    from auditor import addressees, debts

    addressees.require_settings(config)
    recording, clock = past.Recording(occasion or past.Occasion(now)), clock_from(now)

    def failed(reason: str, code: Exit) -> None:
        told(debts.tell_of_failure(config, recording, clock, reason, code))

    with past.Failing(failed):
        outcome = _run(config, now, progress, recording, partial(_addressed, config))
    return _delivered(outcome, config, recording, clock)


def tell_of_failure(
    config: Config, now: datetime, occasion: past.Occasion, reason: str, code: Exit
) -> tuple[Delivery, ...]:
    """Record and tell that a run failed which could not do so itself: it was abandoned, say, or its process died."""
    from auditor import debts

    return debts.tell_of_failure(config, past.Recording(occasion), clock_from(now), reason, code)


def deliver_owed(config: Config, now: datetime, schedule: str | None = None) -> tuple[Delivery, ...]:
    """Send what stored runs of a schedule still owe, without a run; `UsageError` without a store."""
    from auditor import debts

    return debts.settle(past.store_of(config), config, clock_from(now), schedule)


def _run(
    config: Config,
    now: datetime,
    progress: Progress,
    recording: past.Recording,
    addressed: Addressed,
) -> Outcome:
    files.require_writable(config.output)
    if config.store is None:
        return addressed(_written(read(config, now, progress), config), past.Earlier())
    store = past.store_of(config)
    earlier = past.earlier(store, recording.occasion.schedule)
    outcome = addressed(_written(read(config, now, recording.heard(progress)), config, earlier), earlier)
    return _stored(outcome, config, store, recording)


def _untold(outcome: Outcome, _: past.Earlier) -> Outcome:
    return outcome


def _written(evidence: Evidence, config: Config, earlier: past.Earlier | None = None) -> Outcome:
    """Evidence first: what took minutes to read is not lost on a page that cannot be rendered."""
    files.save_evidence(config.output / EVIDENCE, evidence)
    outcome = report(evidence, config, earlier)
    return replace(outcome, paths=(*outcome.paths, config.output / EVIDENCE))


def _addressed(config: Config, outcome: Outcome, earlier: past.Earlier) -> Outcome:
    """With those who are to be told, and what only they get: the run is stored together with its debts.

    After a run that failed everybody is told, even of a quiet week: the last word must not be that it failed.
    """
    from auditor import addressees, dispatch

    since = None if earlier.has_failed else Since.of(outcome.audit.since_last)
    found = addressees.addressed(outcome.audit, since, config)
    parts = dispatch.write_parts(outcome.audit, found.addressees, config)
    return replace(outcome, addressees=found.addressees, parts=parts, deliveries=found.not_found)


def _stored(outcome: Outcome, config: Config, store: Store, recording: past.Recording) -> Outcome:
    """The run in the store, whose retention follows; a report that is there outlives a store that fails."""
    run = None
    try:
        made = {path.name: path.read_bytes() for path in (*outcome.paths, *outcome.parts)}
        made.setdefault(past.AUDIT, render_json(outcome.audit).encode())
        run = recording.keep(store, outcome.audit, made, outcome.exit_code(config), outcome.addressees)
        store.clean(datetime.now(UTC), config.keep_runs, config.keep_days)
    except StoreError as error:
        return replace(outcome, stored=run, not_stored=error)
    return replace(outcome, stored=run)


def _delivered(outcome: Outcome, config: Config, recording: past.Recording, clock: Clock) -> Outcome:
    """From the store, where the run is in one; else from the folder: a broken store keeps nobody's report back."""
    from auditor import debts

    if outcome.stored is None:
        return replace(outcome, deliveries=(*outcome.deliveries, *_delivered_from_folder(outcome, config, recording)))
    store = Store(outcome.stored.place)
    try:
        sent = debts.settle(store, config, clock, recording.occasion.schedule, current=outcome.stored)
    except StoreError as error:
        return replace(outcome, not_stored=error)
    return replace(outcome, deliveries=(*outcome.deliveries, *sent))


def _delivered_from_folder(outcome: Outcome, config: Config, recording: past.Recording) -> tuple[Delivery, ...]:
    from auditor import dispatch

    report = dispatch.Report(
        run_id=recording.occasion.message,
        audit=outcome.audit,
        read=dispatch.files_in(config.output),
        place=str(config.output.absolute()),
        since=Since.of(outcome.audit.since_last),
    )
    return dispatch.deliver_report(report, outcome.addressees, dispatch.Way(config))


def read(config: Config, now: datetime, progress: Progress) -> Evidence:
    """Collect the evidence that the configuration asks for, and attribute its bytes by flow logs."""
    with _without_garbage_collection():
        evidence = asyncio.run(collect(selection(config, now), progress))
    evidence = constrained(evidence, config)
    if config.flow_logs is FlowLogs.OFF or not any(scope.network.flow_logs for scope in evidence.scopes):
        return evidence
    if evidence.is_stopped:
        return _without_records(evidence)
    try:
        return asyncio.run(_attributed(evidence, config, progress))
    except KeyboardInterrupt:
        return _without_records(evidence)


def _without_records(evidence: Evidence) -> Evidence:
    """The same with a gap wherever flow logs were to be read: the run was stopped."""
    return replace(evidence, scopes=tuple(map(_unread, evidence.scopes)))


def _unread(scope: Scope) -> Scope:
    if not scope.network.flow_logs:
        return scope
    source = Source.FLOW_RECORDS
    gap = Gap(scope.account_id, scope.region, source, action_of(source), STOPPED)
    return replace(scope, gaps=(*scope.gaps, gap))


def constrained(evidence: Evidence, config: Config) -> Evidence:
    """The evidence under the constraints of a configuration. They are saved with it: the file alone says all."""
    return replace(evidence, constraints=config.constraints)


@dataclass(frozen=True)
class Forecast:
    """What a run would read: scopes and flow logs; and USD of its metrics, `None` where their price is not known."""

    evidence: Evidence
    scans: tuple[PlannedScan, ...]
    metrics: int
    metrics_usd: Decimal | None


def forecast(config: Config, now: datetime, progress: Progress) -> Forecast:
    """Describe everything, which is free, and estimate all that is not; no metric and no flow record is read."""
    evidence = asyncio.run(collect(replace(selection(config, now), metrics=False), progress))
    scans = asyncio.run(_forecast(evidence, config, progress)) if config.flow_logs is FlowLogs.AUTO else []
    metrics = sum(scope.metrics_requested for scope in evidence.scopes)
    return Forecast(evidence, tuple(scans), metrics, metrics_usd(evidence))


async def _forecast(evidence: Evidence, config: Config, progress: Progress) -> list[PlannedScan]:
    from auditor.attribution import stage
    from auditor.attribution.ranges import load_ranges

    return await stage.forecast(evidence, _stage_options(config, load_ranges(config.ip_ranges), progress))


async def _attributed(evidence: Evidence, config: Config, progress: Progress) -> Evidence:
    from auditor.attribution import stage
    from auditor.attribution.ranges import load_ranges, refreshed_ranges

    ranges, note = load_ranges(config.ip_ranges), None
    if config.public_lookups:
        ranges, note = await refreshed_ranges(config.ip_ranges)
    attributed = await stage.attribute(evidence, _stage_options(config, ranges, progress))
    return replace(attributed, notes=(*attributed.notes, note)) if note else attributed


def _stage_options(config: Config, ranges: Ranges, progress: Progress) -> stage.Options:
    from auditor.attribution.naming.live_dns import system_dns
    from auditor.attribution.planning import Athena, Limits
    from auditor.attribution.stage import Options

    limits = Limits(
        budget=config.budget,
        here=region_here(),
        choice=config.scan_with,
        athena=Athena(config.athena_workgroup, config.athena_database) if config.athena_workgroup else None,
        local_bytes=config.athena_above_gb * BYTES_PER_GB,
    )
    return Options(
        limits=limits,
        ranges=ranges,
        find_interfaces=fetch_interfaces_of,
        find_services=fetch_offers,
        resolve=system_dns if config.public_lookups else None,
        profile=config.profile,
        access=access(config),
        api_share=config.max_api_share,
        tell=progress.note,
    )


def report(evidence: Evidence, config: Config, earlier: past.Earlier | None = None) -> Outcome:
    """Render evidence, fresh or saved, in the formats of the configuration, compared with an earlier run."""
    audit = audit_of(evidence)
    if earlier:
        audit = earlier.followed(audit, evidence.constraints)
    contents = _render(audit, config.formats)
    paths = []
    for name, content in contents:
        paths.append(config.output / name)
        files.write_atomically(paths[-1], content)
    return Outcome(audit, tuple(paths))


def audit_of(evidence: Evidence) -> Audit:
    """What follows from evidence."""
    with _evidence_frozen():
        return analyze(evidence, remedy, plan_texts)


def audit_named(name: str, config: Config) -> Audit:
    """The audit of a file, `audit.json` or evidence, or of a run in the store."""
    path = Path(name)
    if not path.is_file():
        return past.audit_of_run(past.store_of(config), name)
    content = files.read_file(path)
    if b'"schema_version"' in content[:100]:
        return files.parse_audit(content, name)
    return audit_of(files.parse_evidence(content, path))


def what_if(evidence: Evidence, wishes: Sequence[Wish]) -> Comparison:
    """The bills before and after changes that somebody wants to try on saved evidence."""
    from auditor.attribution.naming.service_names import known_services

    traffic, services = traffics_of(evidence), known_services()
    tried: list[Tried] = []
    said: list[str] = []
    for region, wanted in by_region(evidence, wishes).items():
        forecast = forecast_of(evidence, region, traffic)
        edits, texts = zip(*edits_of(forecast.expected.situation, wanted, services), strict=True)
        tried.append(Tried(region, forecast, edits))
        said += texts
    return compare(tried, tuple(said))


def prices(config: Config, now: datetime) -> tuple[tuple[Price, ...], tuple[str, ...]]:
    """The prices that an audit of the configured regions would use, and why they are not live where they are not."""
    return asyncio.run(read_prices(selection(config, now)))


def check(config: Config, now: datetime) -> tuple[str, list[Trial]]:
    """Who the caller is, and which calls are allowed."""
    window = window_of(config.window_days, now)
    return asyncio.run(try_permissions(config.profile, config.regions, window))


def selection(config: Config, now: datetime) -> Selection:
    """What the collectors are to read."""
    chosen = Choice(config.organizational_units, frozenset(config.exclude_accounts)) if config.organization else None
    return Selection(
        window=window_of(config.window_days, now),
        generated_at=now,
        profile=config.profile,
        regions=config.regions,
        accounts=config.accounts,
        access=access(config),
        organization=chosen,
        api_share=config.max_api_share,
        live_prices=config.live_prices,
    )


def access(config: Config) -> Access:
    """How the configuration reaches other accounts."""
    return Access(
        role=config.role,
        external_id=config.external_id,
        chain=config.role_chain,
        session_name=config.session_name,
        seconds=config.session_minutes * 60 if config.session_minutes else None,
        exceptional={account: Exceptional(**dict(one)) for account, one in config.account.items()},
    )


def _render(audit: Audit, formats: tuple[Format, ...]) -> Iterator[tuple[str, bytes]]:
    """Names and contents of the files, what is cheap first."""
    from auditor.report.html import HTML_FILE, render_html
    from auditor.report.markdown import render_markdown
    from auditor.report.paper import render_paper
    from auditor.report.pdf import PDF_FILE, render_pdf
    from auditor.report.separated import render_csv
    from auditor.report.xlsx import render_xlsx

    files: dict[Format, Callable[[], dict[str, bytes]]] = {
        Format.JSON: lambda: {past.AUDIT: render_json(audit).encode()},
        Format.MD: lambda: {"summary.md": render_markdown(audit).encode()},
        Format.CSV: lambda: render_csv(audit),
        Format.XLSX: lambda: {"report.xlsx": render_xlsx(audit)},
        Format.HTML: lambda: {HTML_FILE: render_html(audit).encode()},
        Format.PDF: lambda: {PDF_FILE: render_pdf(render_paper(audit))},
    }
    for form, made in files.items():
        if form in formats:
            yield from made().items()


@contextmanager
def _without_garbage_collection() -> Iterator[None]:
    """Collecting makes many long-lived objects and no cycles worth finding: the collector costs a tenth of it."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()  # else the collector goes through all of it at once
        gc.enable()


@contextmanager
def _evidence_frozen() -> Iterator[None]:
    """What is there stays while it is looked at: each collection would go through all of it in vain."""
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()
