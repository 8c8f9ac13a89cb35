"""An audit as the owner of some of its accounts may see it: nothing of the other accounts, sums made anew."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import replace
from decimal import Decimal
from typing import TypeVar

from auditor.model.audit import Audit, EndpointCost, NatGatewayCost, PlanStep, RunCost, Totals
from auditor.model.letter import Since
from auditor.model.money import ZERO, Line, total
from auditor.model.parts import remaining

T = TypeVar("T")


def narrowed(audit: Audit, accounts: Collection[str]) -> Audit:
    """The part of the audit that is about these accounts.

    Steps keep their numbers and savings in the whole plan: what a step saves on top of those before it does not
    depend on who reads it. What a finding saves stands in the account that has to make the change.
    """
    of = _chooser(accounts)
    kept = {finding.id for finding in audit.findings if finding.account_id in accounts}
    nats, endpoints = of(audit.nat_gateways), of(audit.endpoints)
    plan = _plan(step for step in audit.plan if step.finding_id in kept)
    scopes = of(audit.scopes)
    regions = {scope.region for scope in scopes}
    resources = {row.id for row in nats} | {row.id for row in endpoints}
    return replace(
        audit,
        totals=_totals(nats, endpoints, plan),
        scopes=scopes,
        nat_gateways=nats,
        endpoints=endpoints,
        findings=of(audit.findings),
        plan=plan,
        gaps=of(audit.gaps),
        not_evaluated=of(audit.not_evaluated),
        prices=tuple(price for price in audit.prices if price.region in regions),
        notes=(),
        cost_of_this_run=_cost(audit.cost_of_this_run, nats),
        series=tuple(one for one in audit.series if one.resource_id in resources),
        plan_remediation=of(audit.plan_remediation),
        since_last=None,
        vpcs=of(audit.vpcs),
    )


def narrowed_since(since: Since, accounts: Collection[str]) -> Since:
    """What changed in these accounts."""
    of = _chooser(accounts)
    return Since(
        since.last_run,
        *(of(since.new), of(since.resolved), of(since.came_back), of(since.less_seen), of(since.new_gaps)),
        of(since.saving_changes),
    )


def _chooser(accounts: Collection[str]) -> Callable[[tuple[T, ...]], tuple[T, ...]]:
    def of(rows: tuple[T, ...]) -> tuple[T, ...]:
        return tuple(row for row in rows if getattr(row, "account_id", None) in accounts)

    return of


def _plan(steps: Iterable[PlanStep]) -> tuple[PlanStep, ...]:
    """The steps with what they add up to among themselves."""
    return tuple(_summed(steps))


def _summed(steps: Iterable[PlanStep]) -> Iterator[PlanStep]:
    measured, unmeasured = ZERO, ZERO
    for step in steps:
        measured, unmeasured = total((measured, step.saving)), total((unmeasured, step.unmeasured_high))
        yield replace(step, cumulative=measured, cumulative_unmeasured_high=unmeasured)


def _totals(
    nats: tuple[NatGatewayCost, ...], endpoints: tuple[EndpointCost, ...], plan: tuple[PlanStep, ...]
) -> Totals:
    nat_lines, endpoint_lines = _lines(nats), _lines(endpoints)
    nat_usd, endpoint_usd = _known(nat_lines), _known(endpoint_lines)
    measured = plan[-1].cumulative if plan else ZERO
    return Totals(
        nat_monthly_cost=nat_usd,
        endpoint_monthly_cost=endpoint_usd,
        saving_measured=measured,
        saving_unmeasured_high=max(ZERO, plan[-1].cumulative_unmeasured_high) if plan else ZERO,
        after_plan=remaining(total((nat_usd, endpoint_usd)), measured, (one for step in plan for one in step.parts)),
        unknown_lines=sum(line.usd is None for line in (*nat_lines, *endpoint_lines)),
    )


def _lines(rows: Iterable[NatGatewayCost | EndpointCost]) -> tuple[Line, ...]:
    return tuple(line for row in rows for line in row.lines)


def _known(lines: Iterable[Line]) -> Decimal:
    return total(line.usd for line in lines if line.usd is not None)


def _cost(cost: RunCost, nats: Iterable[NatGatewayCost]) -> RunCost:
    """The run's own calls and dollars are the whole run's; of its scans only those of these NAT gateways show."""
    shown = {log for nat in nats if nat.attribution for log in nat.attribution.flow_log_ids}
    return replace(cost, scans=tuple(scan for scan in cost.scans if scan.flow_log_id in shown))
