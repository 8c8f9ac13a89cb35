"""What follows from evidence, fresh or saved, without AWS: the audit, its reports, and changes that somebody tries."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from auditor.analyzer import analyze, forecast_of, traffics_of
from auditor.config import Config, Format
from auditor.model.audit import Audit
from auditor.model.comparison import Comparison
from auditor.model.evidence import Evidence
from auditor.model.plain import json_pieces
from auditor.remediation.plan import plan_texts
from auditor.remediation.remedy import remedy
from auditor.report.document import AUDIT_FILE
from auditor.report.press import Press
from auditor.store import files
from auditor.whatif.comparison import Tried, compare
from auditor.whatif.wishes import Wish, by_region, edits_of


def audit_of(evidence: Evidence) -> Audit:
    """What follows from evidence."""
    with _evidence_frozen():
        return analyze(evidence, remedy, plan_texts)


def audit_named(name: str, config: Config) -> Audit:
    """The audit of a file, `audit.json` or evidence, or of a run in the store."""
    path = Path(name)
    if not path.is_file():
        from auditor import past

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


Content = bytes | Iterable[bytes]
"""A file's, or its pieces'."""


def rendered(audit: Audit, formats: tuple[Format, ...], press: Press | None) -> Iterator[tuple[str, Content]]:
    """Names and contents of the files; the PDF, which a press lays out meanwhile, comes last."""
    from auditor.report.html import HTML_FILE, render_html
    from auditor.report.markdown import render_markdown
    from auditor.report.paper import render_paper
    from auditor.report.pdf import PDF_FILE
    from auditor.report.separated import render_csv
    from auditor.report.xlsx import render_xlsx

    files: dict[Format, Callable[[], Mapping[str, Content]]] = {
        Format.JSON: lambda: {AUDIT_FILE: (piece.encode() for piece in json_pieces(audit))},
        Format.MD: lambda: {"summary.md": render_markdown(audit).encode()},
        Format.CSV: lambda: render_csv(audit),
        Format.XLSX: lambda: {"report.xlsx": render_xlsx(audit)},
        Format.HTML: lambda: {HTML_FILE: render_html(audit).encode()},
    }
    if press:
        press.begin(render_paper(audit))
    for form, made in files.items():
        if form in formats:
            yield from made().items()
    if press:
        yield PDF_FILE, press.pdf()


@contextmanager
def _evidence_frozen() -> Iterator[None]:
    """What is there stays while it is looked at: each collection would go through all of it in vain."""
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()
