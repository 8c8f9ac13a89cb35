"""Findings that stay and are worth another amount: more traffic, another price, or measured now."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from auditor.model.audit import Audit, Finding, Status
from auditor.model.history import SavingChange
from auditor.model.money import subtract

LEAST = Decimal(10)
"""USD a month: what moves by less is no news."""

SHARE = Decimal("0.2")
"""Of the larger of both amounts: traffic of a month moves by some percent each week."""


def saving_changes(before: Audit, now: Audit) -> Iterator[SavingChange]:
    """What open findings save now, where it is news; those first that moved most."""
    earlier = {finding.id: finding for finding in before.findings}
    pairs = ((earlier.get(finding.id), finding) for finding in now.findings if finding.status is Status.OPEN)
    found = (_change(was, finding) for was, finding in pairs if was)
    news = (change for change in found if change and _is_news(change))
    return iter(sorted(news, key=lambda one: (-_distance(one), one.id)))


def _change(was: Finding, finding: Finding) -> SavingChange | None:
    if was.saving is None or finding.saving is None:
        return None
    old, new = was.saving, finding.saving
    return SavingChange(
        id=finding.id,
        account_id=finding.account_id,
        region=finding.region,
        title=finding.title,
        before=old.high if old.expected is None else old.expected,
        was_measured=old.expected is not None,
        now=new.high if new.expected is None else new.expected,
        is_measured=new.expected is not None,
    )


def _is_news(change: SavingChange) -> bool:
    return _distance(change) >= max(LEAST, SHARE * max(abs(change.before), abs(change.now)))


def _distance(change: SavingChange) -> Decimal:
    return abs(subtract(change.now, change.before))
