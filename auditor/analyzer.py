"""Evidence → audit: findings priced one by one, the plan priced as a whole, and what was not judged and why."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal

from auditor.constraints import notes_on
from auditor.judgement import Remedy
from auditor.model.audit import (
    AUDIT_VERSION,
    Audit,
    EndpointCost,
    Finding,
    NatGatewayCost,
    PlanRemediation,
    PlanStep,
    Saving,
    ScopeSummary,
    Severity,
    Totals,
)
from auditor.model.evidence import Evidence, Scope
from auditor.model.money import ZERO, Line, total
from auditor.model.network import Network
from auditor.model.parts import remaining
from auditor.regions import Judging, PlanRemedy
from auditor.rules.other_accounts import notes_on_owners
from auditor.whatif.bill import Traffic, bill
from auditor.whatif.change import Change
from auditor.whatif.costs import endpoint_costs, nat_costs, run_cost
from auditor.whatif.flows import traffic_of
from auditor.whatif.forecast import Forecast
from auditor.whatif.plan import numbered
from auditor.whatif.saving import Situation

_SEVERITIES = tuple(Severity)


def _unwritten(_changes: Iterable[Change], _network: Network) -> tuple[PlanRemediation, ...]:
    return ()


def analyze(evidence: Evidence, remedy: Remedy, plan_remedy: PlanRemedy = _unwritten) -> Audit:
    """The audit of some evidence."""
    traffic, seen = traffics_of(evidence)
    regions = tuple(Judging(evidence, (traffic, seen), remedy).regions())
    judged = [part for region in regions for part in region.parts]
    plan = numbered(region.steps for region in regions)
    numbers = {step.finding_id: step.step for step in plan}
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
        findings=tuple(sorted((one for region in regions for one in region.findings), key=_weight)),
        plan=plan,
        plan_is_proven=all(one.plan.is_proven for one in judged),
        gaps=evidence.all_gaps,
        not_evaluated=tuple(entry for region in regions for entry in region.not_evaluated),
        prices=evidence.prices.rows,
        notes=(
            *evidence.notes,
            *notes_on_owners(evidence),
            *notes_on(evidence, sum(j.left_out for j in judged), sum(j.small for j in judged)),
        ),
        cost_of_this_run=run_cost(evidence),
        series=tuple(evidence.series.values()),
        plan_remediation=tuple(text for region in regions for text in region.texts(plan_remedy, numbers)),
        vpcs=tuple(vpc for region in regions for vpc in region.maps),
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
