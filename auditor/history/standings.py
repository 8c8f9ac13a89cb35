"""Where the findings of an audit stand, those included that are no longer in it."""

from __future__ import annotations

from auditor.history.sight import mention_of
from auditor.model.audit import Audit, Status
from auditor.model.history import Standing

NOT_SEEN = "not-seen"


def standings(audit: Audit) -> tuple[Standing, ...]:
    """What is new and came back first, then what is open, not seen, resolved since the last run, accepted."""
    past = audit.since_last
    rows = [Standing(finding.status.value, mention_of(finding, audit)) for finding in audit.findings]
    if past:
        rows += [Standing(NOT_SEEN, mention) for mention in past.not_seen]
        rows += [Standing(Status.RESOLVED.value, mention) for mention in past.resolved]
    return tuple(sorted(rows, key=lambda row: _ORDER.index(row.status)))


_ORDER = [*(s.value for s in (Status.NEW, Status.CAME_BACK, Status.OPEN)), NOT_SEEN, Status.RESOLVED, Status.ACCEPTED]
