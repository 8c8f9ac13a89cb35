"""Reads everything that a run was asked for: accounts side by side, their enabled regions side by side."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from auditor.aws.accounts import Access, Accounts, at_organizations, own_account, partition
from auditor.aws.calls import ScopeCalls
from auditor.aws.failures import AwsFailureError
from auditor.aws.operations import (
    ASSUME_ROLE,
    DESCRIBE_REGIONS,
    OPERATIONS,
    ORGANIZATION_OPERATIONS,
    action_of,
)
from auditor.aws.pacing import SHARE
from auditor.aws.session import AuditSession
from auditor.collectors.organization import Choice, chosen, fetch_members
from auditor.collectors.price_reading import PriceReader
from auditor.collectors.prices import bundled_prices
from auditor.collectors.scope import collect_scope
from auditor.errors import NoAccessError, UsageError
from auditor.model.evidence import EVIDENCE_VERSION, STOPPED, Evidence, Gap, Scope, Source, Window, summed
from auditor.model.money import Price, Prices


@dataclass(frozen=True, slots=True)
class Selection:
    """What to read: no accounts means the organization's, or the caller's own; no regions means all enabled ones."""

    window: Window
    generated_at: datetime
    profile: str | None = None
    regions: tuple[str, ...] = ()
    accounts: tuple[str, ...] = ()
    access: Access = Access()
    organization: Choice | None = None
    api_share: int = SHARE
    live_prices: bool = True
    metrics: bool = True

    def regions_of(self, account_id: str) -> tuple[str, ...]:
        """The regions wanted of an account; nothing where that is all."""
        return self.access.of(account_id).regions or self.regions


@dataclass
class Progress:
    """Told of every scope: how many there are so far and how many are read."""

    report: Callable[[int, int, str], None] | None = None
    total: int = 0
    done: int = 0

    def expect(self, count: int) -> None:
        """More scopes are to come."""
        self.total += count
        self._tell("")

    def finish(self, scope: Scope) -> None:
        """A scope is read."""
        self.done += 1
        self._tell(f"{scope.account_id} {scope.region}: {scope.status}")

    def note(self, text: str) -> None:
        """Something else goes on."""
        self._tell(text)

    def _tell(self, text: str) -> None:
        if self.report:
            self.report(self.total, self.done, text)


@dataclass
class Run:
    """What grows while a run reads."""

    selection: Selection
    progress: Progress
    prices: PriceReader
    accounts: Accounts
    wanted: list[str] = field(default_factory=list)
    expected: list[tuple[str, str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    scopes: list[Scope] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)
    reached: list[ScopeCalls] = field(default_factory=list)
    is_stopped: bool = False


def window_of(days: int, now: datetime) -> Window:
    """The last whole UTC days: daily datapoints then never hold half a day."""
    end = now.replace(hour=0, minute=0, second=0, microsecond=0)
    return Window(end - timedelta(days=days), end)


async def collect(selection: Selection, progress: Progress | None = None) -> Evidence:
    """The evidence of a run; `NoAccessError` only where not one scope could be read.

    If it is cancelled, it ends with what was read so far, and with gaps for all the rest.
    """
    operations = (*OPERATIONS, *ORGANIZATION_OPERATIONS) if selection.organization else OPERATIONS
    async with AuditSession(selection.profile, operations, selection.api_share) as session:
        own, _ = await asyncio.gather(own_account(session), session.prepare())
        prices = PriceReader(own, partition(own), selection.generated_at, live=selection.live_prices)
        run = Run(selection, progress or Progress(), prices, Accounts(own, selection.access))
        await _read_all(run, own)
        rows = await prices.rows()
    _require_access(run)
    return Evidence(
        version=EVIDENCE_VERSION,
        generated_at=selection.generated_at,
        window=selection.window,
        scopes=tuple(sorted(run.scopes, key=lambda scope: (scope.account_id, scope.region))),
        prices=Prices(rows),
        gaps=tuple(sorted(run.gaps, key=lambda gap: (gap.account_id, gap.source))),
        notes=(*run.notes, *prices.notes),
        calls=summed(call for made in (own, *prices.asked, *run.reached) for call in made.target.calls),
    )


async def read_prices(selection: Selection) -> tuple[tuple[Price, ...], tuple[str, ...]]:
    """The prices of the selected regions and the notes on them; the bundled ones need no credentials."""
    if not selection.live_prices:
        return tuple(price for region in selection.regions for price in bundled_prices(region)), ()
    async with AuditSession(selection.profile) as session:
        own = await own_account(session)
        reader = PriceReader(own, partition(own), selection.generated_at)
        for region in selection.regions:
            reader.want(region)
        return await reader.rows(), reader.notes


async def _read_all(run: Run, own: ScopeCalls) -> None:
    try:
        run.wanted += await _accounts(run, own)
        for account_id in run.wanted:
            run.accounts.require_role(account_id)
        await asyncio.gather(*(_read_account(run, account_id) for account_id in run.wanted))
    except asyncio.CancelledError:
        if task := asyncio.current_task():
            task.uncancel()
        run.is_stopped = True
        _leave_gaps(run)


def _leave_gaps(run: Run) -> None:
    """A gap for each account and scope that was to be read and is not."""
    told = {gap.account_id for gap in run.gaps} | {account_id for account_id, _ in run.expected}
    accounts = [account_id for account_id in run.wanted if account_id not in told]
    run.gaps += [Gap(account_id, "", Source.ACCOUNT, ASSUME_ROLE.action, STOPPED) for account_id in accounts]
    read = {(scope.account_id, scope.region) for scope in run.scopes}
    source = Source.NAT_GATEWAYS
    for account_id, region in run.expected:
        if (account_id, region) not in read:
            gap = Gap(account_id, region, source, action_of(source), STOPPED)
            run.scopes.append(Scope(account_id, region, gaps=(gap,)))


async def _accounts(run: Run, own: ScopeCalls) -> tuple[str, ...]:
    """The accounts to read; a gap, and those that are known without it, where AWS Organizations will not say."""
    named = run.selection.accounts
    choice = run.selection.organization
    if choice is None:
        return named or (own.account_id,)
    organizations = at_organizations(own)
    run.reached.append(organizations)
    try:
        members = await fetch_members(organizations, choice.units)
    except AwsFailureError as failure:
        run.gaps.append(Gap(own.account_id, "", Source.ORGANIZATION, action_of(Source.ORGANIZATION), failure.reason))
        return named or (own.account_id,)
    found, notes = chosen(members, choice)
    run.notes += notes
    return tuple(dict.fromkeys((*named, *found)))


async def _read_account(run: Run, account_id: str) -> None:
    try:
        calls = await run.accounts.reach(account_id)
    except AwsFailureError as failure:
        run.gaps.append(Gap(account_id, "", Source.ACCOUNT, ASSUME_ROLE.action, failure.reason))
        return
    run.reached.append(calls)
    enabled = await _enabled_regions(run, calls, run.selection.regions_of(account_id))
    wanted = run.selection.regions_of(account_id) or tuple(enabled)
    run.expected += [(account_id, region) for region in wanted]
    run.progress.expect(len(wanted))
    await asyncio.gather(*(_read_scope(run, calls.at(region), enabled) for region in wanted))


async def _enabled_regions(run: Run, calls: ScopeCalls, wanted: tuple[str, ...]) -> set[str]:
    """The regions that the account may use; a gap and the SDK's own list where AWS will not say."""
    try:
        items = await calls.items(DESCRIBE_REGIONS, AllRegions=True)
    except AwsFailureError as failure:
        run.gaps.append(Gap(calls.account_id, "", Source.REGIONS, DESCRIBE_REGIONS.action, failure.reason))
        return set(wanted) or set(await calls.session.sdk_regions(partition(calls)))
    known = {item["RegionName"] for item in items}
    for region in wanted:
        if region not in known:
            raise UsageError(f"unknown region {region!r}: AWS knows {', '.join(sorted(known))}")
    return {item["RegionName"] for item in items if item.get("OptInStatus") != "not-opted-in"}


async def _read_scope(run: Run, calls: ScopeCalls, enabled: set[str]) -> None:
    if calls.region in enabled:
        window = run.selection.window if run.selection.metrics else None
        scope = await collect_scope(calls, window, run.prices.want)
    else:
        scope = Scope(calls.account_id, calls.region, skipped="the region is not enabled for this account")
    run.scopes.append(scope)
    run.progress.finish(scope)


def _require_access(run: Run) -> None:
    if any(scope.status in {"audited", "partial", "skipped"} for scope in run.scopes):
        return
    if run.is_stopped:
        raise KeyboardInterrupt
    gaps = [*run.gaps, *(gap for scope in run.scopes for gap in scope.gaps)]
    reasons = list(dict.fromkeys(gap.reason for gap in gaps))
    raise NoAccessError(f"nothing could be read: {reasons[0] if reasons else 'no account and no region to read'}")
