"""Before anything is read: which flow logs are to be read, by what, at what cost, and what is left out for its cost."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from decimal import ROUND_DOWN, Decimal

from auditor.attribution.athena.reader import AthenaReader
from auditor.attribution.choice import Refusal, choose
from auditor.attribution.insights.reader import InsightsReader
from auditor.attribution.s3.keys import location
from auditor.attribution.s3.objects import find_bucket
from auditor.attribution.s3.reader import S3Reader
from auditor.attribution.task import Estimate, Reader, Task, dollars
from auditor.aws.accounts import Accounts
from auditor.aws.calls import ScopeCalls
from auditor.aws.failures import AwsFailureError
from auditor.aws.operations import DESCRIBE_FLOW_LOGS, GET_OBJECT, START_QUERY, START_QUERY_EXECUTION
from auditor.model.attributed import Engine, EngineChoice, PlannedScan
from auditor.model.evidence import Call, Evidence, Gap, Scope, Source
from auditor.model.money import EXACT, ZERO, Prices, total

_ACTIONS = {Engine.DUCKDB: GET_OBJECT, Engine.ATHENA: START_QUERY_EXECUTION, Engine.LOGS_INSIGHTS: START_QUERY}
_ESTIMATES_AT_ONCE = 16
_CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Athena:
    """A workgroup with a cutoff, and a database in which tables may be made for the time of a query."""

    workgroup: str
    database: str = "default"


@dataclass(frozen=True, slots=True)
class Limits:
    """What reading may cost and by what it is done.

    `here` is the AWS region that we run in, `None` where that is not known. Above `local_bytes` Athena reads, if it
    may.
    """

    budget: Decimal
    here: str | None = None
    choice: EngineChoice = EngineChoice.AUTO
    athena: Athena | None = None
    local_bytes: int = 50 * 2**30


@dataclass(frozen=True, slots=True)
class Planned:
    """A task with its reader and estimate; `gap` says why it is not to be read."""

    scope: Scope
    task: Task | None
    reader: Reader | None = None
    estimate: Estimate | None = None
    gap: Gap | None = None

    @property
    def action(self) -> str:
        """The IAM action that reads it."""
        if self.reader:
            return _ACTIONS[self.reader.engine].action
        is_in_s3 = self.task is not None and self.task.flow_log.destination_type == "s3"
        return GET_OBJECT.action if is_in_s3 else START_QUERY.action

    @property
    def forecast(self) -> PlannedScan:
        """The same in words and figures alone."""
        return PlannedScan(
            account_id=self.scope.account_id,
            region=self.scope.region,
            flow_log_id=self.task.flow_log.id if self.task else "",
            nat_gateway_ids=tuple(gateway.id for gateway in self.task.gateways) if self.task else (),
            engine=self.reader.engine if self.reader else None,
            detail=self.estimate.detail if self.estimate else "",
            usd=_usd(self),
            refusal=self.gap.reason if self.gap else "",
        )


@dataclass
class Callers:
    """Who asks: the caller's own account, and others through their role, each assumed once."""

    accounts: Accounts
    _reached: dict[str, asyncio.Task[ScopeCalls]] = field(default_factory=dict)
    _used: dict[tuple[str, str], ScopeCalls] = field(default_factory=dict)

    @property
    def own(self) -> ScopeCalls:
        """The caller's own account."""
        return self.accounts.own

    async def at(self, account_id: str, region: str) -> ScopeCalls:
        """An account in a region; `AwsFailureError` where its role is refused."""
        if account_id not in self._reached:
            self._reached[account_id] = asyncio.ensure_future(self.accounts.reach(account_id))
        calls = await self._reached[account_id]
        return self._used.setdefault((account_id, region), calls.at(region))

    def sent(self, account_id: str, region: str) -> tuple[Call, ...]:
        """What was sent there."""
        used = self._used.get((account_id, region))
        return used.target.calls if used else ()


async def plan(evidence: Evidence, callers: Callers, limits: Limits) -> list[Planned]:
    """Every flow log that tells something, with its estimate; over the budget the dearest are left out."""
    slots = asyncio.Semaphore(_ESTIMATES_AT_ONCE)
    found = [(scope, one) for scope in evidence.scopes for one in _choices(scope, evidence)]

    async def estimated(scope: Scope, one: Task | Refusal) -> Planned:
        async with slots:
            return await _estimated(scope, one, callers, limits, evidence.prices)

    planned = await asyncio.gather(*(estimated(scope, one) for scope, one in found))
    return within_budget(planned, limits.budget)


def within_budget(planned: Sequence[Planned], budget: Decimal) -> list[Planned]:
    """The cheapest first, as many as the budget pays; the others become gaps that say what they would cost."""
    left, kept = budget, []
    for one in sorted(planned, key=lambda one: _usd(one) or ZERO):
        usd = _usd(one)
        if one.gap or not one.estimate:
            kept.append(one)
        elif usd is None:
            kept.append(_left_out(one, f"its price is not known in {one.scope.region}, so no budget can bound it"))
        elif usd > left:
            kept.append(_left_out(one, _too_dear(usd, budget, left)))
        else:
            left = EXACT.subtract(left, usd)
            kept.append(one)
    return kept


def spread(budget: Decimal, planned: Sequence[Planned]) -> Decimal:
    """What is left for names: all that no scan is expected to take, or half of it where parts may be asked again.

    The other half is shared by the queries of Logs Insights, whose answers may have to be thrown away.
    """
    left = EXACT.subtract(budget, cost_of(planned))
    insights = [one for one in planned if not one.gap and isinstance(one.reader, InsightsReader)]
    for one in insights:
        assert isinstance(one.reader, InsightsReader)  # noqa: S101 -- as chosen above
        more = (left / 2 / len(insights)).quantize(_CENT, ROUND_DOWN)
        one.reader.budget = EXACT.add(_usd(one) or ZERO, more)
    return (left / 2).quantize(_CENT, ROUND_DOWN) if insights else left


def cost_of(planned: Iterable[Planned]) -> Decimal:
    """What is to be read costs in all."""
    return total(_usd(one) or ZERO for one in planned if not one.gap)


def _usd(one: Planned) -> Decimal | None:
    return one.estimate.usd if one.estimate else None


def _too_dear(usd: Decimal, budget: Decimal, left: Decimal) -> str:
    taken = "" if left == budget else f", of which other scans take {dollars(EXACT.subtract(budget, left))}"
    return (
        f"it would cost {dollars(usd)}, over the budget of {dollars(budget)}{taken}: raise --budget or shorten --window"
    )


def _left_out(one: Planned, why: str) -> Planned:
    assert one.task is not None  # noqa: S101 -- only what has an estimate comes here
    assert one.estimate is not None  # noqa: S101
    names = ", ".join(gateway.id for gateway in one.task.gateways)
    reason = f"{one.task.flow_log.id} ({one.estimate.detail}) was not read for {names}: {why}"
    return replace(one, gap=_gap(one.scope, one.action, reason))


def _choices(scope: Scope, evidence: Evidence) -> Iterable[Task | Refusal]:
    """A NAT gateway is looked at where its owner was read; flow logs of other accounts on it are told there."""
    own = [n for n in scope.network.nat_gateways if n.is_billed and n.account_id == scope.account_id]
    return choose(own, evidence.network.flow_logs, evidence.window, evidence.network)


async def _estimated(scope: Scope, one: Task | Refusal, callers: Callers, limits: Limits, prices: Prices) -> Planned:
    if isinstance(one, Refusal):
        return Planned(scope, None, gap=_gap(scope, DESCRIBE_FLOW_LOGS.action, one.reason))
    planned = Planned(scope, one)
    try:
        calls = await callers.at(one.flow_log.account_id, one.flow_log.region)
        reader, estimate = await _reader(one, calls, callers.own, limits, prices)
    except AwsFailureError as failure:
        return replace(planned, gap=_gap(scope, planned.action, f"{one.flow_log.id}: {failure.reason}"))
    return replace(planned, reader=reader, estimate=estimate)


async def _reader(
    task: Task, calls: ScopeCalls, own: ScopeCalls, limits: Limits, prices: Prices
) -> tuple[Reader, Estimate]:
    """What is to read a flow log: Athena where that was asked for, or where the log is too much for one machine."""
    if task.flow_log.destination_type != "s3":
        insights = InsightsReader(task, calls, prices, limits.budget)
        return insights, await insights.estimate()
    if limits.athena and limits.choice is EngineChoice.ATHENA:
        athena = await _athena(task, calls, own, limits.athena, prices)
        return athena, await athena.estimate()
    here = S3Reader(task, calls, own, limits.here)
    estimate = await here.estimate()
    if limits.athena and limits.choice is EngineChoice.AUTO and _is_too_much(estimate, limits):
        athena = await _athena(task, calls, own, limits.athena, prices)
        return athena, await athena.estimate()
    return here, estimate


def _is_too_much(estimate: Estimate, limits: Limits) -> bool:
    return estimate.bytes > limits.local_bytes or estimate.usd is None or estimate.usd > limits.budget


async def _athena(task: Task, calls: ScopeCalls, own: ScopeCalls, athena: Athena, prices: Prices) -> AthenaReader:
    """Athena runs in the bucket's region, in the caller's own account: that is where the workgroup is."""
    bucket = await find_bucket(location(task.flow_log).bucket, (calls, own))
    return AthenaReader(task, bucket, own.at(bucket.region), athena.workgroup, athena.database, prices)


def _gap(scope: Scope, action: str, reason: str) -> Gap:
    return Gap(scope.account_id, scope.region, Source.FLOW_RECORDS, action, reason)
