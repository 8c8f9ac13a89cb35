"""The report for paper: what the plan saves most by in full, grouped by rule, and of all others sums that add up.

Nobody reads 2,000 pages, and nobody copies a template from one. What is left out stands in the page and in
`audit.json`, and the paper says so.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING
from unicodedata import bidirectional

from auditor.model.audit import Severity
from auditor.model.money import ZERO, total
from auditor.report.html import environment, inlined, words_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from auditor.model.audit import Audit, Finding, PlanStep
    from auditor.model.money import Line, Price
    from auditor.report.view import NumberedFinding, View

IN_FULL = 12
"""Findings in full: more than anybody carries out before the next report, about two a page."""

LISTED = 60
"""Findings not in full that are named, each with what it saves: two pages; where there are more, they are summed."""

SMALL = Decimal(1)
"""A finding of low severity that can save less, USD a month, is not told in full."""

ROWS = 40
"""Rows of any table of resources or steps."""

SUMMARIES = 34
"""Rows of the sums of findings: with heading and totals as long as a page."""

CLOSE_UP = 3
"""NAT gateways whose destinations are listed, the dearest."""

DRAWN = 2
"""Interface endpoints whose break-even is drawn, the dearest."""

MAPS = 3
"""VPCs that are drawn, those in which the plan saves most."""

SHORT = 700
"""Characters of a change that is shortest said by its commands; what is longer is named by its place."""

PAPER = {"is_paper": True, "most_steps": ROWS, "most_rows": ROWS, "most_maps": MAPS, "most_drawn": DRAWN}

_BARE_BDI = re.compile("<bdi>([^<]*)</bdi>")
"""WeasyPrint does not know the element, and laying out a box for each takes a while."""

SourceOfPrice = tuple[str | None, str | None]
"""A source and its date."""


@dataclass(frozen=True, slots=True)
class Sums:
    """What steps of the plan save, USD a month: as measured, and at most not measured."""

    count: int
    measured: Decimal
    unmeasured_high: Decimal


@dataclass(frozen=True, slots=True)
class RuleGroup:
    """The findings of one rule that are told in full, with the risks that all of them have."""

    rule: str
    findings: tuple[NumberedFinding, ...]
    risks: tuple[str, ...]
    sums: Sums


@dataclass(frozen=True, slots=True)
class Summary:
    """Findings of one rule in one account and region that are not told in full."""

    rule: str
    account_id: str
    region: str
    sums: Sums


@dataclass(frozen=True, slots=True)
class Paper:
    """What the paper tells; `full`, `rest` and `elsewhere` are the whole plan, so they add up to its saving.

    The rest is listed one by one where it is `LISTED` at most, else it is summed. `told` are the ids of
    findings that have a place on paper, to which links can lead.
    """

    groups: tuple[RuleGroup, ...]
    listed: tuple[NumberedFinding, ...]
    summaries: tuple[Summary, ...]
    more: Sums
    full: Sums
    rest: Sums
    elsewhere: Sums
    told: frozenset[str]
    sources: dict[SourceOfPrice, int]
    prices: tuple[Price, ...]


def render_paper(audit: Audit) -> str:
    """The report as the page that the PDF is made of."""
    words = words_of(audit) | PAPER
    made = paper(words["view"])
    page = (
        environment()
        .get_template("paper.html.j2")
        .render(
            words,
            paper=made,
            told=made.told,
            told_closely=[nat for nat in audit.nat_gateways if nat.attribution or nat.destinations][:CLOSE_UP],
            style=inlined("paper.css") + inlined("paper_pictures.css"),
            short=SHORT,
        )
    )
    return _BARE_BDI.sub(lambda found: _isolated(found[1]), page)


def _isolated(text: str) -> str:
    """The text, between marks that keep it from its neighbours where some of it is written from right to left."""
    return f"\u2068{text}\u2069" if any(bidirectional(one) in {"R", "AL"} for one in text) else text


def paper(view: View) -> Paper:
    """What is told in full, and the sums of the rest."""
    steps = view.step_of
    full = _foremost(view.findings, steps)
    rest = _others(view.findings, full)
    summaries = _summaries(rest, steps) if len(rest) > LISTED else ()
    listed = () if summaries else rest
    lines = tuple(_lines(full, view.audit))
    open_ids = _ids(view.findings)
    return Paper(
        groups=_groups(full, steps),
        listed=listed,
        summaries=summaries[:SUMMARIES],
        more=_together(summary.sums for summary in summaries[SUMMARIES:]),
        full=_sums(full, steps),
        rest=_sums(rest, steps),
        elsewhere=_sums_of([step for id_of, step in steps.items() if id_of not in open_ids]),
        told=_ids((*full, *listed, *view.settled[:ROWS])),
        sources=_sources(lines),
        prices=_prices(lines, view.audit.prices, view.regions),
    )


def _ids(findings: Iterable[NumberedFinding]) -> frozenset[str]:
    return frozenset(one.finding.id for one in findings)


def _foremost(findings: Iterable[NumberedFinding], steps: dict[str, PlanStep]) -> tuple[NumberedFinding, ...]:
    """Those that the plan saves most by, as measured, then at most, then the gravest of the others."""

    def rank(one: NumberedFinding) -> tuple[Decimal, Decimal, int]:
        step = steps.get(one.finding.id)
        return (-step.saving, -step.unmeasured_high, one.number) if step else (ZERO, ZERO, one.number)

    return tuple(sorted((one for one in findings if not _is_small(one.finding)), key=rank)[:IN_FULL])


def _is_small(finding: Finding) -> bool:
    return finding.severity is Severity.LOW and (finding.saving is None or finding.saving.high < SMALL)


def _others(findings: Iterable[NumberedFinding], full: Iterable[NumberedFinding]) -> tuple[NumberedFinding, ...]:
    numbers = {one.number for one in full}
    return tuple(one for one in findings if one.number not in numbers)


def _groups(full: Iterable[NumberedFinding], steps: dict[str, PlanStep]) -> tuple[RuleGroup, ...]:
    found: dict[str, list[NumberedFinding]] = defaultdict(list)
    for numbered in full:
        found[numbered.finding.rule].append(numbered)
    return tuple(
        RuleGroup(rule, tuple(group), _shared_risks(group), _sums(group, steps)) for rule, group in found.items()
    )


def _shared_risks(group: list[NumberedFinding]) -> tuple[str, ...]:
    """Those that every finding has, in the order of the first; none where there is one finding only."""
    if len(group) == 1:
        return ()
    shared = set[str].intersection(*(set(one.finding.risks) for one in group))
    return tuple(risk for risk in group[0].finding.risks if risk in shared)


def _summaries(rest: Iterable[NumberedFinding], steps: dict[str, PlanStep]) -> tuple[Summary, ...]:
    found: dict[tuple[str, str, str], list[NumberedFinding]] = defaultdict(list)
    for numbered in rest:
        finding = numbered.finding
        found[finding.rule, finding.account_id, finding.region].append(numbered)
    rows = [Summary(*key, _sums(group, steps)) for key, group in found.items()]
    return tuple(
        sorted(rows, key=lambda row: (-row.sums.measured, -row.sums.unmeasured_high, row.rule, row.account_id))
    )


def _sums(findings: Iterable[NumberedFinding], steps: dict[str, PlanStep]) -> Sums:
    held = list(findings)
    planned = [steps[one.finding.id] for one in held if one.finding.id in steps]
    return Sums(len(held), *_amounts(planned))


def _sums_of(steps: list[PlanStep]) -> Sums:
    return Sums(len(steps), *_amounts(steps))


def _amounts(steps: Iterable[PlanStep]) -> tuple[Decimal, Decimal]:
    held = list(steps)
    return total(step.saving for step in held), total(step.unmeasured_high for step in held)


def _together(sums: Iterable[Sums]) -> Sums:
    held = list(sums)
    return Sums(
        sum(one.count for one in held),
        total(one.measured for one in held) if held else ZERO,
        total(one.unmeasured_high for one in held) if held else ZERO,
    )


def _sources(lines: Iterable[Line]) -> dict[SourceOfPrice, int]:
    """Where prices of lines come from, numbered in the order in which they first occur."""
    found: dict[SourceOfPrice, int] = {}
    for line in lines:
        if line.source is not None:
            found.setdefault((line.source, line.as_of), len(found) + 1)
    return found


def _prices(lines: Iterable[Line], known: Iterable[Price], regions: Collection[str]) -> tuple[Price, ...]:
    """Those of these regions that the lines were made with."""
    used = {(line.price, line.source, line.as_of) for line in lines}
    return tuple(one for one in known if one.region in regions and (one.usd, one.source, one.as_of) in used)


def _lines(full: Iterable[NumberedFinding], audit: Audit) -> Iterable[Line]:
    """Those that stand on paper."""
    for numbered in full:
        yield from numbered.finding.avoided
        yield from numbered.finding.added
    for nat in audit.nat_gateways[:ROWS]:
        yield from nat.lines
    for endpoint in audit.endpoints[:ROWS]:
        yield from endpoint.lines
