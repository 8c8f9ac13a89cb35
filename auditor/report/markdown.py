"""The audit as one page of Markdown, for a pull request or a chat: figures, what changed, the plan, what is missing.

Text of an account is text: no markup, no element, no link, no mention of anybody, no reference to an issue. However
large the account is, the page stays below GitHub's limit of 65,536 characters.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from auditor.report.changes import changes
from auditor.report.filters import moment, period, usd
from auditor.report.letter import figure, plain
from auditor.report.tables import Total, totals
from auditor.report.text import counted, listing
from auditor.report.view import GapGroup, NumberedFinding, Step, View, view

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from auditor.model.audit import Audit

TOP = 10
_TITLE = 140
_SENTENCE = 600

_MARKUP = re.compile(r"[\\`*_{}\[\]|~#!]")
_ELEMENTS = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
_FORMULA = re.compile(r"\$(?!\d)")
"""A dollar that may begin or end a formula; that of an amount can do neither."""

_REFERENCE = re.compile(r"#(?=\d)|(?<=GH)-(?=\d)|www(?=\.)", re.IGNORECASE)
_BREAK = "\N{ZERO WIDTH SPACE}"


def render_markdown(audit: Audit) -> str:
    """The page, in the tables that GitHub, GitLab and most chats show."""
    seen = view(audit)
    parts = (_head(seen), _changed(audit), _plan(seen), _findings(seen), _gaps(seen), _foot(seen))
    return "\n".join(line for part in parts for line in part)


def escaped(text: str, length: int = _TITLE) -> str:
    """The text as one line that Markdown shows as it is, cut to a length."""
    words = _REFERENCE.sub(lambda found: found[0] + _BREAK, plain(text, length))
    marked = _MARKUP.sub(lambda found: f"\\{found[0]}", words)
    return _FORMULA.sub("&#36;", marked.translate(_ELEMENTS))


def _head(seen: View) -> Iterator[str]:
    yield f"## AWS network costs, {period(seen.audit.window)}"
    yield ""
    yield from _table(("", "USD a month"), (_total(total) for total in totals(seen)))
    yield seen.seen if seen.is_complete else f"**{seen.seen}** What could not be read is in no figure."
    yield ""


def _total(total: Total) -> tuple[str, str]:
    name = f"**{total.says}**" if total.figure == "saving_measured" else total.says
    return name, figure(total.amount)


def _changed(audit: Audit) -> Iterator[str]:
    said = changes(audit)
    if said:
        yield from ("### Since the last run", "")
        for sentence in said:
            text = escaped(sentence.text, _SENTENCE)
            yield f"- **{text}**" if sentence.is_warning else f"- {text}"
        yield ""


def _plan(seen: View) -> Iterator[str]:
    if not seen.steps:
        return
    yield from (f"### The plan, {counted(len(seen.steps), 'step')}", "")
    rows = (_step(step) for step in seen.steps[:TOP])
    yield from _table(("Step", "Change", "Where", "Saves a month", "Up to, not measured"), rows)
    yield from _more(len(seen.steps), "step")


def _step(row: Step) -> tuple[str, ...]:
    title = row.numbered.finding.title if row.numbered else row.step.finding_id
    where = _where(row.numbered) if row.numbered else ""
    amounts = (usd(amount) if amount else "–" for amount in (row.step.saving, row.step.unmeasured_high))
    return (str(row.step.step), escaped(title), where, *amounts)


def _findings(seen: View) -> Iterator[str]:
    if not seen.findings:
        return
    counts = ", ".join(f"{count} {severity.value}" for severity, count in seen.severities)
    yield from (f"### Findings, {counts}", "")
    yield "Savings of findings overlap; only those of the plan add up."
    yield ""
    header = ("Severity", "Finding", "Where", "Low", "Expected", "High")
    yield from _table(header, (_finding(one) for one in seen.findings[:TOP]))
    yield from _more(len(seen.findings), "finding")


def _finding(numbered: NumberedFinding) -> tuple[str, ...]:
    finding, saving = numbered.finding, numbered.finding.saving
    amounts = (usd(saving.low), usd(saving.expected), usd(saving.high)) if saving else ("–", "–", "–")
    return (finding.severity.value, escaped(finding.title), _where(numbered), *amounts)


def _gaps(seen: View) -> Iterator[str]:
    if not seen.gaps:
        return
    yield from (f"### What could not be read, {counted(len(seen.audit.gaps), 'gap')}", "")
    yield from _table(("Account", "Region", "IAM action", "Reason"), (_gap(group) for group in seen.gaps[:TOP]))
    yield from _more(len(seen.gaps), "row")


def _gap(group: GapGroup) -> tuple[str, ...]:
    return (
        escaped(group.account_id),
        escaped(listing(group.regions) or "whole account"),
        escaped(group.action),
        escaped(group.reason),
    )


def _foot(seen: View) -> Iterator[str]:
    made = moment(seen.audit.generated_at)
    yield f"Made by Auditor, {made}. List prices, a month of 730 hours. What is cut short here stands in the report."
    yield ""


def _where(numbered: NumberedFinding) -> str:
    finding = numbered.finding
    return escaped(f"{finding.account_id} {finding.region}".strip())


def _more(count: int, what: str) -> Iterator[str]:
    if count > TOP:
        yield f"And {counted(count - TOP, f'more {what}')}."
        yield ""


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """A table: its header, its rows and an empty line. Cells are escaped already."""
    for row in (header, ["---"] * len(header), *rows):
        yield f"| {' | '.join(row)} |"
    yield ""
