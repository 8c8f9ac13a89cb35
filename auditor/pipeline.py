"""The stages in their order: collect, attribute, analyze, render. The only file that knows all of them."""

from __future__ import annotations

import asyncio
import gc
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

from auditor import past
from auditor.analyzer import analyze, forecast_of, traffics_of
from auditor.collectors.endpoints import fetch_offers
from auditor.collectors.permissions import Trial, try_permissions
from auditor.collectors.run import Progress, Selection, collect, read_prices, window_of
from auditor.collectors.surroundings import fetch_interfaces_of
from auditor.config import Config, FlowLogs, Format
from auditor.errors import Exit, StoreError
from auditor.model.audit import Audit
from auditor.model.comparison import Comparison
from auditor.model.evidence import Evidence
from auditor.model.letter import Delivery, Since
from auditor.model.money import BYTES_PER_GB, Price
from auditor.remediation.plan import plan_texts
from auditor.remediation.remedy import remedy
from auditor.report.document import render_json
from auditor.store import files
from auditor.whatif.comparison import Tried, compare
from auditor.whatif.costs import metrics_usd
from auditor.whatif.wishes import Wish, by_region, edits_of

if TYPE_CHECKING:
    from auditor.attribution import stage
    from auditor.attribution.ranges import Ranges
    from auditor.attribution.tally import Counted
    from auditor.model.attributed import PlannedScan

EVIDENCE = "evidence.json"


@dataclass(frozen=True)
class Outcome:
    """What a run made: the audit and its files."""

    audit: Audit
    paths: tuple[Path, ...]
    not_stored: StoreError | None = None
    deliveries: tuple[Delivery, ...] = ()

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
    files.require_writable(config.output)
    if config.store is None:
        return _written(read(config, now, progress), config)
    recording = past.Recording(past.store_of(config), occasion or past.Occasion(now))
    earlier = past.earlier(recording.store, recording.occasion.schedule)
    return _stored(_written(read(config, now, recording.heard(progress)), config, earlier), config, recording)


def _written(evidence: Evidence, config: Config, earlier: past.Earlier | None = None) -> Outcome:
    """Evidence first: what took minutes to read is not lost on a page that cannot be rendered."""
    files.save_evidence(config.output / EVIDENCE, evidence)
    outcome = report(evidence, config, earlier)
    return replace(outcome, paths=(*outcome.paths, config.output / EVIDENCE))


def _stored(outcome: Outcome, config: Config, recording: past.Recording) -> Outcome:
    """The run in the store, whose retention follows; a report that is there outlives a store that fails."""
    try:
        made = {path.name: path.read_bytes() for path in outcome.paths}
        made.setdefault(past.AUDIT, render_json(outcome.audit).encode())
        recording.keep(outcome.audit, made, outcome.exit_code(config))
        recording.store.clean(datetime.now(UTC), config.keep_runs, config.keep_days)
    except StoreError as error:
        return replace(outcome, not_stored=error)
    return outcome


def run_and_deliver(
    config: Config, now: datetime, progress: Progress, told: Callable[[tuple[Delivery, ...]], None]
) -> Outcome:
    """The same, and tell those whom the configuration names; of a run that fails, `told` learns who was told."""
    from auditor import dispatch

    dispatch.require_settings(config)
    run_id = f"{now.astimezone(UTC):%Y%m%dT%H%M%SZ}"
    with dispatch.FailureTold(run_id, now, config, told):
        outcome = run(config, now, progress)
    since = Since.of(outcome.audit.since_last)
    report = dispatch.Report(run_id, outcome.audit, config.output, str(config.output.absolute()), since)
    return replace(outcome, deliveries=dispatch.deliver_report(report, config))


def read(config: Config, now: datetime, progress: Progress) -> Evidence:
    """Collect the evidence that the configuration asks for, and attribute its bytes by flow logs."""
    with _without_garbage_collection():
        evidence = asyncio.run(collect(selection(config, now), progress))
    evidence = constrained(evidence, config)
    if config.flow_logs is FlowLogs.OFF or not any(scope.network.flow_logs for scope in evidence.scopes):
        return evidence
    return asyncio.run(_attributed(evidence, config, progress))


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
        here=_region_here(),
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
        role=config.role,
        external_id=config.external_id,
        tell=progress.note,
    )


def _region_here() -> str | None:
    """The region that this process runs in, where AWS itself says so: ECS, Lambda and CloudShell set both."""
    return os.environ.get("AWS_REGION") if os.environ.get("AWS_EXECUTION_ENV") else None


def report(evidence: Evidence, config: Config, earlier: past.Earlier | None = None) -> Outcome:
    """Render evidence, fresh or saved, in the formats of the configuration, compared with an earlier run."""
    audit = audit_of(evidence)
    if earlier:
        audit = earlier.followed(audit, evidence.constraints)
    contents = _render(audit, config.formats)
    paths = []
    for form, content in contents:
        paths.append(config.output / form.file)
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


def attribute(paths: Sequence[str], described: Path, region: str, config: Config, log_format: str | None) -> Counted:
    """What flow-log files say about the NAT gateways that `aws ec2 describe-nat-gateways` printed."""
    from auditor.attribution.paths import Question, count_paths
    from auditor.attribution.ranges import load_ranges
    from auditor.attribution.record_format import parse_log_format
    from auditor.collectors.described import load_nat_gateways

    question = Question(
        gateways=load_nat_gateways(described, region),
        ranges=load_ranges(config.ip_ranges),
        log_format=parse_log_format(log_format) if log_format is not None else None,
        budget=config.budget,
        here=_region_here(),
        profile=config.profile,
    )
    return asyncio.run(count_paths(paths, question))


def selection(config: Config, now: datetime) -> Selection:
    """What the collectors are to read."""
    return Selection(
        window=window_of(config.window_days, now),
        generated_at=now,
        profile=config.profile,
        regions=config.regions,
        accounts=config.accounts,
        role=config.role,
        external_id=config.external_id,
        live_prices=config.live_prices,
    )


def _render(audit: Audit, formats: tuple[Format, ...]) -> Iterator[tuple[Format, bytes]]:
    from auditor.report.html import render_html
    from auditor.report.paper import render_paper
    from auditor.report.pdf import render_pdf

    if Format.JSON in formats:
        yield Format.JSON, render_json(audit).encode()
    if Format.HTML in formats:
        yield Format.HTML, render_html(audit).encode()
    if Format.PDF in formats:
        yield Format.PDF, render_pdf(render_paper(audit))


@contextmanager
def _without_garbage_collection() -> Iterator[None]:
    """Collecting makes many long-lived objects and no cycles worth finding: the collector costs a tenth of it."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


@contextmanager
def _evidence_frozen() -> Iterator[None]:
    """What is there stays while it is looked at: each collection would go through all of it in vain."""
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()
