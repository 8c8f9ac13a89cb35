"""Reads one account: its enabled regions side by side. What grows meanwhile is gone when its evidence is kept."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from auditor.aws.accounts import partition
from auditor.aws.calls import ScopeCalls
from auditor.aws.failures import AwsFailureError
from auditor.aws.operations import ASSUME_ROLE, DESCRIBE_REGIONS, action_of
from auditor.collectors.progress import Progress
from auditor.collectors.scope import collect_scope
from auditor.collectors.selection import Selection
from auditor.errors import UsageError
from auditor.model.evidence import STOPPED, Gap, Scope, Source


@dataclass
class Account:
    """What is known of an account so far, and the regions whose prices it wants."""

    account_id: str
    selection: Selection
    progress: Progress
    want_prices: Callable[[str], None]
    scopes: list[Scope] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)
    priced: set[str] = field(default_factory=set)
    calls: ScopeCalls | None = None
    _expected: list[str] = field(default_factory=list)
    _is_over: bool = False

    async def read(self, calls: ScopeCalls) -> None:
        """Read all of it; what AWS refuses is a gap."""
        self.calls = calls
        named = self.selection.regions_of(self.account_id)
        enabled = await self._enabled_regions(calls, named)
        self._expected = list(named or enabled)
        self.progress.expect(len(self._expected))
        await asyncio.gather(*(self._read_scope(calls.at(region), enabled) for region in self._expected))
        self._is_over = True

    def refused(self, reason: str) -> None:
        """Nobody lets us in."""
        self.gaps.append(Gap(self.account_id, "", Source.ACCOUNT, ASSUME_ROLE.action, reason))
        self._is_over = True

    def stopped(self) -> None:
        """Leave a gap for each scope that was to be read and is not, or for all of it."""
        if not self._expected and not self._is_over:
            self.refused(STOPPED)
        read = {scope.region for scope in self.scopes}
        source = Source.NAT_GATEWAYS
        for region in self._expected:
            if region not in read:
                gap = Gap(self.account_id, region, source, action_of(source), STOPPED)
                self.scopes.append(Scope(self.account_id, region, gaps=(gap,)))

    def _price(self, region: str) -> None:
        self.priced.add(region)
        self.want_prices(region)

    async def _enabled_regions(self, calls: ScopeCalls, wanted: tuple[str, ...]) -> set[str]:
        """The regions that the account may use; a gap and the SDK's own list where AWS will not say."""
        try:
            items = await calls.items(DESCRIBE_REGIONS, AllRegions=True)
        except AwsFailureError as failure:
            self.gaps.append(Gap(self.account_id, "", Source.REGIONS, DESCRIBE_REGIONS.action, failure.reason))
            return set(wanted) or set(await calls.session.sdk_regions(partition(calls)))
        known = {item["RegionName"] for item in items}
        for region in wanted:
            if region not in known:
                raise UsageError(f"unknown region {region!r}: AWS knows {', '.join(sorted(known))}")
        return {item["RegionName"] for item in items if item.get("OptInStatus") != "not-opted-in"}

    async def _read_scope(self, calls: ScopeCalls, enabled: set[str]) -> None:
        if calls.region in enabled:
            window = self.selection.window if self.selection.metrics else None
            scope = await collect_scope(calls, window, self._price)
        else:
            scope = Scope(self.account_id, calls.region, skipped="the region is not enabled for this account")
        self.scopes.append(scope)
        self.progress.finish(scope)
