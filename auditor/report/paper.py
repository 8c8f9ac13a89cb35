"""The report for paper: the worst findings in full, grouped by rule, and of all others sums that add up.

Nobody reads 2,000 pages, and nobody copies a template from one. What is left out stands in the page and in
`audit.json`, and the paper says so.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from auditor.model.money import ZERO, total
from auditor.report.html import environment, inlined, words_of

if TYPE_CHECKING:
    from collections.abc import Iterable
    from decimal import Decimal

    from auditor.model.audit import Audit, PlanStep
    from auditor.model.money import Line
    from auditor.report.view import NumberedFinding, View

IN_FULL = 60
"""Findings in full: about three a page."""

ROWS = 60
"""Rows of any table of resources, steps or groups."""

CLOSE_UP = 8
"""NAT gateways whose destinations are listed, the dearest."""

SHORT = 700
"""Characters of a change that is shortest said by its commands; what is longer is named by its place."""


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
    """What the paper tells; `full`, `rest` and `elsewhere` are the whole plan, so they add up to its saving."""

    groups: tuple[RuleGroup, ...]
    summaries: tuple[Summary, ...]
    more: Sums
    full: Sums
    rest: Sums
    elsewhere: Sums
    sources: dict[tuple[str | None, str | None], int]


def render_paper(audit: Audit) -> str:
    """The report as the page that the PDF is made of."""
    words = words_of(audit) | {"is_paper": True, "most_steps": ROWS, "most_rows": ROWS}
    return (
        environment()
        .get_template("paper.html.j2")
        .render(
            words,
            paper=paper(words["view"]),
            told_closely=[nat for nat in audit.nat_gateways if nat.attribution or nat.destinations][:CLOSE_UP],
            style=inlined("paper.css") + inlined("paper_pictures.css"),
            short=SHORT,
        )
    )


def paper(view: View) -> Paper:
    """What is told in full, and the sums of the rest."""
    steps = view.step_of
    full, rest = view.findings[:IN_FULL], view.findings[IN_FULL:]
    told = {one.finding.id for one in view.findings}
    summaries = _summaries(rest, steps)
    return Paper(
        groups=_groups(full, steps),
        summaries=summaries[:ROWS],
        more=_together(summary.sums for summary in summaries[ROWS:]),
        full=_sums(full, steps),
        rest=_sums(rest, steps),
        elsewhere=_sums_of([step for id_of, step in steps.items() if id_of not in told]),
        sources=_sources(view.audit),
    )


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


def _sources(audit: Audit) -> dict[tuple[str | None, str | None], int]:
    """Where prices of lines come from, numbered in the order in which they first occur."""
    found: dict[tuple[str | None, str | None], int] = {}
    for line in _lines(audit):
        if line.source is not None:
            found.setdefault((line.source, line.as_of), len(found) + 1)
    return found


def _lines(audit: Audit) -> Iterable[Line]:
    for finding in audit.findings:
        yield from finding.avoided
        yield from finding.added
    for nat in audit.nat_gateways:
        yield from nat.lines
    for endpoint in audit.endpoints:
        yield from endpoint.lines
