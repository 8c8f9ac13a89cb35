"""Two audits side by side: what came, what went, and what costs another amount."""

from __future__ import annotations

from collections.abc import Iterator

from auditor.history.follow import lost, point
from auditor.history.sight import can_see, mention_of, read_scopes
from auditor.model.audit import Audit, EndpointCost, NatGatewayCost
from auditor.model.history import AuditDiff, CostChange, Mention


def diff(old: Audit, new: Audit) -> AuditDiff:
    """What differs; a finding that the newer audit could not see has not gone."""
    before, after = _mentions(old), _mentions(new)
    missing = [before[key] for key in before.keys() - after.keys()]
    return AuditDiff(
        old=point(old),
        new=point(new),
        came=_sorted(after[key] for key in after.keys() - before.keys()),
        went=_sorted(one for one in missing if can_see(new, one)),
        not_seen=_sorted(one for one in missing if not can_see(new, one)),
        costs=tuple(_costs(old, new)),
        lost=lost(old, new),
    )


def _mentions(audit: Audit) -> dict[str, Mention]:
    return {finding.id: mention_of(finding, audit) for finding in audit.findings}


def _sorted(mentions: Iterator[Mention]) -> tuple[Mention, ...]:
    return tuple(sorted(mentions, key=lambda mention: mention.id))


def _costs(old: Audit, new: Audit) -> Iterator[CostChange]:
    """Resources whose cost differs; one whose scope the newer audit did not read is no news."""
    before, after, read = _rows(old), _rows(new), read_scopes(new)
    for key in sorted(before.keys() | after.keys()):
        was, now = before.get(key), after.get(key)
        row = now or was
        differs = was is None or now is None or was.monthly_cost != now.monthly_cost
        if row and differs and (row.account_id, row.region) in read:
            yield CostChange(
                resource=row.id,
                name=row.name,
                account_id=row.account_id,
                region=row.region,
                before=was.monthly_cost if was else None,
                after=now.monthly_cost if now else None,
                is_new=was is None,
                is_gone=now is None,
            )


def _rows(audit: Audit) -> dict[str, NatGatewayCost | EndpointCost]:
    rows: list[NatGatewayCost | EndpointCost] = [*audit.nat_gateways, *audit.endpoints]
    return {row.id: row for row in rows}
