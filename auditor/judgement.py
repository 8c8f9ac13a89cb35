"""What the rules say of networks that nothing joins to others: findings priced one by one, and a plan for them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal

from auditor.constraints import Decisions
from auditor.model.audit import Finding, NotEvaluated, Remediation, Saving, Severity, Status
from auditor.model.evidence import Evidence, Scope, Source
from auditor.model.layout import VpcMap
from auditor.model.money import Difference
from auditor.model.network import Network
from auditor.model.traffic import Level
from auditor.rules import all_rules
from auditor.rules.admission import admission_risks
from auditor.rules.other_accounts import unread_bytes
from auditor.rules.rule import Proposal, Rule, Unjudged
from auditor.rules.view import View
from auditor.whatif.change import Change
from auditor.whatif.edits import Edit, apply_all
from auditor.whatif.flow_log import delivery
from auditor.whatif.forecast import Forecast, Saved
from auditor.whatif.islands import Candidate
from auditor.whatif.layouts import vpc_maps
from auditor.whatif.plan import Plan, Step, make_plan
from auditor.whatif.saving import Situation

Remedy = Callable[[Proposal, Network], Remediation]
"""Writes what a rule proposes as text to paste."""

SMALL_CHANGE = Decimal(1)
"""USD a month: what saves less, at the most, is not worth an alarm."""


@dataclass(frozen=True)
class Judgement:
    """What the rules say of some scopes of one region, and the plan for them; how much of it is not to be shown.

    `network` and `edits` are there as far as the plan needs them, `maps` are those of the VPCs with findings.
    """

    findings: tuple[Finding, ...] = ()
    plan: Plan = field(default_factory=Plan)
    not_evaluated: tuple[NotEvaluated, ...] = ()
    left_out: int = 0
    small: int = 0
    network: Network = Network()
    edits: Mapping[str, tuple[Edit, ...]] = field(default_factory=dict)
    maps: tuple[VpcMap, ...] = ()

    def changes(self, numbers: Mapping[str, int]) -> list[Change]:
        """The plan's steps here, with the findings and edits that they stand for; `numbers` are those of all steps."""
        by_id = {finding.id: finding for finding in self.findings}
        return [Change(numbers[step.id], by_id[step.id], self.edits[step.id]) for step in self.plan.steps]


def judge(
    evidence: Evidence, scopes: Sequence[Scope], forecast: Forecast, remedy: Remedy, places: Mapping[str, int]
) -> Judgement:
    """What the rules say of scopes of one region; `places` are those of their accounts in it."""
    decisions = Decisions.of(evidence, forecast.network)
    hearing = _Hearing(evidence, forecast, remedy, decisions, places)
    for rule, scope, said in _say(evidence, forecast.expected.situation, scopes):
        hearing.hear(rule, scope, said)
    return hearing.judgement()


@dataclass(frozen=True)
class _Hearing:
    """Proposals on their way to be findings."""

    evidence: Evidence
    forecast: Forecast
    remedy: Remedy
    decisions: Decisions
    places: Mapping[str, int]
    findings: list[Finding] = field(default_factory=list)
    candidates: list[Candidate] = field(default_factory=list)
    not_evaluated: list[NotEvaluated] = field(default_factory=list)
    hidden: Counter[str] = field(default_factory=Counter)

    def hear(self, rule: Rule, scope: Scope, said: Proposal | Unjudged) -> None:
        """Make a finding of what a rule says, or write down why it is none."""
        if self.decisions.leaves_out(said):
            self.hidden[_LEFT_OUT] += isinstance(said, Proposal)
        elif isinstance(said, Proposal):
            self._weigh(rule, scope, said)
        else:
            self.not_evaluated.append(NotEvaluated(rule.id, scope.account_id, scope.region, said.reason, said.resource))

    def _weigh(self, rule: Rule, scope: Scope, proposed: Proposal) -> None:
        here = self.forecast.near(proposed.edits) if proposed.edits else self.forecast
        said, saved = _warned(proposed, here.network), _price(here, proposed)
        if rule.only_if_it_pays and said.edits and not saved.pays:
            self.not_evaluated.extend(_undecided(rule, scope, said, saved))
            return
        finding = _finding(rule, scope, said, saved)
        if self.decisions.is_small(finding, saved):
            self.hidden[_SMALL] += 1
            return
        self.findings.append(self.decisions.settled(self._told(finding, said, here.network), said.edits))
        if self.findings[-1].status is not Status.ACCEPTED:
            self.candidates.append(Candidate(finding.id, said.edits, saved, self.places[scope.account_id]))

    def _told(self, finding: Finding, said: Proposal, network: Network) -> Finding:
        """With its change as text, and with whose bytes nobody knows where that keeps the saving open."""
        unknown = said.edits and finding.saving is None
        unread = unread_bytes(self.evidence, self.forecast.expected.situation, said) if unknown else ""
        note = f"{unread} {finding.saving_note}".strip() if unknown else finding.saving_note
        return replace(finding, saving_note=note, remediation=self.remedy(said, network))

    def judgement(self) -> Judgement:
        """What is found, and the plan."""
        plan = make_plan(self.forecast, self.candidates)
        edits = {candidate.id: candidate.edits for candidate in self.candidates}
        planned = [edit for step in plan.steps for edit in edits[step.id]]
        network, findings = self.forecast.network, _noted(self.findings, plan.steps)
        maps = vpc_maps(network, dict.fromkeys(one.vpc_id for one in findings if one.vpc_id), planned)
        return Judgement(
            findings=findings,
            plan=plan,
            not_evaluated=tuple(self.not_evaluated),
            left_out=self.hidden[_LEFT_OUT],
            small=self.hidden[_SMALL],
            network=replace(network) if plan.steps else Network(),
            edits={step.id: edits[step.id] for step in plan.steps},
            maps=tuple(maps),
        )


_LEFT_OUT, _SMALL = "left out", "small"


def _price(here: Forecast, said: Proposal) -> Saved:
    """What it saves; a flow log saves nothing by itself and only adds to the bill."""
    if said.edits:
        return here.to(apply_all(here.network, said.edits)).saved
    wanted, prices = said.flow_log, here.expected.situation.prices
    cost = Difference(added=delivery(wanted, said.resource, prices)) if wanted else Difference()
    return Saved(cost, cost, cost)


def _say(
    evidence: Evidence, situation: Situation, scopes: Iterable[Scope]
) -> Iterator[tuple[Rule, Scope, Proposal | Unjudged]]:
    """What every rule says of every scope that was read; a rule whose evidence is missing says only that."""
    for scope in (one for one in scopes if not one.skipped):
        view = View(evidence, situation, scope.account_id, scope.region)
        for rule in all_rules():
            missing = tuple(source for source in rule.needs if source not in scope.known)
            said = (Unjudged("", _reason(scope, missing)),) if missing else rule.judge(view)
            yield from ((rule, scope, one) for one in said)


def _warned(said: Proposal, network: Network) -> Proposal:
    """With what refuses the traffic that its change would move, before all other risks."""
    found = admission_risks(network, said.edits) if said.edits else ()
    return replace(said, risks=(*found, *said.risks)) if found else said


def _undecided(rule: Rule, scope: Scope, said: Proposal, saved: Saved) -> Iterator[NotEvaluated]:
    """What does not pay needs no word, unless nobody knows whether it does."""
    if saved.unpriced:
        reason = f"whether it pays is not known: {said.title}, but the cost of {', '.join(saved.unpriced)} is unknown"
        yield NotEvaluated(rule.id, scope.account_id, scope.region, reason, said.resource)


def _reason(scope: Scope, missing: tuple[Source, ...]) -> str:
    actions = [gap.action for gap in scope.gaps if gap.source in missing]
    unread = f"{', '.join(missing)} could not be read"
    return f"{unread}: it needs {', '.join(dict.fromkeys(actions))}" if actions else unread


def _finding(rule: Rule, scope: Scope, said: Proposal, saved: Saved) -> Finding:
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
        remediation=Remediation(),
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
