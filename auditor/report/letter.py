"""The message that brings a report, or says why there is none: subject, HTML, plain text, and a few lines for a chat.

It is read in ten seconds by somebody who did not ask for it. Text of the account is escaped, cut short, and made
such that no mail program turns it into a link: the only link is that of the report.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from auditor.model.audit import Finding
from auditor.model.letter import Enclosure, Failed, Letter, Since, Undelivered
from auditor.model.money import gigabytes
from auditor.report import text
from auditor.report.changes import worth_now
from auditor.report.filters import UNKNOWN, day, usd
from auditor.report.html import environment
from auditor.report.view import Figure, GapGroup, NumberedFinding, View, bill, view

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from jinja2 import Environment

    from auditor.model.audit import Audit

TOP = 5
CHANGES = 3
GAPS = 3
_NAME = 90
_REASON = 160
BREAK = "\N{ZERO WIDTH SPACE}"
"""Ends a link in every mail program, and is not seen."""

_LINKISH = re.compile(r"(?<=\w)[.\u3002\uff0e\uff61](?=[^\W\d_])|@(?=\w)|:(?=//)|<(?=[!@#])")
"""What programs act on: names with dots (also those of other scripts), addresses, URLs, a chat's @all and <!here>."""


@dataclass(frozen=True, slots=True)
class Row:
    """A finding in one line; an amount that was not measured says so."""

    severity: str
    title: str
    amount: str
    is_measured: bool
    where: str


@dataclass(frozen=True, slots=True)
class Changes:
    """Findings that changed alike: the first of them, and how many there are."""

    label: str
    titles: tuple[str, ...]
    more: int


def render_letter(
    audit: Audit,
    since: Since | None,
    enclosure: Enclosure,
    *,
    late: datetime | None = None,
    undelivered: tuple[Undelivered, ...] = (),
) -> Letter:
    """The message about an audit; `since` is `None` where there is nothing to compare with.

    `late` is the moment of the run where its message could not be delivered then.
    """
    seen = view(audit)
    top = seen.findings[:TOP]
    words = {
        "audit": audit,
        "view": seen,
        "headline": _headline(seen.saving),
        "since": since,
        "changes": _changes(since) if since else (),
        "less": _less(since) if since else (),
        "rows": tuple(_row(one) for one in top),
        "more": len(seen.findings) - len(top),
        "gaps": tuple(_gap(one) for one in seen.gaps[:GAPS]),
        "more_gaps": max(0, len(seen.gaps) - GAPS),
        "enclosure": enclosure,
        "late": late,
        "undelivered": tuple(_undelivered(one) for one in undelivered),
    }
    brief = _brief(seen, since, enclosure)
    if undelivered:
        brief += f"\nNot delivered: {text.counted(len(undelivered), 'earlier message')}"
    return _letter("mail", _dated(_subject(seen, since), late), _dated(brief, late), words)


def render_failure(failed: Failed) -> Letter:
    """The message about a run that made no report."""
    reason = plain(failed.reason, _REASON * 2)
    late = failed.at if failed.is_late else None
    brief = _dated(f"The audit failed, there is no report: {reason}", late)
    subject = _dated("Auditor: the run failed, there is no report", late)
    return _letter("mail_failed", subject, brief, {"failed": failed})


def plain(words: str, length: int = _NAME) -> str:
    """Text of an account as one short line that no program takes for a link."""
    return _LINKISH.sub(lambda found: found[0] + BREAK, text.line(words, length))


def size(count: int) -> str:
    """The size of a file: `31.5 MB`."""
    return f"{gigabytes(count) * 1024:,.1f} MB"


def figure(value: Figure) -> str:
    """A sum that may miss something says so; one of which nothing was seen is unknown."""
    return UNKNOWN if value.usd is None else f"{'at least ' if value.at_least else ''}{usd(value.usd)}"


def _letter(name: str, subject: str, brief: str, words: dict[str, Any]) -> Letter:
    html = _html().get_template(f"{name}.html.j2").render(subject=subject, **words)
    body = _text().get_template(f"{name}.txt.j2").render(subject=subject, **words)
    return Letter(subject, html, re.sub(r"\n{3,}", "\n\n", body), brief)


def _dated(words: str, late: datetime | None) -> str:
    """What is late says so before anything else."""
    return f"Late, of {day(late)}: {words}" if late else words


def _undelivered(one: Undelivered) -> str:
    return plain(f"{day(one.of)} to {one.recipient}: {one.problem}", _REASON)


def _subject(seen: View, since: Since | None) -> str:
    """Figures and counts only: what an account names can neither mislead here nor break a header."""
    if since and since.saw_less:
        return f"Auditor: saw less than last time; {_headline(seen.saving)}"
    if not seen.is_complete and seen.saving.usd is None:
        return "Auditor: nothing could be read"
    new = f"; {text.counted(len(since.new), 'new finding')}" if since and since.new else ""
    return f"Auditor: {_headline(seen.saving)}{new}"


def _headline(saving: Figure) -> str:
    if saving.usd is None:
        return "what could be saved is unknown"
    return f"{usd(saving.usd)} a month to save, measured" if saving.usd else "nothing measured to save"


def _brief(seen: View, since: Since | None, enclosure: Enclosure) -> str:
    """A few lines for a chat, of figures and counts: names of the account stay in the mail and the report."""
    lines = [text.sentence(_headline(seen.saving))]
    if seen.audit.totals.saving_unmeasured_high:
        lines.append(f"Apart from that up to {usd(seen.audit.totals.saving_unmeasured_high)} a month, not measured")
    lines += [f"{change.label}: {len(change.titles) + change.more}" for change in (_changes(since) if since else ())]
    if since and since.saw_less:
        lines.append(f"Saw less than last time: {text.listing(_places(since), GAPS)}")
    lines += [seen.seen, f"Report: {enclosure.link.url if enclosure.link else text.line(enclosure.place)}"]
    return "\n".join(lines)


def _places(since: Since) -> tuple[str, ...]:
    places = [(one.account_id, one.region) for one in since.less_seen]
    places += [(one.account_id, one.region) for one in since.new_gaps]
    return text.unique(" ".join(place).strip() for place in places)


def _row(numbered: NumberedFinding) -> Row:
    finding = numbered.finding
    amount, is_measured = _amount(finding)
    where = f"{finding.account_id} {finding.region}".strip()
    return Row(finding.severity.value, plain(finding.title, 140), amount, is_measured, plain(where))


def _amount(finding: Finding) -> tuple[str, bool]:
    saving = finding.saving
    if saving is None:
        cost = bill(finding.added).usd if finding.added and not finding.avoided else None
        return (f"costs at most {usd(cost)}", False) if cost is not None else ("", False)
    if saving.expected is None:
        return f"up to {usd(saving.high)}", False
    return (f"costs {usd(-saving.expected)} more" if saving.expected < 0 else usd(saving.expected)), True


def _changes(since: Since) -> tuple[Changes, ...]:
    groups = (("New", since.new), ("Came back", since.came_back), ("Resolved", since.resolved))
    moved = [f"{plain(one.title, 140)} ({worth_now(one)})" for one in since.saving_changes]
    told = [(label, [plain(one.title, 140) for one in found]) for label, found in groups]
    return tuple(_changed(label, titles) for label, titles in (*told, ("Saves another amount", moved)) if titles)


def _changed(label: str, titles: Sequence[str]) -> Changes:
    return Changes(label, tuple(titles[:CHANGES]), max(0, len(titles) - CHANGES))


def _less(since: Since) -> tuple[str, ...]:
    scopes = [f"{one.account_id} {one.region}: {one.reason or 'not read'}" for one in since.less_seen]
    gaps = [f"{one.account_id} {one.region or 'all regions'}: {one.source}: {one.reason}" for one in since.new_gaps]
    return tuple(plain(one, _REASON) for one in dict.fromkeys((*scopes, *gaps)))


def _gap(group: GapGroup) -> str:
    return plain(f"{group.account_id} {text.listing(group.regions, 3) or 'all regions'}: {group.reason}", _REASON)


@cache
def _html() -> Environment:
    return _with_words(environment())


@cache
def _text() -> Environment:
    """Nothing to escape in plain text: what is steered by characters is cleaned, what could be a link is broken."""
    return _with_words(environment().overlay(autoescape=False))


def _with_words(made: Environment) -> Environment:
    own = made.overlay()
    own.filters = made.filters | {"plain": plain, "size": size, "figure": figure}
    return own
