"""Evidence → audit: findings priced one by one, the plan priced as a whole, and what was not judged and why."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import accumulate

from auditor.model.audit import (
    AUDIT_VERSION,
    Audit,
    EndpointCost,
    Finding,
    NatGatewayCost,
    NotEvaluated,
    PlanStep,
    Remediation,
    Saving,
    ScopeSummary,
    Severity,
    Totals,
)
from auditor.model.evidence import Evidence, Scope, Source
from auditor.model.money import EXACT, ZERO, Line, subtract, total
from auditor.model.network import Network
from auditor.rules import all_rules
from auditor.rules.rule import Proposal, Rule, Unjudged
from auditor.rules.view import View
from auditor.whatif.bill import Traffic, bill
from auditor.whatif.costs import endpoint_costs, nat_costs, run_cost
from auditor.whatif.edits import Edit
from auditor.whatif.flows import traffic_of
from auditor.whatif.plan import Candidate, Step, make_plan, price_alone
from auditor.whatif.saving import Bounds, Situation

Remedy = Callable[[tuple[Edit, ...], Network], Remediation]
"""Writes edits as text to paste."""

_SEVERITIES = tuple(Severity)


@dataclass(frozen=True)
class Judgement:
    """What the rules say of one region of all accounts, and the plan for it."""

    findings: tuple[Finding, ...] = ()
    steps: tuple[Step, ...] = ()
    not_evaluated: tuple[NotEvaluated, ...] = ()


def analyze(evidence: Evidence, remedy: Remedy) -> Audit:
    """The audit of some evidence."""
    traffic = traffic_of(evidence)
    judged = [_judge_region(evidence, region, traffic, remedy) for region in _regions(evidence)]
    plan = _numbered(step for judgement in judged for step in judgement.steps)
    findings = (finding for judgement in judged for finding in judgement.findings)
    now = bill(evidence.network, traffic, evidence.prices)
    nats, endpoints = nat_costs(evidence, now), endpoint_costs(evidence, now)
    return Audit(
        schema_version=AUDIT_VERSION,
        generated_at=evidence.generated_at,
        window=evidence.window,
        currency="USD",
        totals=_totals(nats, endpoints, plan),
        scopes=tuple(_summary(scope) for scope in evidence.scopes),
        nat_gateways=nats,
        endpoints=endpoints,
        findings=tuple(sorted(findings, key=_weight)),
        plan=plan,
        gaps=evidence.all_gaps,
        not_evaluated=tuple(entry for judgement in judged for entry in judgement.not_evaluated),
        prices=evidence.prices.rows,
        notes=evidence.notes,
        cost_of_this_run=run_cost(evidence),
        series=tuple(evidence.series.values()),
    )


def situation_of(evidence: Evidence, region: str, traffic: Traffic) -> Situation:
    """One region of all accounts: hubs and spokes cross accounts, nothing that is priced here crosses regions."""
    scopes = (scope for scope in evidence.scope.values() if scope.region == region)
    network = Network.merge((scope.account_id, scope.network) for scope in scopes)
    flows = tuple(flow for flow in traffic.flows if flow.client.region == region)
    return Situation(network, Traffic(flows, traffic.unmeasured), evidence.prices)


def _regions(evidence: Evidence) -> list[str]:
    return sorted({scope.region for scope in evidence.scopes if not scope.skipped})


def _judge_region(evidence: Evidence, region: str, traffic: Traffic, remedy: Remedy) -> Judgement:
    situation = situation_of(evidence, region, traffic)
    findings: list[Finding] = []
    candidates: list[Candidate] = []
    not_evaluated: list[NotEvaluated] = []
    for rule, scope, said in _say(evidence, situation, region):
        if not isinstance(said, Proposal):
            not_evaluated.append(NotEvaluated(rule.id, scope.account_id, region, said.reason, said.resource))
            continue
        bounds = price_alone(situation, said.edits)
        finding = _finding(rule, scope, said, bounds, remedy(said.edits, situation.network))
        findings.append(finding)
        candidates.append(Candidate(finding.id, said.edits, bounds))
    steps = tuple(make_plan(situation, candidates))
    return Judgement(_noted(findings, steps), steps, tuple(not_evaluated))


def _say(evidence: Evidence, situation: Situation, region: str) -> Iterator[tuple[Rule, Scope, Proposal | Unjudged]]:
    """What every rule says of every scope of a region; a rule whose evidence is missing says only that."""
    for scope in evidence.scope.values():
        if scope.region != region or scope.skipped:
            continue
        view = View(evidence, situation, scope.account_id, region)
        for rule in all_rules():
            missing = tuple(source for source in rule.needs if source not in scope.known)
            said = (Unjudged("", _reason(scope, missing)),) if missing else rule.judge(view)
            yield from ((rule, scope, one) for one in said)


def _reason(scope: Scope, missing: tuple[Source, ...]) -> str:
    actions = [gap.action for gap in scope.gaps if gap.source in missing]
    unread = f"{', '.join(missing)} could not be read"
    return f"{unread}: it needs {', '.join(dict.fromkeys(actions))}" if actions else unread


def _finding(rule: Rule, scope: Scope, said: Proposal, bounds: Bounds, remediation: Remediation) -> Finding:
    saving = _saving(said, bounds)
    return Finding(
        id=":".join(part for part in (rule.id, said.resource, said.detail) if part),
        rule=rule.id,
        account_id=scope.account_id,
        region=scope.region,
        vpc_id=said.vpc_id,
        resource=said.resource,
        severity=said.severity or rule.severity,
        evidence=said.evidence,
        title=said.title,
        why=said.why,
        risks=said.risks,
        check=said.check,
        saving=saving,
        saving_note=_note(said, bounds, saving),
        avoided=bounds.high.avoided,
        added=bounds.high.added,
        remediation=remediation,
    )


def _saving(said: Proposal, bounds: Bounds) -> Saving | None:
    """`expected` only where everything is priced; nothing at all where all that is known nets to zero."""
    low, high = bounds.low.usd, bounds.high.usd
    lines = (*bounds.low.avoided, *bounds.low.added, *bounds.high.avoided, *bounds.high.added)
    if low is None or high is None or not said.edits or not lines:
        return None
    is_priced = all(line.usd is not None for line in lines)
    if not is_priced and low == high == 0:
        return None
    return Saving(low, low if low == high and is_priced else None, high)


def _note(said: Proposal, bounds: Bounds, saving: Saving | None) -> str:
    if not said.edits:
        return said.note
    note = "" if saving and saving.expected is not None else said.note
    return " ".join(part for part in (note, _unpriced(bounds, saving)) if part)


def _unpriced(bounds: Bounds, saving: Saving | None) -> str:
    labels = ", ".join(sorted({*bounds.low.unpriced, *bounds.high.unpriced}))
    if not labels:
        return ""
    if saving is None:
        return f"The saving is unknown, because the cost of {labels} is not known here."
    return f"The cost of {labels} is not known here and not counted."


def _noted(findings: Iterable[Finding], steps: tuple[Step, ...]) -> tuple[Finding, ...]:
    """Say of findings that pay alone why they are not in the plan: it already takes what they would save."""
    planned = {step.id for step in steps}
    rest = "Not a step of the plan: other steps already save this, or exclude it."
    return tuple(
        replace(f, saving_note=f"{f.saving_note} {rest}".strip())
        if f.saving and f.saving.high > 0 and f.id not in planned
        else f
        for f in findings
    )


def _numbered(steps: Iterable[Step]) -> tuple[PlanStep, ...]:
    """All regions' steps, what is certain first, with running sums."""
    ordered = sorted(steps, key=lambda step: (step.low.copy_negate(), subtract(step.low, step.high)))
    unmeasured = [subtract(step.high, step.low) for step in ordered]
    rows = zip(
        ordered,
        accumulate((step.low for step in ordered), EXACT.add),
        unmeasured,
        accumulate(unmeasured, EXACT.add),
        strict=True,
    )
    return tuple(
        PlanStep(number, step.id, step.low, low, high, cumulative)
        for number, (step, low, high, cumulative) in enumerate(rows, start=1)
    )


def _totals(
    nats: tuple[NatGatewayCost, ...], endpoints: tuple[EndpointCost, ...], plan: tuple[PlanStep, ...]
) -> Totals:
    nat_usd, endpoint_usd = _known(row.lines for row in nats), _known(row.lines for row in endpoints)
    measured = plan[-1].cumulative if plan else ZERO
    lines = [line for row in nats for line in row.lines] + [line for row in endpoints for line in row.lines]
    return Totals(
        nat_monthly_cost=nat_usd,
        endpoint_monthly_cost=endpoint_usd,
        saving_measured=measured,
        saving_unmeasured_high=plan[-1].cumulative_unmeasured_high if plan else ZERO,
        after_plan=subtract(total((nat_usd, endpoint_usd)), measured),
        unknown_lines=sum(1 for line in lines if line.usd is None),
    )


def _known(rows: Iterable[tuple[Line, ...]]) -> Decimal:
    return total(line.usd for lines in rows for line in lines if line.usd is not None)


def _summary(scope: Scope) -> ScopeSummary:
    reason = scope.skipped or (scope.gaps[0].reason if scope.gaps else None)
    return ScopeSummary(scope.account_id, scope.region, scope.status, reason)


def _weight(finding: Finding) -> tuple[int, Decimal, Decimal, str]:
    """The gravest first, then what saves most for certain, then at the most."""
    saving = finding.saving or Saving(ZERO, None, ZERO)
    return (
        _SEVERITIES.index(finding.severity),
        saving.low.copy_negate(),
        saving.high.copy_negate(),
        finding.id,
    )
