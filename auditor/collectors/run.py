"""Reads everything that a run was asked for: a few accounts at a time, each handed on as soon as it is read."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Protocol

from auditor.aws.accounts import Accounts, at_organizations, own_account, partition
from auditor.aws.calls import ScopeCalls
from auditor.aws.failures import AwsFailureError
from auditor.aws.operations import ASSUME_ROLE, OPERATIONS, ORGANIZATION_OPERATIONS, action_of
from auditor.aws.session import AuditSession
from auditor.collectors.account import Account
from auditor.collectors.organization import chosen, fetch_members
from auditor.collectors.price_reading import PriceReader, load_bundled
from auditor.collectors.progress import Progress
from auditor.collectors.selection import Selection, window_of
from auditor.errors import NoAccessError
from auditor.model.evidence import EVIDENCE_VERSION, STOPPED, Call, Evidence, Gap, Source, summed
from auditor.model.joining import joined
from auditor.model.money import Price, Prices

__all__ = ["Parts", "Progress", "Selection", "collect", "collect_parts", "read_prices", "require_access", "window_of"]

_YOUNG = 1
"""The generations that are collected after each account but the last: cycles that its answers have left."""

ACCOUNTS_IN_FLIGHT = 12
"""Enough to keep a core busy while some accounts hang; what they have answered is all that is held in memory."""


class Parts(Protocol):
    """Takes the evidence of a run account by account."""

    def expect(self, accounts: tuple[str, ...]) -> frozenset[str]:
        """Learn of all accounts of the run; say which of them are there already and need not be read."""

    async def keep(self, account_id: str, part: Evidence) -> None:
        """Take an account that is read."""


@dataclass
class InMemory:
    """Parts of a small run, or of one that leaves nothing behind."""

    kept: list[Evidence] = field(default_factory=list)

    def expect(self, accounts: tuple[str, ...]) -> frozenset[str]:
        """Nothing is there yet."""
        del accounts
        return frozenset()

    async def keep(self, account_id: str, part: Evidence) -> None:
        """Hold it."""
        del account_id
        self.kept.append(part)


@dataclass
class Run:
    """What grows while a run reads: that of accounts only as long as they are read."""

    selection: Selection
    progress: Progress
    parts: Parts
    prices: PriceReader
    accounts: Accounts
    waiting: list[str] = field(default_factory=list)
    reading: dict[str, Account] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)
    asked: list[ScopeCalls] = field(default_factory=list)

    def evidence(self, calls: Sequence[ScopeCalls]) -> Evidence:
        """What belongs to no account; with the calls that this took."""
        return Evidence(
            version=EVIDENCE_VERSION,
            generated_at=self.selection.generated_at,
            window=self.selection.window,
            gaps=tuple(self.gaps),
            notes=(*self.notes, *self.prices.notes),
            calls=_counted(calls),
        )


async def collect(selection: Selection, progress: Progress | None = None) -> Evidence:
    """The evidence of a run, in memory; `NoAccessError` only where not one scope could be read.

    If it is cancelled, it ends with what was read so far, and with gaps for all the rest.
    """
    parts = InMemory()
    rest = await collect_parts(selection, progress or Progress(), parts)
    return require_access(joined((rest, *parts.kept)))


async def collect_parts(selection: Selection, progress: Progress, parts: Parts) -> Evidence:
    """Read the accounts of the shard, each into a part of its own; the rest of the evidence is the answer.

    If it is cancelled, what was read so far becomes parts too, with gaps for what was not.
    """
    operations = (*OPERATIONS, *ORGANIZATION_OPERATIONS) if selection.organization else OPERATIONS
    async with AuditSession(selection.profile, operations, selection.api_share) as session, _preparing(session):
        own = await own_account(session)
        prices = PriceReader(own, partition(own), selection.generated_at, live=selection.live_prices)
        run = Run(selection, progress, parts, prices, Accounts(own, selection.access))
        await _read_all(run, own)
        return run.evidence((own, *prices.asked, *run.asked))


@asynccontextmanager
async def _preparing(session: AuditSession) -> AsyncIterator[None]:
    """While the block runs; what ends the block ends this too, or it would go on with a session that is closed."""
    preparing = asyncio.ensure_future(_prepare(session))
    try:
        yield
        await preparing
    finally:
        preparing.cancel()
        await asyncio.gather(preparing, return_exceptions=True)


async def _prepare(session: AuditSession) -> None:
    """What takes a while to load, loaded while who we are and which regions there are is being asked."""
    await session.prepare()
    await asyncio.to_thread(load_bundled)


async def read_prices(selection: Selection) -> tuple[tuple[Price, ...], tuple[str, ...]]:
    """The prices of the selected regions and the notes on them; the bundled ones need no credentials."""
    if not selection.live_prices:
        from auditor.collectors.prices import bundled_prices

        return tuple(price for region in selection.regions for price in bundled_prices(region)), ()
    async with AuditSession(selection.profile) as session:
        own = await own_account(session)
        reader = PriceReader(own, partition(own), selection.generated_at)
        return await reader.rows(selection.regions), reader.notes


def require_access(evidence: Evidence) -> Evidence:
    """The evidence; `NoAccessError` where nothing of it could be read, or `KeyboardInterrupt` where that is why."""
    if any(scope.status in {"audited", "partial", "skipped"} for scope in evidence.scopes):
        return evidence
    if evidence.is_stopped:
        raise KeyboardInterrupt
    reasons = [gap.reason for gap in evidence.all_gaps]
    raise NoAccessError(f"nothing could be read: {reasons[0] if reasons else 'no account and no region to read'}")


async def _read_all(run: Run, own: ScopeCalls) -> None:
    try:
        accounts = await _accounts(run, own)
        for account_id in accounts:
            run.accounts.require_role(account_id)
        there = run.parts.expect(accounts)
        run.waiting = [one for one in accounts if run.selection.shard.holds(one) and one not in there]
        await _read_waiting(run)
    except asyncio.CancelledError:
        if task := asyncio.current_task():
            task.uncancel()
        await _stop(run)


async def _read_waiting(run: Run) -> None:
    """All accounts side by side, a few at a time. Where one cannot go on, neither do the others."""
    slots = asyncio.Semaphore(ACCOUNTS_IN_FLIGHT)
    tasks = [asyncio.ensure_future(_read_account(run, account_id, slots)) for account_id in run.waiting]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _stop(run: Run) -> None:
    """Keep what was read so far of the accounts under way, and leave a gap for each that was not begun."""
    run.gaps += [Gap(one, "", Source.ACCOUNT, ASSUME_ROLE.action, STOPPED) for one in run.waiting]
    for account in tuple(run.reading.values()):
        account.stopped()
        await _keep(run, account)


async def _accounts(run: Run, own: ScopeCalls) -> tuple[str, ...]:
    """The accounts to read; a gap, and those that are known without it, where AWS Organizations will not say."""
    named = run.selection.accounts
    choice = run.selection.organization
    if choice is None:
        return named or (own.account_id,)
    organizations = at_organizations(own)
    run.asked.append(organizations)
    try:
        members = await fetch_members(organizations, choice.units)
    except AwsFailureError as failure:
        run.gaps.append(Gap(own.account_id, "", Source.ORGANIZATION, action_of(Source.ORGANIZATION), failure.reason))
        return named or (own.account_id,)
    found, notes = chosen(members, choice)
    run.notes += notes
    return tuple(dict.fromkeys((*named, *found)))


async def _read_account(run: Run, account_id: str, slots: asyncio.Semaphore) -> None:
    async with slots:
        account = Account(account_id, run.selection, run.progress, run.prices.want)
        run.waiting.remove(account_id)
        run.reading[account_id] = account
        try:
            await account.read(await run.accounts.reach(account_id))
        except AwsFailureError as failure:
            account.refused(failure.reason)
        await _keep(run, account)


async def _keep(run: Run, account: Account) -> None:
    """Hand an account on, and hold nothing of it any more."""
    part = Evidence(
        version=EVIDENCE_VERSION,
        generated_at=run.selection.generated_at,
        window=run.selection.window,
        scopes=tuple(sorted(account.scopes, key=lambda scope: scope.region)),
        prices=Prices(await run.prices.rows(sorted(account.priced))),
        gaps=tuple(account.gaps),
        calls=_counted([account.calls] if account.calls else []),
    )
    await run.parts.keep(account.account_id, part)
    del run.reading[account.account_id]
    if run.waiting:
        gc.collect(_YOUNG)


def _counted(made: Sequence[ScopeCalls]) -> tuple[Call, ...]:
    return summed(call for one in made for call in one.target.calls)
