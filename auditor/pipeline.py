"""The stages in their order: collect, attribute, analyze, render. The only file that knows all of them."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from auditor import store
from auditor.analyzer import analyze
from auditor.collectors.permissions import Trial, try_permissions
from auditor.collectors.run import Progress, Selection, collect, read_prices, window_of
from auditor.config import Config, Format
from auditor.errors import Exit
from auditor.model.audit import Audit
from auditor.model.evidence import Evidence
from auditor.model.money import Price
from auditor.remediation.remedy import remedy

if TYPE_CHECKING:
    from auditor.attribution.tally import Counted

_FILES = {Format.HTML: "report.html", Format.PDF: "report.pdf", Format.JSON: "audit.json"}
EVIDENCE = "evidence.json"


@dataclass(frozen=True)
class Outcome:
    """What a run made: the audit and its files."""

    audit: Audit
    paths: tuple[Path, ...]

    def exit_code(self, config: Config) -> Exit:
        """What the process should end with."""
        totals = self.audit.totals
        if config.fail_above is not None and totals.saving_measured > config.fail_above:
            return Exit.ABOVE_LIMIT
        return Exit.GAPS if self.audit.gaps and not config.allow_gaps else Exit.REPORTED


def run(config: Config, now: datetime, progress: Progress) -> Outcome:
    """Audit now. The output folder is tried first, so that no audit is lost on it at the end."""
    store.require_writable(config.output)
    evidence = read(config, now, progress)
    store.save_evidence(config.output / EVIDENCE, evidence)
    outcome = report(evidence, config)
    return Outcome(outcome.audit, (*outcome.paths, config.output / EVIDENCE))


def read(config: Config, now: datetime, progress: Progress) -> Evidence:
    """Collect the evidence that the configuration asks for."""
    with _without_garbage_collection():
        return asyncio.run(collect(selection(config, now), progress))


def report(evidence: Evidence, config: Config) -> Outcome:
    """Render evidence, fresh or saved, in the formats of the configuration."""
    audit = analyze(evidence, remedy)
    contents = _render(audit, config.formats)
    paths = []
    for form, content in contents:
        paths.append(config.output / _FILES[form])
        store.write_atomically(paths[-1], content)
    return Outcome(audit, tuple(paths))


def prices(config: Config, now: datetime) -> tuple[tuple[Price, ...], tuple[str, ...]]:
    """The prices that an audit of the configured regions would use, and why they are not live where they are not."""
    return asyncio.run(read_prices(selection(config, now)))


def check(config: Config, now: datetime) -> tuple[str, list[Trial]]:
    """Who the caller is, and which calls are allowed."""
    window = window_of(config.window_days, now)
    return asyncio.run(try_permissions(config.profile, config.regions, window))


def attribute(
    paths: Sequence[str], described: Path, region: str, ip_ranges: Path | None, log_format: str | None
) -> Counted:
    """What flow-log files say about the NAT gateways that `aws ec2 describe-nat-gateways` printed."""
    from auditor.attribution.files import find_files
    from auditor.attribution.ranges import load_ranges
    from auditor.attribution.record_format import parse_log_format
    from auditor.attribution.tally import count_files
    from auditor.collectors.described import load_nat_gateways

    gateways = load_nat_gateways(described, region)
    form = parse_log_format(log_format) if log_format is not None else None
    return count_files(find_files(paths, form), gateways, load_ranges(ip_ranges))


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
    from auditor.report.document import render_json
    from auditor.report.html import render_html
    from auditor.report.pdf import render_pdf

    if Format.JSON in formats:
        yield Format.JSON, render_json(audit).encode()
    html = render_html(audit) if {Format.HTML, Format.PDF} & set(formats) else ""
    if Format.HTML in formats:
        yield Format.HTML, html.encode()
    if Format.PDF in formats:
        yield Format.PDF, render_pdf(html)


@contextmanager
def _without_garbage_collection() -> Iterator[None]:
    """Collecting makes many long-lived objects and no cycles worth finding: the collector costs a tenth of it."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()  # what is there stays for the run: the first collection would look at all of it in vain
        gc.enable()
