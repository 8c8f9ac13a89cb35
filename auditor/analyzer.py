"""Evidence → audit: findings priced one by one, the plan priced as a whole, and what was not judged and why."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal

from auditor.constraints import Decisions, notes_on
from auditor.model.audit import (
    AUDIT_VERSION,
    Audit,
    EndpointCost,
    Finding,
    NatGatewayCost,
    NotEvaluated,
    PlanRemediation,
    PlanStep,
    Remediation,
    Saving,
    ScopeSummary,
    Severity,
    Status,
    Totals,
)
from auditor.model.evidence import Evidence, Scope, Source
from auditor.model.layout import VpcMap
from auditor.model.money import ZERO, Difference, Line, total
from auditor.model.network import Network
from auditor.model.parts import remaining
from auditor.model.traffic import Level
from auditor.rules import all_rules
from auditor.rules.admission import admission_risks
from auditor.rules.other_accounts import notes_on_owners, unread_bytes
from auditor.rules.rule import Proposal, Rule, Unjudged
from auditor.rules.view import View
from auditor.whatif.bill import Traffic, bill
from auditor.whatif.change import Change
from auditor.whatif.costs import endpoint_costs, nat_costs, run_cost
from auditor.whatif.edits import Edit
from auditor.whatif.flow_log import delivery
from auditor.whatif.flows import traffic_of
from auditor.whatif.forecast import Forecast, Saved
from auditor.whatif.islands import Candidate
from auditor.whatif.layouts import vpc_maps
from auditor.whatif.plan import Plan, Step, make_plan, numbered
from auditor.whatif.saving import Situation

Remedy = Callable[[Proposal, Network], Remediation]
"""Writes what a rule proposes as text to paste."""

PlanRemedy = Callable[[Iterable[Change], Network], tuple[PlanRemediation, ...]]
"""Writes the plan's changes of one network as text to paste."""

_SEVERITIES = tuple(Severity)

SMALL_CHANGE = Decimal(1)
"""USD a month: what saves less, at the most, is not worth an alarm."""


@dataclass(frozen=True)
class Judgement:
    """What the rules say of one region of all accounts, and the plan for it; how much of it is not to be shown."""

    findings: tuple[Finding, ...] = ()
    plan: Plan = field(default_factory=Plan)
    not_evaluated: tuple[NotEvaluated, ...] = ()
    left_out: int = 0
    small: int = 0
    network: Network = Network()
    edits: Mapping[str, tuple[Edit, ...]] = field(default_factory=dict)

    def changes(self, plan: Iterable[PlanStep]) -> list[Change]:
        """The plan's steps in this region, with the findings and edits that they stand for."""
        ids = {step.id for step in self.plan.steps}
        by_id = {finding.id: finding for finding in self.findings}
        ours = (step for step in plan if step.finding_id in ids)
        return [Change(step.step, by_id[step.finding_id], self.edits[step.finding_id]) for step in ours]

    def maps(self, plan: Iterable[PlanStep]) -> Iterator[VpcMap]:
        """The VPCs with findings, before and after the plan."""
        edits = [edit for change in self.changes(plan) for edit in change.edits]
        return vpc_maps(self.network, dict.fromkeys(one.vpc_id for one in self.findings if one.vpc_id), edits)


def _unwritten(_changes: Iterable[Change], _network: Network) -> tuple[PlanRemediation, ...]:
    return ()


def analyze(evidence: Evidence, remedy: Remedy, plan_remedy: PlanRemedy = _unwritten) -> Audit:
    """The audit of some evidence."""
    traffic, seen = traffics_of(evidence)
    judged = [_judge_region(evidence, region, (traffic, seen), remedy) for region in _regions(evidence)]
    plan = numbered(judgement.plan.steps for judgement in judged)
    findings = (finding for judgement in judged for finding in judgement.findings)
    bills = bill(evidence.network, traffic, evidence.prices).by_resource()
    nats, endpoints = nat_costs(evidence, bills, traffic), endpoint_costs(evidence, bills)
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
        plan_is_proven=all(judgement.plan.is_proven for judgement in judged),
        gaps=evidence.all_gaps,
        not_evaluated=tuple(entry for judgement in judged for entry in judgement.not_evaluated),
        prices=evidence.prices.rows,
        notes=(
            *evidence.notes,
            *notes_on_owners(evidence),
            *notes_on(evidence, sum(j.left_out for j in judged), sum(j.small for j in judged)),
        ),
        cost_of_this_run=run_cost(evidence),
        series=tuple(evidence.series.values()),
        plan_remediation=tuple(text for one in judged for text in plan_remedy(one.changes(plan), one.network)),
        vpcs=tuple(vpc for judgement in judged for vpc in judgement.maps(plan)),
    )


def traffics_of(evidence: Evidence) -> tuple[Traffic, Traffic]:
    """The traffic as it is expected and as far as it was seen."""
    traffic = traffic_of(evidence)
    partial = any(one.is_partial for one in traffic.reconciled.values())
    return traffic, traffic_of(evidence, extrapolated=False) if partial else traffic


def forecast_of(evidence: Evidence, region: str, traffic: tuple[Traffic, Traffic]) -> Forecast:
    """A region without any change; `traffic` as it is expected and as far as it was seen."""
    return Forecast.of(situation_of(evidence, region, traffic[0]), _of_region(traffic[1], region))


def situation_of(evidence: Evidence, region: str, traffic: Traffic) -> Situation:
    """One region of all accounts: hubs and spokes cross accounts, nothing that is priced here crosses regions."""
    scopes = (scope for scope in evidence.scope.values() if scope.region == region)
    network = Network.merge((scope.account_id, scope.network) for scope in scopes)
    return Situation(network, _of_region(traffic, region), evidence.prices)


def _of_region(traffic: Traffic, region: str) -> Traffic:
    return replace(traffic, flows=tuple(flow for flow in traffic.flows if flow.client.region == region))


def _regions(evidence: Evidence) -> list[str]:
    return sorted({scope.region for scope in evidence.scopes if not scope.skipped})


def _judge_region(evidence: Evidence, region: str, traffic: tuple[Traffic, Traffic], remedy: Remedy) -> Judgement:
    """`traffic` as it is expected and as far as it was seen."""
    forecast = forecast_of(evidence, region, traffic)
    situation = forecast.expected.situation
    decisions = Decisions.of(evidence, situation.network)
    findings: list[Finding] = []
    candidates: list[Candidate] = []
    not_evaluated: list[NotEvaluated] = []
    left_out = small = 0
    for rule, scope, said in _say(evidence, situation, region):
        if decisions.leaves_out(said):
            left_out += isinstance(said, Proposal)
            continue
        if not isinstance(said, Proposal):
            not_evaluated.append(NotEvaluated(rule.id, scope.account_id, region, said.reason, said.resource))
            continue
        saved = _price(forecast, said)
        if rule.only_if_it_pays and said.edits and not saved.pays:
            not_evaluated.extend(_undecided(rule, scope, said, saved))
            continue
        finding = _finding(rule, scope, said, saved, remedy(said, situation.network))
        if said.edits and finding.saving is None:
            unread = unread_bytes(evidence, situation, said)
            finding = replace(finding, saving_note=f"{unread} {finding.saving_note}".strip())
        if decisions.is_small(finding, saved):
            small += 1
            continue
        findings.append(decisions.settled(finding, said.edits))
        if findings[-1].status is not Status.ACCEPTED:
            candidates.append(Candidate(finding.id, said.edits, saved))
    plan = make_plan(forecast, candidates)
    edits = {candidate.id: candidate.edits for candidate in candidates}
    noted = _noted(findings, plan.steps)
    return Judgement(noted, plan, tuple(not_evaluated), left_out, small, situation.network, edits)


def _price(forecast: Forecast, said: Proposal) -> Saved:
    """What it saves; a flow log saves nothing by itself and only adds to the bill."""
    if said.flow_log is None:
        return forecast.after(said.edits).saved
    cost = Difference(added=delivery(said.flow_log, said.resource, forecast.expected.situation.prices))
    return Saved(cost, cost, cost)


def _say(evidence: Evidence, situation: Situation, region: str) -> Iterator[tuple[Rule, Scope, Proposal | Unjudged]]:
    """What every rule says of every scope of a region; a rule whose evidence is missing says only that."""
    for scope in evidence.scope.values():
        if scope.region != region or scope.skipped:
            continue
        view = View(evidence, situation, scope.account_id, region)
        for rule in all_rules():
            missing = tuple(source for source in rule.needs if source not in scope.known)
            said = (Unjudged("", _reason(scope, missing)),) if missing else rule.judge(view)
            yield from ((rule, scope, _warned(one, situation.network)) for one in said)


def _warned(said: Proposal | Unjudged, network: Network) -> Proposal | Unjudged:
    """With what refuses the traffic that its change would move, before all other risks."""
    found = admission_risks(network, said.edits) if isinstance(said, Proposal) and said.edits else ()
    return replace(said, risks=(*found, *said.risks)) if found and isinstance(said, Proposal) else said


def _undecided(rule: Rule, scope: Scope, said: Proposal, saved: Saved) -> Iterator[NotEvaluated]:
    """What does not pay needs no word, unless nobody knows whether it does."""
    if saved.unpriced:
        reason = f"whether it pays is not known: {said.title}, but the cost of {', '.join(saved.unpriced)} is unknown"
        yield NotEvaluated(rule.id, scope.account_id, scope.region, reason, said.resource)


def _reason(scope: Scope, missing: tuple[Source, ...]) -> str:
    actions = [gap.action for gap in scope.gaps if gap.source in missing]
    unread = f"{', '.join(missing)} could not be read"
    return f"{unread}: it needs {', '.join(dict.fromkeys(actions))}" if actions else unread


def _finding(rule: Rule, scope: Scope, said: Proposal, saved: Saved, remediation: Remediation) -> Finding:
    saving = saved.saving() if said.edits else None
    return Finding(
        id=":".join(part for part in (rule.id, said.resource, said.detail) if part),
        rule=rule.id,
        account_id=scope.account_id,
        region=scope.region,
        vpc_id=said.vpc_id,
        resource=said.resource,
        severity=_severity(rule, said, saved, saving),
        evidence=saved.level if said.evidence is Level.METRICS else said.evidence,
        title=said.title,
        why=said.why,
        risks=said.risks,
        check=said.check,
        saving=saving,
        saving_note=_note(said, saved, saving),
        avoided=saved.shown.avoided,
        added=saved.shown.added,
        remediation=remediation,
    )


def _severity(rule: Rule, said: Proposal, saved: Saved, saving: Saving | None) -> Severity:
    """What is only about money is of low severity where it is small change even at the most."""
    is_small = saving is not None and saving.high < SMALL_CHANGE and not saved.unpriced
    return Severity.LOW if rule.is_about_money and is_small else said.severity or rule.severity


def _note(said: Proposal, saved: Saved, saving: Saving | None) -> str:
    """What a rule says of bytes that nobody attributed, or of those that flow logs did; not of what is certain."""
    if not said.edits:
        return said.note
    is_certain = saved.level is Level.METRICS and saving is not None and saving.expected is not None
    note = "" if is_certain else said.note
    return " ".join(part for part in (note, _unpriced(saved, saving)) if part)


def _unpriced(saved: Saved, saving: Saving | None) -> str:
    labels = ", ".join(saved.unpriced)
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
        if f.saving and f.saving.high > 0 and f.id not in planned and f.status is not Status.ACCEPTED
        else f
        for f in findings
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
        after_plan=remaining(total((nat_usd, endpoint_usd)), measured, (one for step in plan for one in step.parts)),
        unknown_lines=sum(1 for line in lines if line.usd is None),
    )


def _known(rows: Iterable[tuple[Line, ...]]) -> Decimal:
    return total(line.usd for lines in rows for line in lines if line.usd is not None)


def _summary(scope: Scope) -> ScopeSummary:
    reason = scope.skipped or (scope.gaps[0].reason if scope.gaps else None)
    return ScopeSummary(scope.account_id, scope.region, scope.status, reason)


def _weight(finding: Finding) -> tuple[int, Decimal, Decimal, str]:
    """The gravest first, then what saves most as measured, then at the most."""
    saving = finding.saving or Saving(ZERO, None, ZERO)
    measured = saving.low if saving.expected is None else saving.expected
    return (_SEVERITIES.index(finding.severity), measured.copy_negate(), saving.high.copy_negate(), finding.id)
