"""Everything that a run has seen and not seen: what a report is made of, and nothing else.

Saved as JSON, it renders the same figures again offline.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from fractions import Fraction
from functools import cached_property

from auditor.model.attributed import Attribution, FlowLogScan, TopTalker
from auditor.model.constraints import Constraints
from auditor.model.money import MONTH_HOURS, Prices
from auditor.model.network import Network

EVIDENCE_VERSION = 1

STOPPED = "the run was stopped before this was read: run again"
"""The reason of gaps where nobody refused anything."""

NOT_READ = "has not read it: start that shard again, then report again"
"""How the reason of a gap ends where a shard of the run is missing, or part of it."""


class Source(StrEnum):
    """Where a piece of evidence is read; a rule names those without which it says nothing."""

    ACCOUNT = "account"
    ORGANIZATION = "organization"
    REGIONS = "regions"
    ZONES = "availability-zones"
    VPCS = "vpcs"
    SUBNETS = "subnets"
    ROUTE_TABLES = "route-tables"
    NAT_GATEWAYS = "nat-gateways"
    ENDPOINTS = "vpc-endpoints"
    ENDPOINT_SERVICES = "endpoint-services"
    PREFIX_LISTS = "prefix-lists"
    SECURITY_GROUPS = "security-groups"
    NETWORK_ACLS = "network-acls"
    VPC_DNS = "vpc-dns-attributes"
    TRANSIT_GATEWAYS = "transit-gateway-attachments"
    TRANSIT_ROUTES = "transit-gateway-routes"
    PEERINGS = "vpc-peerings"
    FLOW_LOGS = "flow-logs"
    FLOW_RECORDS = "flow-records"
    QUERY_LOGS = "resolver-query-logs"
    INTERFACES = "network-interfaces"
    NAT_METRICS = "nat-gateway-metrics"
    ENDPOINT_METRICS = "endpoint-metrics"
    PRICES = "prices"


@dataclass(frozen=True, slots=True)
class Gap:
    """Something that could not be read. `region` is empty for calls of a whole account."""

    account_id: str
    region: str
    source: Source
    action: str
    reason: str


@dataclass(frozen=True, slots=True)
class Window:
    """What was observed: whole UTC days, `end` excluded."""

    start: datetime
    end: datetime

    @property
    def hours(self) -> int:
        """Hours in the window."""
        return int((self.end - self.start) / timedelta(hours=1))

    def observed_hours(self, since: datetime | None) -> int:
        """Hours of the window in which a resource existed; a day at the least, so that no minute becomes a month."""
        start = max(self.start, since) if since else self.start
        return max(24, min(self.hours, int((self.end - start) / timedelta(hours=1))))

    def per_month(self, count: int, since: datetime | None = None) -> int:
        """Bytes of the window as bytes of a month of 730 hours, to the whole byte: the only place that scales."""
        return round(Fraction(count * MONTH_HOURS, self.observed_hours(since)))

    def covers(self, since: datetime | None) -> bool:
        """Whether a resource is older than the window."""
        return since is not None and since <= self.start


@dataclass(frozen=True, slots=True)
class Series:
    """Daily values of one CloudWatch metric; a day without a datapoint is absent."""

    resource_id: str
    metric: str
    days: tuple[date, ...]
    values: tuple[int, ...]

    @property
    def sum(self) -> int:
        """Sum over the window."""
        return sum(self.values)


@dataclass(frozen=True, slots=True)
class Call:
    """How often an operation was called, attempts included; `throttled` of them AWS refused for haste."""

    operation: str
    count: int
    throttled: int = 0


def summed(calls: Iterable[Call]) -> tuple[Call, ...]:
    """One row for each operation."""
    counts: Counter[str] = Counter()
    throttled: Counter[str] = Counter()
    for call in calls:
        counts[call.operation] += call.count
        throttled[call.operation] += call.throttled
    return tuple(Call(operation, counts[operation], throttled[operation]) for operation in sorted(counts))


@dataclass(frozen=True, repr=False)
class Scope:
    """One account in one region.

    `known` names the sources whose answer is complete: read in full, or not asked because nothing that was read
    can depend on it. A source that is not in `known` is unknown, never empty.
    """

    account_id: str
    region: str
    known: tuple[Source, ...] = ()
    skipped: str | None = None
    network: Network = Network()
    series: tuple[Series, ...] = ()
    attributions: tuple[Attribution, ...] = ()
    talkers: tuple[TopTalker, ...] = ()
    scans: tuple[FlowLogScan, ...] = ()
    gaps: tuple[Gap, ...] = ()
    calls: tuple[Call, ...] = ()
    metrics_requested: int = 0

    @property
    def status(self) -> str:
        """audited, partial, skipped or failed."""
        if self.skipped:
            return "skipped"
        if not self.gaps:
            return "audited"
        return "partial" if self.known else "failed"


@dataclass(frozen=True, repr=False)
class Evidence:
    """A whole run. `gaps` are those outside any scope: accounts that could not be reached.

    `constraints` are those of the run, so that the file alone gives the same report again.

    Without a repr: it would be megabytes, and asyncio asks the result of its main task for one.
    """

    version: int
    generated_at: datetime
    window: Window
    scopes: tuple[Scope, ...] = ()
    prices: Prices = Prices()
    gaps: tuple[Gap, ...] = ()
    notes: tuple[str, ...] = ()
    calls: tuple[Call, ...] = ()
    constraints: Constraints = Constraints()

    @cached_property
    def network(self) -> Network:
        """All scopes' networks as one."""
        return Network.merge((scope.account_id, scope.network) for scope in self.scopes)

    @cached_property
    def series(self) -> dict[tuple[str, str], Series]:
        """Series by resource id and metric name."""
        return {(s.resource_id, s.metric): s for scope in self.scopes for s in scope.series}

    @cached_property
    def talkers(self) -> dict[str, tuple[TopTalker, ...]]:
        """Pairs of client and destination by NAT gateway, in their order."""
        found: dict[str, list[TopTalker]] = {}
        for one in (one for scope in self.scopes for one in scope.talkers):
            found.setdefault(one.nat_gateway_id, []).append(one)
        return {nat_id: tuple(talkers) for nat_id, talkers in found.items()}

    @cached_property
    def _first_days(self) -> dict[str, date]:
        found: dict[str, date] = {}
        for series in self.series.values():
            if series.days:
                found[series.resource_id] = min(series.days[0], found.get(series.resource_id, series.days[0]))
        return found

    def since(self, resource_id: str, created: datetime | None) -> datetime | None:
        """When a resource began to exist: its first datapoint, should that be older than its creation."""
        first = self._first_days.get(resource_id)
        if first is None or (created and first >= created.date()):
            return created
        return datetime.combine(first, time.min, UTC)

    @cached_property
    def scope(self) -> dict[tuple[str, str], Scope]:
        """Scopes by account and region."""
        return {(s.account_id, s.region): s for s in self.scopes}

    @property
    def is_stopped(self) -> bool:
        """Whether the run was ended before it had read everything."""
        return any(gap.reason == STOPPED for gap in self.all_gaps)

    @property
    def all_gaps(self) -> tuple[Gap, ...]:
        """Gaps of accounts first, then of scopes."""
        return (*self.gaps, *(gap for scope in self.scopes for gap in scope.gaps))
