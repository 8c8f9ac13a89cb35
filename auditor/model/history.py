"""What changed since the last audit, as `audit.json` says it; history carries the rest from run to run in it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from auditor.model.evidence import Gap, Source
from auditor.model.traffic import Level


@dataclass(frozen=True, slots=True)
class Mention:
    """A finding that another audit holds. `since` is when it was first seen, `until` when it was last seen.

    `planned` is what the plan promised to save by it, `planned_high` with what was not measured; `None` where it
    was no step of the plan. `resources` are those whose cost its saving is about, `blind` what could not be read
    in its scope when it was last seen.
    """

    id: str
    rule: str
    account_id: str
    region: str
    vpc_id: str | None
    resource: str
    title: str
    evidence: Level
    saving: Decimal | None
    saving_high: Decimal | None
    planned: Decimal | None
    planned_high: Decimal | None
    adds_endpoint: bool
    resources: tuple[str, ...]
    blind: tuple[Source, ...]
    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class Weekday:
    """Bytes that were counted on the days of one kind, 0 for Mondays to 6."""

    weekday: int
    days: int
    bytes: int


@dataclass(frozen=True, slots=True)
class Before:
    """A NAT gateway or an interface endpoint before a change: USD a month of its hours, USD a GB, its days."""

    resource: str
    account_id: str
    region: str
    hours_usd: Decimal | None
    gb_usd: Decimal | None
    weekdays: tuple[Weekday, ...]


@dataclass(frozen=True, slots=True)
class Realised:
    """What a change did save: the same resources before and after, on the same weekdays, as a month.

    The findings were resolved in one interval and share resources, so that nobody can tell their savings apart.
    `added` are endpoints that came with the change. `saving` is `None` until it can be told; `note` says why.
    """

    findings: tuple[Mention, ...]
    after: datetime
    by: datetime
    promised: Decimal | None
    promised_high: Decimal | None
    before: tuple[Before, ...]
    added: tuple[str, ...]
    days: int
    bytes_before: int | None
    bytes_after: int | None
    cost_before: Decimal | None
    cost_after: Decimal | None
    saving: Decimal | None
    note: str
    is_final: bool


@dataclass(frozen=True, slots=True)
class SavingChange:
    """A finding that is open as last time and saves another amount, USD a month; one not measured is a bound."""

    id: str
    account_id: str
    region: str
    title: str
    before: Decimal
    was_measured: bool
    now: Decimal
    is_measured: bool


@dataclass(frozen=True, slots=True)
class Lost:
    """An account in a region that was read last time and could not be read this time."""

    account_id: str
    region: str
    reason: str | None


@dataclass(frozen=True, slots=True)
class Point:
    """The main figures of one run, USD a month. Costs are lower bounds unless the run was complete."""

    run: str | None
    at: datetime
    is_complete: bool
    nat_monthly_cost: Decimal
    endpoint_monthly_cost: Decimal
    saving_open: Decimal
    saving_realised: Decimal | None


@dataclass(frozen=True, slots=True)
class SinceLast:
    """An audit compared with the one before: `run` and `at` name that one, `None` where there was none.

    `settled` are findings of earlier runs that are resolved, so that one which comes back is known.
    """

    run: str | None
    at: datetime | None
    new: tuple[Mention, ...] = ()
    resolved: tuple[Mention, ...] = ()
    came_back: tuple[Mention, ...] = ()
    not_seen: tuple[Mention, ...] = ()
    lost: tuple[Lost, ...] = ()
    new_gaps: tuple[Gap, ...] = ()
    realised: tuple[Realised, ...] = ()
    trend: tuple[Point, ...] = ()
    settled: tuple[Mention, ...] = ()
    saving_changes: tuple[SavingChange, ...] = ()


@dataclass(frozen=True, slots=True)
class PastDelivery:
    """A message that a run owes or owed: `state` is pending, sending, failed, delivered or given-up, `at` its time."""

    recipient: str
    state: str
    at: datetime | None
    attempts: int
    reason: str | None


@dataclass(frozen=True, slots=True)
class PastRun:
    """A run in the store, with its main figures where its audit is one of a trend.

    `reason` says why there is no report; `None` where there is one.
    """

    run: str
    finished: datetime
    schedule: str | None
    exit_code: int
    gaps: int
    figures: Point | None
    reason: str | None = None
    deliveries: tuple[PastDelivery, ...] = ()


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a finding stands after the newest run of its schedule; `status` is one of a finding, or `not-seen`."""

    status: str
    finding: Mention


@dataclass(frozen=True, slots=True)
class UnfinishedRun:
    """A run that can be resumed: of how many accounts there are parts, and which of its shards are not at their end."""

    run: str
    began: datetime
    accounts_read: int
    accounts: int
    shards: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class History:
    """What a store knows: its runs, the oldest first, the findings of the newest ones, and runs to be resumed."""

    runs: tuple[PastRun, ...]
    findings: tuple[Standing, ...]
    realised: tuple[Realised, ...]
    unfinished: tuple[UnfinishedRun, ...] = ()


@dataclass(frozen=True, slots=True)
class CostChange:
    """A NAT gateway or endpoint whose cost a month differs; `None` where it is not there, or not known."""

    resource: str
    name: str
    account_id: str
    region: str
    before: Decimal | None
    after: Decimal | None
    is_new: bool
    is_gone: bool


@dataclass(frozen=True, slots=True)
class AuditDiff:
    """Two audits compared: findings that came, that went, and that the newer one could not see; costs that differ."""

    old: Point
    new: Point
    came: tuple[Mention, ...]
    went: tuple[Mention, ...]
    not_seen: tuple[Mention, ...]
    costs: tuple[CostChange, ...]
    lost: tuple[Lost, ...]
