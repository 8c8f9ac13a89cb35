"""What the user has decided, applied to what the rules say: nothing that is left out or accepted gets into the plan.

Dates are compared with the day on which the evidence was collected, in UTC: the same evidence gives the same report
on every day.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields, replace
from datetime import UTC, date
from fnmatch import fnmatchcase

from auditor.model.audit import Acceptance, AcceptedBy, Finding, Status
from auditor.model.constraints import Constraints
from auditor.model.evidence import Evidence
from auditor.model.network import Network
from auditor.rules.rule import Proposal, Unjudged
from auditor.whatif.edits import DropEndpoint, Edit
from auditor.whatif.forecast import Saved

UNTIL, REASON = "auditor:accept-until", "auditor:accept-reason"
"""Tags of a NAT gateway, an endpoint or a VPC by which the findings on it are accepted."""

_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_SHOWN = 40
"""Characters of a tag that nobody can read as a date."""


@dataclass(frozen=True)
class Decisions:
    """The constraints in one region, on one day."""

    constraints: Constraints
    network: Network
    today: date

    @classmethod
    def of(cls, evidence: Evidence, network: Network) -> Decisions:
        """Those of the evidence."""
        return cls(evidence.constraints, network, evidence.generated_at.astimezone(UTC).date())

    def leaves_out(self, said: Proposal | Unjudged) -> bool:
        """Whether it is about something that is left out, or would change it."""
        excluded = self.constraints.exclude
        return bool(excluded) and not self._concerned(said).isdisjoint(excluded)

    def is_small(self, finding: Finding, saved: Saved) -> bool:
        """Whether it saves too little to be shown, whatever is not known yet; what saves nothing by nature is not."""
        saving = finding.saving
        return saving is not None and saving.high < self.constraints.min_saving and not saved.unpriced

    def settled(self, finding: Finding, edits: Iterable[Edit]) -> Finding:
        """The finding, accepted where somebody does; where that has expired it is open and says so."""
        unreadable = self._unreadable_tag(finding.resource)
        noted = replace(finding, saving_note=f"{finding.saving_note} {unreadable}".strip()) if unreadable else finding
        found = (*self._kept_private(edits), *self._configured(finding.id), *self._tagged(finding.resource))
        holding = next((one for one in found if self._holds(one)), None)
        if holding:
            return replace(noted, status=Status.ACCEPTED, acceptance=holding)
        return replace(noted, acceptance=max(found, key=_end)) if found else noted

    def _holds(self, one: Acceptance) -> bool:
        return one.expires is None or self.today <= one.expires

    def _concerned(self, said: Proposal | Unjudged) -> set[str]:
        """Every id that it is about, and the VPCs of those."""
        ids = {said.resource}
        if isinstance(said, Proposal):
            ids |= {said.vpc_id or "", *(one for edit in said.edits for one in _ids(edit))}
        indexes = (self.network.nat_gateway, self.network.endpoint, self.network.subnet)
        return ids | {index[one].vpc_id for index in indexes for one in ids if one in index}

    def _kept_private(self, edits: Iterable[Edit]) -> Iterator[Acceptance]:
        for edit in edits:
            endpoint = self.network.endpoint.get(edit.endpoint_id) if isinstance(edit, DropEndpoint) else None
            if endpoint and endpoint.service in self.constraints.keep_private:
                reason = f"{endpoint.service} must stay private"
                yield Acceptance(AcceptedBy.KEEP_PRIVATE, None, reason, None)

    def _configured(self, finding_id: str) -> list[Acceptance]:
        """Those that hold longest first."""
        accepted = (one for one in self.constraints.accepted if _matches(finding_id, one.finding))
        found = [Acceptance(AcceptedBy.CONFIGURATION, one.owner, one.reason, one.expires) for one in accepted]
        return sorted(found, key=_end, reverse=True)

    def _tagged(self, resource_id: str) -> Iterator[Acceptance]:
        tags = self._tags(resource_id)
        until = _day(tags.get(UNTIL, ""))
        if until:
            yield Acceptance(AcceptedBy.TAG, None, tags.get(REASON) or None, until)

    def _unreadable_tag(self, resource_id: str) -> str:
        said = self._tags(resource_id).get(UNTIL)
        if said is None or _day(said):
            return ""
        return f"Its tag {UNTIL} is ignored, because it is no date such as 2027-01-31: {said[:_SHOWN]!r}."

    def _tags(self, resource_id: str) -> dict[str, str]:
        network = self.network
        resource = network.nat_gateway.get(resource_id) or network.endpoint.get(resource_id)
        found = resource or network.vpc.get(resource_id)
        return dict(found.tags) if found else {}


def notes_on(evidence: Evidence, left_out: int, small: int) -> Iterator[str]:
    """What the constraints keep out of the report: nothing is hidden without a word."""
    excluded = evidence.constraints.exclude
    if excluded:
        yield (
            f"Left out as configured: {', '.join(excluded)}. {_counted(left_out)} on what is left out"
            f" {'is' if left_out == 1 else 'are'} neither shown nor planned; its cost stands in the totals."
        )
    missing = [one for one in excluded if one not in _known(evidence.network)]
    if missing:
        yield f"The configuration leaves out what this audit did not see: {', '.join(missing)}."
    if small:
        least = evidence.constraints.min_saving
        yield (
            f"{_counted(small)} that would save less than {least} USD a month at the most"
            f" {'is' if small == 1 else 'are'} not shown, as configured (min_saving)."
        )


def _counted(count: int) -> str:
    return "1 finding" if count == 1 else f"{count} findings"


def _known(network: Network) -> set[str]:
    return {*network.vpc, *network.nat_gateway, *network.endpoint}


def _matches(finding_id: str, pattern: str) -> bool:
    return finding_id == pattern or fnmatchcase(finding_id, pattern)


def _end(one: Acceptance) -> date:
    return one.expires or date.max


def _ids(edit: Edit) -> Iterator[str]:
    for field in fields(edit):
        value = getattr(edit, field.name)
        yield from (value if isinstance(value, tuple) else (value,))


def _day(text: str) -> date | None:
    words = text.strip()
    try:
        return date.fromisoformat(words) if _DAY.fullmatch(words) else None
    except ValueError:
        return None
