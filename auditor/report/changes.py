"""What changed since the last run, in a few plain sentences, as the first page and the terminal say it."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from auditor.model.money import ZERO, total
from auditor.report.filters import MINUS, day, usd
from auditor.report.text import counted, line, listing

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from auditor.model.audit import Audit
    from auditor.model.history import Mention, Realised, SavingChange, SinceLast

TOLD = 3
"""Findings named in a sentence; the report lists all that are there."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """What is said, and whether it is a warning."""

    text: str
    is_warning: bool = False


def changes(audit: Audit) -> tuple[Sentence, ...]:
    """The sentences; none where no store keeps the history."""
    since = audit.since_last
    if since is None:
        return ()
    if since.at is None:
        return (Sentence("The first run in this store: from the next one on, changes stand here."),)
    return tuple(_told(since)) or (Sentence(f"Nothing changed since {day(since.at)}."),)


def _told(since: SinceLast) -> Iterable[Sentence]:
    """What to worry about first, then what to be glad of."""
    yield from _worries(since)
    yield from map(Sentence, _news(since))


def _worries(since: SinceLast) -> Iterable[Sentence]:
    if since.lost:
        where = listing([f"{one.account_id} {one.region}" for one in since.lost], TOLD)
        yield Sentence(
            f"{counted(len(since.lost), 'scope')} could be read last time and not now: {where}.", is_warning=True
        )
    if since.new_gaps:
        actions = listing(sorted({line(gap.action) for gap in since.new_gaps}), TOLD)
        yield Sentence(
            f"{counted(len(since.new_gaps), 'gap')} that last time's run had not: {actions}.", is_warning=True
        )
    if since.not_seen:
        yield Sentence(
            f"Not seen this time, so neither open nor resolved: {_findings(since.not_seen)}.", is_warning=True
        )
    if since.came_back:
        yield Sentence(f"Came back: {_findings(since.came_back)}.", is_warning=True)


def _news(since: SinceLast) -> Iterable[str]:
    if since.new:
        yield f"New: {_findings(since.new)}{_worth(since.new)}."
    if since.saving_changes:
        yield f"Saves another amount than last time: {_moved(since.saving_changes)}."
    if since.resolved:
        yield f"Resolved: {_findings(since.resolved)}{_worth(since.resolved)}."
    measured = [change for change in since.realised if change.saving is not None]
    if measured:
        yield _saved(measured)


def _saved(measured: Collection[Realised]) -> str:
    saved, promised = total(change.saving or ZERO for change in measured), _promised(measured)
    if saved < 0:
        return f"What was changed so far costs {usd(-saved)} a month more than before, on the same weekdays."
    against = f" of {usd(promised)} promised" if promised else ""
    return (
        f"What was changed so far saves {usd(saved)} a month{against}, measured on the same weekdays before and after."
    )


def _promised(measured: Collection[Realised]) -> Decimal | None:
    """The sum of the promises; `None` where one of them was only a bound."""
    known = [change.promised for change in measured if change.promised is not None]
    return total(known) if len(known) == len(measured) else None


def kept_promise(change: Realised) -> str:
    """What one change saved against its promise, or why that cannot be told yet."""
    if change.saving is None:
        return change.note or "Not measured yet."
    if change.saving < 0:
        return f"It costs {usd(-change.saving)} a month more than before, over {counted(change.days, 'day')}."
    said = f"It saves {usd(change.saving)} a month, over {counted(change.days, 'day')}"
    if change.promised:
        return f"{said}: {_percent(change.saving / change.promised)} of {usd(change.promised)} promised."
    if change.promised_high:
        return f"{said}; up to {usd(change.promised_high)} was promised."
    return f"{said}."


def _findings(mentions: Collection[Mention]) -> str:
    titles = listing([line(mention.title, 100) for mention in dearest(mentions)], TOLD)
    return titles if len(mentions) == 1 else f"{counted(len(mentions), 'finding')} ({titles})"


def _moved(found: Collection[SavingChange]) -> str:
    told = listing([f"{line(one.title, 100)} ({worth_now(one)})" for one in found], TOLD)
    return told if len(found) == 1 else f"{counted(len(found), 'finding')}: {told}"


def worth_now(change: SavingChange) -> str:
    """What the finding saves, and what it saved last time."""
    now, before = (
        _amount(change.now, is_measured=change.is_measured),
        _amount(change.before, is_measured=change.was_measured),
    )
    return f"{now} a month, was {before}"


def _amount(value: Decimal, *, is_measured: bool) -> str:
    return usd(value) if is_measured else f"up to {usd(value)}"


def dearest(mentions: Iterable[Mention]) -> list[Mention]:
    """Those first that save, or saved, most."""
    return sorted(mentions, key=lambda one: (-(one.saving or one.saving_high or ZERO), one.id))


def _worth(mentions: Collection[Mention]) -> str:
    """What they save together by the plan; of those that were no step, nothing is added up."""
    planned = total(mention.planned for mention in mentions if mention.planned is not None)
    return f", {usd(planned)} a month by the plan" if planned > 0 else ""


def _percent(share: Decimal) -> str:
    return f"{share:.0%}".replace("-", MINUS)
