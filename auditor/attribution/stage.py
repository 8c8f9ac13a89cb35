"""Evidence with flow logs → evidence with bytes attributed: planned, held to a budget, read, named, placed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace

from auditor.attribution.clients import Subnets, place, with_owners
from auditor.attribution.naming.live_dns import Resolve
from auditor.attribution.naming.names import Named, Naming, VpcsOf
from auditor.attribution.offers import FindServices, with_offers
from auditor.attribution.planning import Callers, Limits, Planned, plan, spread
from auditor.attribution.ranges import Ranges
from auditor.attribution.tally import Counted, counting
from auditor.attribution.task import Estimate, Reader, Task, Used
from auditor.aws.accounts import Access, Accounts, own_account
from auditor.aws.calls import ScopeCalls
from auditor.aws.failures import AwsFailureError, Kind
from auditor.aws.operations import ATHENA_OPERATIONS, DESCRIBE_INTERFACES, LIST_QUERY_LOG_ASSOCIATIONS, OPERATIONS
from auditor.aws.pacing import SHARE
from auditor.aws.session import AuditSession
from auditor.errors import UsageError
from auditor.model.attributed import Attribution, Engine, FlowLogScan, PlannedScan, TopTalker
from auditor.model.evidence import Evidence, Gap, Scope, Source, summed
from auditor.model.money import total
from auditor.model.resources import Interface

FindInterfaces = Callable[[ScopeCalls, Iterable[str]], Awaitable[Sequence[Interface]]]
"""The interfaces of a scope that hold any of these private addresses."""

_QUERIES_AT_ONCE = 4


@dataclass(frozen=True, slots=True)
class Options:
    """How to reach accounts, what reading may cost, what addresses mean, and whom to tell of progress.

    `resolve` asks DNS for the addresses of AWS's services, `find_services` AWS which of those that flow logs name offer
    endpoints; nobody asks where they are `None`.
    """

    limits: Limits
    ranges: Ranges
    find_interfaces: FindInterfaces
    find_services: FindServices | None = None
    resolve: Resolve | None = None
    profile: str | None = None
    access: Access = Access()
    api_share: int = SHARE
    tell: Callable[[str], object] = str


@dataclass(frozen=True, slots=True)
class Read:
    """What reading one flow log gave."""

    planned: Planned
    scan: FlowLogScan | None = None
    attributions: tuple[Attribution, ...] = ()
    talkers: tuple[TopTalker, ...] = ()
    gaps: tuple[Gap, ...] = ()


async def attribute(evidence: Evidence, options: Options) -> Evidence:
    """Read what flow logs say of the NAT gateways; what cannot be read is a gap, and the rest as it was."""
    async with _callers(options) as callers:
        planned = await plan(evidence, callers, options.limits)
        left = spread(options.limits.budget, planned)
        naming = Naming(options.ranges, left, options.limits.here, options.resolve)
        stage = Stage(evidence, options, callers, naming)
        found = await asyncio.gather(*(stage.read(one) for one in planned))
        attributed = _with_all(evidence, found)
        if options.find_services:
            attributed = await with_offers(attributed, callers, options.find_services)
    return _with_calls(attributed, callers)


async def forecast(evidence: Evidence, options: Options) -> list[PlannedScan]:
    """What `attribute` would read and at what cost; nothing is read."""
    async with _callers(options) as callers:
        return [one.forecast for one in await plan(evidence, callers, options.limits)]


@asynccontextmanager
async def _callers(options: Options) -> AsyncIterator[Callers]:
    operations = (*OPERATIONS, *ATHENA_OPERATIONS) if options.limits.athena else OPERATIONS
    async with AuditSession(options.profile, operations, options.api_share) as session:
        yield Callers(Accounts(await own_account(session), options.access))


@dataclass
class Stage:
    """Reads what was planned: one flow log at a time here, for it takes all cores; a few at a time elsewhere."""

    evidence: Evidence
    options: Options
    callers: Callers
    naming: Naming
    _here: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(1))
    _elsewhere: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(_QUERIES_AT_ONCE))

    async def read(self, planned: Planned) -> Read:
        """One flow log, or the gap that stands for it."""
        if planned.gap or not (planned.task and planned.reader and planned.estimate):
            return Read(planned, gaps=(planned.gap,) if planned.gap else ())
        slots = self._here if planned.reader.engine is Engine.DUCKDB else self._elsewhere
        try:
            async with slots:
                self.options.tell(f"{planned.task.flow_log.id}: {planned.estimate.detail}")
                return await self._read(planned, planned.task, planned.reader, planned.estimate)
        except (AwsFailureError, UsageError) as failure:
            scope, log = planned.scope, planned.task.flow_log
            reason = f"{log.id}: {failure}"
            gap = Gap(scope.account_id, scope.region, Source.FLOW_RECORDS, planned.action, reason)
            return Read(planned, gaps=(gap,))

    async def _read(self, planned: Planned, task: Task, reader: Reader, expected: Estimate) -> Read:
        with _engine_failures(), counting(task.gateways) as tally:
            used = await reader.read(tally)
            vpcs = self._vpcs(task)
            ranges = self.options.ranges.with_private(self._blocks(vpcs))
            unnamed = await asyncio.to_thread(tally.unnamed, ranges)
            named = await self.naming(task, vpcs, unnamed, self.callers) if unnamed else Named({})
            counted = await asyncio.to_thread(tally.result, ranges, named.names)
        subnets = Subnets(self.evidence.network, {vpc_id for ids in vpcs.values() for vpc_id in ids})
        attributions, talkers = place(counted.clients, task.gateways, subnets)
        talkers, gaps = await self._owned(planned.scope, talkers)
        scan = _scan(task, reader.engine, expected, [used, named.used], counted)
        unread = tuple(self._without_names(planned.scope, problem) for problem in named.used.problems)
        return Read(planned, scan, attributions, talkers, (*gaps, *unread))

    def _vpcs(self, task: Task) -> VpcsOf:
        """The VPCs whose clients the NAT gateways may have: their own, and those on the same transit gateways."""
        network = self.evidence.network
        own = {gateway.vpc_id for gateway in task.gateways}
        hubs = {hub for hub, vpc_id in network.attachment_of_vpc if vpc_id in own}
        found = own | {vpc_id for hub, vpc_id in network.attachment_of_vpc if hub in hubs}
        vpcs: dict[str, set[str]] = {task.gateways[0].account_id: own}
        for vpc in (network.vpc[vpc_id] for vpc_id in found if vpc_id in network.vpc):
            vpcs.setdefault(vpc.account_id, set()).add(vpc.id)
        return vpcs

    def _blocks(self, vpcs: VpcsOf) -> Iterable[str]:
        known = self.evidence.network.vpc
        return (cidr for ids in vpcs.values() for one in ids if one in known for cidr in known[one].cidrs)

    def _without_names(self, scope: Scope, problem: str) -> Gap:
        action = LIST_QUERY_LOG_ASSOCIATIONS.action
        return Gap(scope.account_id, scope.region, Source.QUERY_LOGS, action, problem)

    async def _owned(
        self, scope: Scope, talkers: tuple[TopTalker, ...]
    ) -> tuple[tuple[TopTalker, ...], tuple[Gap, ...]]:
        """Talkers with their owners, who are asked for in the account of their subnet."""
        wanted: dict[str, set[str]] = {}
        for one in talkers:
            subnet = self.evidence.network.subnet.get(one.subnet_id or "")
            if subnet:
                wanted.setdefault(subnet.account_id, set()).add(one.address)
        interfaces: list[Interface] = []
        gaps = []
        for account_id, addresses in wanted.items():
            try:
                calls = await self.callers.at(account_id, scope.region)
                interfaces += await self.options.find_interfaces(calls, sorted(addresses))
            except (AwsFailureError, UsageError) as failure:
                gaps.append(Gap(account_id, scope.region, Source.INTERFACES, DESCRIBE_INTERFACES.action, str(failure)))
        return with_owners(talkers, interfaces), tuple(gaps)


@contextmanager
def _engine_failures() -> Iterator[None]:
    """What the engine or the disk refuses is a gap of this flow log, not the end of the audit."""
    import duckdb  # noqa: PLC0415

    try:
        yield
    except (duckdb.Error, OSError) as error:
        said = str(error).partition("\n")[0]
        reason = f"counting here failed: {said}: give it memory and a writable TMPDIR, or let Athena count"
        raise AwsFailureError(Kind.UNKNOWN, reason) from error


def _scan(task: Task, engine: Engine, expected: Estimate, used: Sequence[Used], counted: Counted) -> FlowLogScan:
    """`used` is what reading the records took, and the names."""
    result = counted.result
    amounts = [one.usd for one in used]
    return FlowLogScan(
        flow_log_id=task.flow_log.id,
        engine=engine,
        start=task.window.start,
        end=task.window.end,
        nat_gateway_ids=tuple(gateway.id for gateway in task.gateways),
        bytes_estimated=expected.bytes,
        usd_estimated=expected.usd,
        bytes_scanned=sum(one.bytes for one in used),
        usd=None if None in amounts else total(usd for usd in amounts if usd is not None),
        records=result.records,
        nodata=result.nodata,
        skipdata=result.skipdata,
        rejected=result.rejected,
        unreadable=result.unreadable,
        clients_known=all(one.clients_known for one in result.nat_gateways if one.destinations),
        notes=(*counted.notes, *(note for one in used for note in one.notes)),
    )


def _with_all(evidence: Evidence, found: Sequence[Read]) -> Evidence:
    """The evidence with what was found, in the scopes of the NAT gateways."""
    scopes = (_with(scope, [one for one in found if one.planned.scope is scope]) for scope in evidence.scopes)
    return replace(evidence, scopes=tuple(scopes))


def _with_calls(evidence: Evidence, callers: Callers) -> Evidence:
    """The evidence with the calls that this took."""
    scopes = (
        replace(scope, calls=summed((*scope.calls, *callers.sent(scope.account_id, scope.region))))
        for scope in evidence.scopes
    )
    return replace(evidence, scopes=tuple(scopes), calls=summed((*evidence.calls, *callers.own.target.calls)))


def _with(scope: Scope, found: Sequence[Read]) -> Scope:
    gaps = tuple(gap for one in found for gap in one.gaps)
    is_complete = Source.FLOW_LOGS in scope.known and not any(gap.source is Source.FLOW_RECORDS for gap in gaps)
    return replace(
        scope,
        known=(*scope.known, Source.FLOW_RECORDS) if is_complete else scope.known,
        attributions=tuple(a for one in found for a in one.attributions),
        talkers=tuple(t for one in found for t in one.talkers),
        scans=tuple(one.scan for one in found if one.scan),
        gaps=(*scope.gaps, *gaps),
    )
