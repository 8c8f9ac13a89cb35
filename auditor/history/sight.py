"""Whether an audit could see a finding at all: what could not be read is never resolved."""

from __future__ import annotations

from decimal import Decimal

from auditor.model.audit import Audit, Finding, NatGatewayCost
from auditor.model.constraints import Constraints
from auditor.model.evidence import Source
from auditor.model.history import Mention
from auditor.model.money import EXACT
from auditor.model.traffic import Level

_READ = frozenset({"audited", "partial"})
_ATTRIBUTED = frozenset({Level.FLOW_LOGS, Level.NAMES})


def mention_of(finding: Finding, audit: Audit) -> Mention:
    """The finding as later audits are to know it."""
    step = next((step for step in audit.plan if step.finding_id == finding.id), None)
    saving = finding.saving
    lines = (*finding.avoided, *finding.added)
    return Mention(
        id=finding.id,
        rule=finding.rule,
        account_id=finding.account_id,
        region=finding.region,
        vpc_id=finding.vpc_id,
        resource=finding.resource,
        title=finding.title,
        evidence=finding.evidence,
        saving=saving.expected if saving else None,
        saving_high=saving.high if saving else None,
        planned=step.saving if step else None,
        planned_high=_sum(step.saving, step.unmeasured_high) if step else None,
        adds_endpoint=saving is not None and any(line.resource.startswith("new-") for line in finding.added),
        resources=tuple(sorted({line.resource for line in lines if saving and not line.resource.startswith("new-")})),
        blind=blind(audit, finding.account_id, finding.region),
        since=finding.since or audit.generated_at,
        until=audit.generated_at,
    )


def blind(audit: Audit, account_id: str, region: str) -> tuple[Source, ...]:
    """What could not be read there, calls of the whole account included."""
    gaps = (gap for gap in audit.gaps if gap.account_id == account_id and gap.region in {"", region})
    return tuple(sorted({gap.source for gap in gaps}))


def can_see(audit: Audit, mention: Mention, constraints: Constraints = Constraints()) -> bool:
    """Whether the finding would be in that audit if it still held: all that it rested on was read, and looked at."""
    return (
        (mention.account_id, mention.region) in read_scopes(audit)
        and set(blind(audit, mention.account_id, mention.region)) <= set(mention.blind)
        and not _is_unjudged(audit, mention)
        and not _has_lost_flow_logs(audit, mention)
        and not _is_left_out(mention, constraints)
    )


def read_scopes(audit: Audit) -> set[tuple[str, str]]:
    """Account and region of every scope that was read, in part at least."""
    return {(scope.account_id, scope.region) for scope in audit.scopes if scope.status in _READ}


def _is_unjudged(audit: Audit, mention: Mention) -> bool:
    return any(
        silent.rule == mention.rule
        and (silent.account_id, silent.region) == (mention.account_id, mention.region)
        and silent.resource in {"", mention.resource}
        for silent in audit.not_evaluated
    )


def _has_lost_flow_logs(audit: Audit, mention: Mention) -> bool:
    """It rests on flow logs, and those of one of its NAT gateways were not read this time."""
    return mention.evidence in _ATTRIBUTED and any(
        nat.attribution is None for nat in audit.nat_gateways if nat.id in mention.resources and _is_measured(nat)
    )


def _is_measured(nat: NatGatewayCost) -> bool:
    """A NAT gateway without bytes has none to attribute."""
    return bool((nat.bytes_in_from_source or 0) + (nat.bytes_in_from_destination or 0))


def _is_left_out(mention: Mention, constraints: Constraints) -> bool:
    """The user has decided since that it is not to be shown."""
    concerned = {mention.resource, mention.vpc_id, *mention.resources}
    is_small = mention.saving_high is not None and mention.saving_high < constraints.min_saving
    return is_small or not concerned.isdisjoint(constraints.exclude)


def _sum(one: Decimal, other: Decimal) -> Decimal:
    return EXACT.add(one, other)
