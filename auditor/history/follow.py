"""One audit after another: each finding gets its status, and the audit says what changed since the last one.

All that is needed of older audits stands in the last one, so a store may forget runs and history goes on.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from auditor.history.realised import KEPT, total_realised, with_changes
from auditor.history.repriced import saving_changes
from auditor.history.sight import can_see, mention_of, read_scopes
from auditor.model.audit import Audit, Finding, Status
from auditor.model.constraints import Constraints
from auditor.model.evidence import Gap, Source
from auditor.model.history import Lost, Mention, Point, SinceLast


def follow(before: Audit | None, run: str | None, now: Audit, constraints: Constraints = Constraints()) -> Audit:
    """The audit with statuses and `since_last`. `run` names the run that `before` is of.

    Without an audit before nothing is new: it is the first.
    """
    past = before.since_last if before else None
    earlier = {mention.id: mention for mention in _open(before)} if before else {}
    settled = {mention.id: mention for mention in past.settled} if past else {}
    findings = tuple(_placed(finding, earlier, settled, before, now) for finding in now.findings)
    now = replace(now, findings=findings)
    gone = [earlier[key] for key in earlier.keys() - {finding.id for finding in findings}]
    resolved, not_seen = _parted(gone, now, constraints)
    present = {finding.id for finding in findings}
    since = SinceLast(
        run=run if before else None,
        at=before.generated_at if before else None,
        new=_with(Status.NEW, now),
        resolved=resolved,
        came_back=_came_back(now, settled),
        not_seen=not_seen,
        lost=lost(before, now),
        new_gaps=_new_gaps(before, now),
        realised=with_changes(past.realised if past else (), resolved, before, now),
        saving_changes=tuple(saving_changes(before, now)) if before else (),
        settled=_recent((*(one for one in settled.values() if one.id not in present), *resolved), now.generated_at),
    )
    trend = (*_named(past, run), point(now, total_realised(since.realised)))
    return replace(now, since_last=replace(since, trend=tuple(p for p in trend if p.at > now.generated_at - KEPT)))


def _named(past: SinceLast | None, run: str | None) -> tuple[Point, ...]:
    """The trend so far; its last point is that of the run before, whose name is known only now."""
    return (*past.trend[:-1], replace(past.trend[-1], run=run)) if past and past.trend else ()


def _open(before: Audit) -> list[Mention]:
    """What the audit before holds, and what it could not see of those before it."""
    unseen = before.since_last.not_seen if before.since_last else ()
    return [*(mention_of(finding, before) for finding in before.findings), *unseen]


def _placed(
    finding: Finding, earlier: dict[str, Mention], settled: dict[str, Mention], before: Audit | None, now: Audit
) -> Finding:
    """The finding with the time since when it is seen; accepted ones stay accepted."""
    known = earlier.get(finding.id)
    status = Status.OPEN if known else _first_status(finding, settled, before, now)
    return replace(
        finding,
        since=known.since if known else now.generated_at,
        status=finding.status if finding.status is Status.ACCEPTED else status,
    )


def _first_status(finding: Finding, settled: dict[str, Mention], before: Audit | None, now: Audit) -> Status:
    """New is what the audit before could have seen and did not: what only came into sight is merely open."""
    if finding.id in settled:
        return Status.CAME_BACK
    was_in_sight = before is not None and can_see(before, mention_of(finding, now))
    return Status.NEW if was_in_sight else Status.OPEN


def _parted(
    gone: list[Mention], now: Audit, constraints: Constraints
) -> tuple[tuple[Mention, ...], tuple[Mention, ...]]:
    """What is resolved, and what nobody could see."""
    gone = sorted(gone, key=lambda mention: mention.id)
    seen = [can_see(now, mention, constraints) for mention in gone]
    pairs = list(zip(gone, seen, strict=True))
    return tuple(mention for mention, is_seen in pairs if is_seen), tuple(m for m, is_seen in pairs if not is_seen)


def _with(status: Status, now: Audit) -> tuple[Mention, ...]:
    return tuple(mention_of(finding, now) for finding in now.findings if finding.status is status)


def _came_back(now: Audit, settled: dict[str, Mention]) -> tuple[Mention, ...]:
    """With the time when each was last seen before it went."""
    return tuple(replace(one, until=settled[one.id].until) for one in _with(Status.CAME_BACK, now))


def lost(before: Audit | None, now: Audit) -> tuple[Lost, ...]:
    """Scopes that were read before and are not now, with the reason."""
    if before is None:
        return ()
    reasons = {(scope.account_id, scope.region): scope.reason for scope in now.scopes}
    gone = sorted(read_scopes(before) - read_scopes(now))
    return tuple(Lost(*scope, reasons.get(scope, "not among the accounts and regions of this run")) for scope in gone)


def _new_gaps(before: Audit | None, now: Audit) -> tuple[Gap, ...]:
    """What could be read last time, in scopes that were read both times; gaps of lost scopes are said by those."""
    if before is None:
        return ()
    read = read_scopes(before) & read_scopes(now)
    seen = read | {(account_id, "") for account_id, _ in read}
    return tuple(gap for gap in now.gaps if (gap.account_id, gap.region) in seen and _is_new(gap, before, now))


def _is_new(gap: Gap, before: Audit, now: Audit) -> bool:
    """A source can have several gaps in a scope, one a flow log: only more of them than before are news.

    The words of a reason may hold a figure that differs each time.
    """
    old = [one for one in before.gaps if _place(one) == _place(gap)]
    return gap not in old and sum(_place(one) == _place(gap) for one in now.gaps) > len(old)


def _place(gap: Gap) -> tuple[str, str, Source]:
    return gap.account_id, gap.region, gap.source


def point(now: Audit, realised: Decimal | None = None) -> Point:
    """The main figures of an audit."""
    is_complete = not now.gaps and not now.totals.unknown_lines and all(s.status == "audited" for s in now.scopes)
    return Point(
        run=None,
        at=now.generated_at,
        is_complete=is_complete,
        nat_monthly_cost=now.totals.nat_monthly_cost,
        endpoint_monthly_cost=now.totals.endpoint_monthly_cost,
        saving_open=now.totals.saving_measured,
        saving_realised=realised,
    )


def _recent(mentions: tuple[Mention, ...], at: datetime) -> tuple[Mention, ...]:
    return tuple(mention for mention in mentions if mention.until > at - KEPT)
