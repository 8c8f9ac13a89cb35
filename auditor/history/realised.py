"""What a change did save: cost of the same resources before and after it, on the same weekdays.

CloudWatch counts bytes a day of each NAT gateway and interface endpoint. A mean of Mondays is compared with a mean of
Mondays and so on, over the weekdays that both sides have; what that is a day becomes a month of 730 hours.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

from auditor.history.metering import Meter, meters
from auditor.history.sight import blind, read_scopes
from auditor.model.audit import Audit
from auditor.model.evidence import Source
from auditor.model.history import Before, Mention, Realised, Weekday
from auditor.model.money import EXACT, MONTH_HOURS, ZERO, gigabytes, subtract, total

ENOUGH_DAYS = 6
"""A week without the day of the change itself, on which both states held."""

FINAL_AFTER = timedelta(days=28)
"""Four of each weekday: later days would measure how traffic grows, not what the change saved."""

KEPT = timedelta(days=455)
"""How long resolved findings, changes and points of the trend are kept: as long as CloudWatch keeps hours."""

_METERING = frozenset({Source.NAT_GATEWAYS, Source.ENDPOINTS, Source.NAT_METRICS, Source.ENDPOINT_METRICS})
_MONTH_DAYS = Fraction(MONTH_HOURS, 24)


def with_changes(
    known: tuple[Realised, ...], resolved: tuple[Mention, ...], before: Audit | None, now: Audit
) -> tuple[Realised, ...]:
    """All changes so far, each as far as it can be measured now; a new one ends the measuring of older ones."""
    begun = tuple(_begun(group, known, before, now) for group in _groups(resolved, before)) if before else ()
    touched = {one.resource for change in begun for one in change.before}
    present = {finding.id for finding in now.findings}
    recent = (change for change in known if change.by > now.generated_at - KEPT)
    standing = (change for change in recent if not any(finding.id in present for finding in change.findings))
    return (
        *(_measured(_ended(change, touched), now) for change in standing),
        *(_measured(change, now) for change in begun),
    )


def total_realised(changes: Iterable[Realised]) -> Decimal | None:
    """The sum of what is known; `None` where there are changes and nothing of them is known."""
    every = tuple(changes)
    known = [change.saving for change in every if change.saving is not None]
    return total(known) if known or not every else None


def _groups(resolved: tuple[Mention, ...], before: Audit | None) -> Iterator[tuple[Mention, ...]]:
    """Findings whose savings nobody can tell apart, because they are about the same metered resources."""
    metered = meters(before) if before else {}
    left = [mention for mention in resolved if not metered.keys().isdisjoint(mention.resources)]
    while left:
        group, resources = [left[0]], set(left[0].resources)
        while joined := [one for one in left if one not in group and not resources.isdisjoint(one.resources)]:
            group += joined
            resources.update(*(one.resources for one in joined))
        left = [one for one in left if one not in group]
        yield tuple(group)


def _begun(group: tuple[Mention, ...], known: tuple[Realised, ...], before: Audit, now: Audit) -> Realised:
    """A change that was made between two runs, with what its resources were before."""
    resources = sorted({resource for mention in group for resource in mention.resources})
    metered = meters(before)
    rows = tuple(_before(metered[one], _last_change(one, known)) for one in resources if one in metered)
    vpcs = {mention.vpc_id for mention in group if mention.adds_endpoint}
    added = tuple(meter.id for meter in meters(now).values() if meter.vpc_id in vpcs and meter.id not in metered)
    return Realised(
        findings=group,
        after=max(mention.until for mention in group),
        by=now.generated_at,
        promised=_promised(group, [mention.planned for mention in group], [mention.saving for mention in group]),
        promised_high=_promised(group, [one.planned_high for one in group], [one.saving_high for one in group]),
        before=rows,
        added=added,
        days=0,
        bytes_before=None,
        bytes_after=None,
        cost_before=None,
        cost_after=None,
        saving=None,
        note="",
        is_final=False,
    )


def _promised(group: tuple[Mention, ...], planned: list[Decimal | None], alone: list[Decimal | None]) -> Decimal | None:
    """The steps of the plan add up; findings that were none of its steps do not, so one alone may speak."""
    steps = [amount for amount in planned if amount is not None]
    if steps:
        return total(steps)
    return alone[0] if len(group) == 1 else None


def _last_change(resource: str, known: tuple[Realised, ...]) -> date | None:
    """The day of the last change of a resource: days up to it do not show what it cost before the next one."""
    days = [change.by.date() for change in known if resource in {one.resource for one in change.before}]
    return max(days, default=None)


def _before(meter: Meter, since: date | None) -> Before:
    days = {day: count for day, count in meter.days.items() if since is None or day > since}
    return Before(meter.id, meter.account_id, meter.region, meter.hours_usd, meter.gb_usd, _weekdays(days))


def _weekdays(days: dict[date, int]) -> tuple[Weekday, ...]:
    counts, sums = Counter(day.weekday() for day in days), Counter[int]()
    for day, count in days.items():
        sums[day.weekday()] += count
    return tuple(Weekday(day, counts[day], sums[day]) for day in sorted(counts))


def _ended(change: Realised, touched: set[str]) -> Realised:
    """Measured for the last time where another change of its resources begins."""
    is_touched = any(one.resource in touched for one in change.before)
    return replace(change, is_final=True) if is_touched and not change.is_final else change


def _measured(change: Realised, now: Audit) -> Realised:
    """The change as the days since it show; as it was where it is final or cannot be seen now."""
    if change.is_final:
        return change
    if not all(_is_metered(one, now) for one in change.before):
        return replace(change, note="Its resources or their metrics could not be read this time.")
    days = _days_since(change, now)
    if len(days) < ENOUGH_DAYS:
        return replace(change, days=len(days), note=f"Too few days since the change: {len(days)} of {ENOUGH_DAYS}.")
    return _compared(replace(change, days=len(days)), days, meters(now))


def _is_metered(resource: Before, now: Audit) -> bool:
    """Whether the resource would be in the audit with its bytes, were it still there."""
    is_read = (resource.account_id, resource.region) in read_scopes(now)
    return is_read and _METERING.isdisjoint(blind(now, resource.account_id, resource.region))


def _days_since(change: Realised, now: Audit) -> list[date]:
    """Whole days of the window after the one on which the change was there for certain."""
    first, end = max(change.by.date() + timedelta(days=1), now.window.start.date()), now.window.end.date()
    return [first + timedelta(days=n) for n in range((end - first).days)]


def _compared(change: Realised, days: list[date], metered: dict[str, Meter]) -> Realised:
    after = {one.resource: metered.get(one.resource) for one in change.before}
    weekdays = _common(change.before, after, days)
    if len(weekdays) < ENOUGH_DAYS:
        return replace(change, note="Too few weekdays were measured on both sides of the change.")
    rows = [(one, after[one.resource]) for one in change.before]
    added = [metered[one] for one in change.added if one in metered]
    bytes_before = [_month(_weekly(one.weekdays), weekdays) for one in change.before]
    bytes_after = [_month(_means(meter, days), weekdays) if meter else 0 for _, meter in rows]
    bytes_added = [_month(_means(meter, days), weekdays) for meter in added]
    cost_before = _sum(
        _cost(one.hours_usd, one.gb_usd, count) for one, count in zip(change.before, bytes_before, strict=True)
    )
    present = [(meter, count) for (_, meter), count in zip(rows, bytes_after, strict=True) if meter]
    present += zip(added, bytes_added, strict=True)
    cost_after = _sum(_cost(meter.hours_usd, meter.gb_usd, count) for meter, count in present)
    is_known = cost_before is not None and cost_after is not None
    return replace(
        change,
        bytes_before=sum(bytes_before),
        bytes_after=sum(bytes_after) + sum(bytes_added),
        cost_before=cost_before,
        cost_after=cost_after,
        saving=subtract(cost_before, cost_after) if cost_before is not None and cost_after is not None else None,
        note="" if is_known else "The cost of one of its resources is not known.",
        is_final=days[-1] - change.by.date() >= FINAL_AFTER - timedelta(days=1),
    )


def _common(before: tuple[Before, ...], after: dict[str, Meter | None], days: list[date]) -> set[int]:
    """The weekdays that both sides have of every resource; one that is gone has carried nothing on each of them."""
    found = {day.weekday() for day in days}
    for one in before:
        found &= {weekday.weekday for weekday in one.weekdays}
        meter = after[one.resource]
        if meter and not meter.is_silent_without_traffic:
            found &= {day.weekday() for day in days if day in meter.days}
    return found


def _weekly(weekdays: tuple[Weekday, ...]) -> dict[int, Fraction]:
    return {one.weekday: Fraction(one.bytes, one.days) for one in weekdays}


def _means(meter: Meter, days: list[date]) -> dict[int, Fraction]:
    """Mean bytes of each weekday; a day without a datapoint is none, or no traffic where the resource says so."""
    seen = {d: meter.days.get(d, 0) for d in days if d in meter.days or meter.is_silent_without_traffic}
    return _weekly(_weekdays(seen))


def _month(means: dict[int, Fraction], weekdays: set[int]) -> int:
    """Bytes of a month, to the whole byte, of which each of these weekdays has an equal share."""
    return round(sum((means[day] for day in weekdays), Fraction()) / len(weekdays) * _MONTH_DAYS)


def _cost(hours_usd: Decimal | None, gb_usd: Decimal | None, count: int) -> Decimal | None:
    if hours_usd is None or (gb_usd is None and count):
        return None
    return EXACT.add(hours_usd, EXACT.multiply(gigabytes(count), gb_usd or ZERO))


def _sum(amounts: Iterable[Decimal | None]) -> Decimal | None:
    known = list(amounts)
    return None if None in known else total(amount for amount in known if amount is not None)
