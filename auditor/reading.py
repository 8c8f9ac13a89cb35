"""How the evidence of a run comes about: collected, account by account where there are several, and attributed."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from auditor import memory
from auditor.aws.accounts import Access, Exceptional
from auditor.aws.operations import action_of
from auditor.collectors.endpoints import fetch_offers
from auditor.collectors.organization import Choice
from auditor.collectors.progress import Progress
from auditor.collectors.run import collect, collect_parts, require_access
from auditor.collectors.selection import Selection, window_of
from auditor.collectors.surroundings import fetch_interfaces_of
from auditor.config import Config, FlowLogs, region_here
from auditor.model.evidence import STOPPED, Evidence, Gap, Scope, Source
from auditor.model.money import BYTES_PER_GB
from auditor.model.shard import WHOLE, Named, Shard

if TYPE_CHECKING:
    from auditor.attribution import stage
    from auditor.attribution.ranges import Ranges
    from auditor.model.attributed import PlannedScan
    from auditor.store.parts import Parts

_UNPACKED = 50
"""Bytes of memory that a report takes at most for a byte of a stored part: 47 where 1,000 accounts were measured,
2026-11 (docs/performance.md)."""


@dataclass
class Counted:
    """Parts on their way into the store, and how many of them have gaps."""

    parts: Parts
    accounts: int = 0
    with_gaps: int = 0

    def expect(self, accounts: tuple[str, ...]) -> frozenset[str]:
        """As the parts have it."""
        return self.parts.expect(accounts)

    async def keep(self, account_id: str, part: Evidence) -> None:
        """Count and keep an account."""
        await self.parts.keep(account_id, part)
        self.accounts += 1
        self.with_gaps += bool(part.all_gaps)


def is_in_parts(config: Config, named: Named | None) -> bool:
    """Whether a run is written account by account: one over a single account leaves nothing to continue."""
    return bool(named or config.organization or len(config.accounts) > 1)


def begun(config: Config, now: datetime, named: Named | None = None, shard: Shard = WHOLE) -> tuple[Parts, datetime]:
    """Where the parts of a run go, and its moment: that at which its first process began it.

    Without a store they go beside the reports.
    """
    from auditor.store.begun import begin, join
    from auditor.store.manifest import Reading, Setting
    from auditor.store.place import open_place

    place = open_place(config.store or str(config.output), config.profile)
    settings = tuple(Setting(key, value) for key, value in _settings(config).items())
    wanted = Reading(now, shard.of, settings)
    if named and named.is_begun:
        parts, reading = join(place, wanted, named.run, shard)
    else:
        parts, reading = begin(place, wanted, now, named.run if named else None, shard)
    return parts, reading.generated_at


def _settings(config: Config) -> dict[str, str]:
    """What decides which evidence a run has."""
    regions = {account: ",".join(sorted(one.regions)) for account, one in config.account.items() if one.regions}
    return {
        "window_days": str(config.window_days),
        "regions": ",".join(sorted(config.regions)),
        "accounts": ",".join(sorted(config.accounts)),
        "organization": str(config.organization).lower(),
        "organizational_units": ",".join(sorted(config.organizational_units)),
        "exclude_accounts": ",".join(sorted(config.exclude_accounts)),
        "live_prices": str(config.live_prices).lower(),
        **{f"account.{account}.regions": regions[account] for account in sorted(regions)},
    }


def read(config: Config, now: datetime, progress: Progress, parts: Parts | None = None) -> Evidence:
    """Collect the evidence that the configuration asks for, in parts where there is a place for them; attribute it."""
    wanted = selection(config, now)
    evidence = collected(wanted, progress, parts) if parts else _in_memory(wanted, progress)
    return attributed(require_access(evidence), config, progress)


def merged(config: Config, progress: Progress, parts: Parts) -> Evidence:
    """The same of what all shards have read."""
    _tell_of_memory(parts, progress)
    return attributed(require_access(parts.read()), config, progress)


def collected(wanted: Selection, progress: Progress, parts: Parts) -> Evidence:
    """Every account of the shard as a part of its own; then all parts of the run, read back."""
    collect_shard(wanted, progress, parts)
    _tell_of_memory(parts, progress)
    return parts.read()


def _tell_of_memory(parts: Parts, progress: Progress) -> None:
    """A kernel that is out of memory ends the process without a word: say beforehand what to do then."""
    needed, there = parts.size() * _UNPACKED, memory.free()
    if there is not None and needed > there:
        progress.note(
            f"run {parts.run}: its report may take {_gib(needed)} of memory and {_gib(there)} are free: should this "
            f"process be killed, auditor report {parts.run} goes on from here on a machine with more"
        )


def _gib(size: int) -> str:
    return f"{size / 2**30:.1f} GiB"


def collect_shard(wanted: Selection, progress: Progress, parts: Parts) -> Counted:
    """Every account of the shard as a part of its own, those left out that are there."""
    progress.note(f"run {parts.run}: should it be interrupted, it can be continued")
    counted = Counted(parts)
    with _without_garbage_collection():
        rest = asyncio.run(collect_parts(replace(wanted, shard=parts.shard), progress, counted))
    parts.finish(rest)
    counted.with_gaps += len(rest.gaps)
    return counted


def attributed(evidence: Evidence, config: Config, progress: Progress) -> Evidence:
    """The evidence under the constraints of the configuration, its bytes attributed by flow logs as far as it asks."""
    evidence = replace(evidence, constraints=config.constraints)  # the file alone says all
    if config.flow_logs is FlowLogs.OFF or not any(scope.network.flow_logs for scope in evidence.scopes):
        return evidence
    if evidence.is_stopped:
        return _without_records(evidence)
    try:
        return asyncio.run(_attributed(evidence, config, progress))
    except KeyboardInterrupt:
        return _without_records(evidence)


def _in_memory(wanted: Selection, progress: Progress) -> Evidence:
    with _without_garbage_collection():
        return asyncio.run(collect(wanted, progress))


def _without_records(evidence: Evidence) -> Evidence:
    """The same with a gap wherever flow logs were to be read: the run was stopped."""
    return replace(evidence, scopes=tuple(map(_unread, evidence.scopes)))


def _unread(scope: Scope) -> Scope:
    if not scope.network.flow_logs:
        return scope
    source = Source.FLOW_RECORDS
    gap = Gap(scope.account_id, scope.region, source, action_of(source), STOPPED)
    return replace(scope, gaps=(*scope.gaps, gap))


@dataclass(frozen=True)
class Forecast:
    """What a run would read: scopes and flow logs; and USD of its metrics, `None` where their price is not known."""

    evidence: Evidence
    scans: tuple[PlannedScan, ...]
    metrics: int
    metrics_usd: Decimal | None


def forecast(config: Config, now: datetime, progress: Progress) -> Forecast:
    """Describe everything, which is free, and estimate all that is not; no metric and no flow record is read."""
    from auditor.whatif.costs import metrics_usd

    evidence = asyncio.run(collect(replace(selection(config, now), metrics=False), progress))
    scans = asyncio.run(_forecast(evidence, config, progress)) if config.flow_logs is FlowLogs.AUTO else []
    metrics = sum(scope.metrics_requested for scope in evidence.scopes)
    return Forecast(evidence, tuple(scans), metrics, metrics_usd(evidence))


async def _forecast(evidence: Evidence, config: Config, progress: Progress) -> list[PlannedScan]:
    from auditor.attribution import stage
    from auditor.attribution.ranges import load_ranges

    return await stage.forecast(evidence, _stage_options(config, load_ranges(config.ip_ranges), progress))


async def _attributed(evidence: Evidence, config: Config, progress: Progress) -> Evidence:
    from auditor.attribution import stage
    from auditor.attribution.ranges import load_ranges, refreshed_ranges

    ranges, note = load_ranges(config.ip_ranges), None
    if config.public_lookups:
        ranges, note = await refreshed_ranges(config.ip_ranges)
    attributed = await stage.attribute(evidence, _stage_options(config, ranges, progress))
    return replace(attributed, notes=(*attributed.notes, note)) if note else attributed


def _stage_options(config: Config, ranges: Ranges, progress: Progress) -> stage.Options:
    from auditor.attribution.naming.live_dns import system_dns
    from auditor.attribution.planning import Athena, Limits
    from auditor.attribution.stage import Options

    limits = Limits(
        budget=config.budget,
        here=region_here(),
        choice=config.scan_with,
        athena=Athena(config.athena_workgroup, config.athena_database) if config.athena_workgroup else None,
        local_bytes=config.athena_above_gb * BYTES_PER_GB,
    )
    return Options(
        limits=limits,
        ranges=ranges,
        find_interfaces=fetch_interfaces_of,
        find_services=fetch_offers,
        resolve=system_dns if config.public_lookups else None,
        profile=config.profile,
        access=access(config),
        api_share=config.max_api_share,
        tell=progress.note,
    )


def selection(config: Config, now: datetime) -> Selection:
    """What the collectors are to read."""
    chosen = Choice(config.organizational_units, frozenset(config.exclude_accounts)) if config.organization else None
    return Selection(
        window=window_of(config.window_days, now),
        generated_at=now,
        profile=config.profile,
        regions=config.regions,
        accounts=config.accounts,
        access=access(config),
        organization=chosen,
        api_share=config.max_api_share,
        live_prices=config.live_prices,
    )


def access(config: Config) -> Access:
    """How the configuration reaches other accounts."""
    return Access(
        role=config.role,
        external_id=config.external_id,
        chain=config.role_chain,
        session_name=config.session_name,
        seconds=config.session_minutes * 60 if config.session_minutes else None,
        exceptional={account: Exceptional(**dict(one)) for account, one in config.account.items()},
    )


@contextmanager
def _without_garbage_collection() -> Iterator[None]:
    """Collecting makes many long-lived objects and no cycles worth finding: the collector costs a tenth of it."""
    if gc.isenabled():
        gc.collect()  # what an earlier run of this process has left
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()  # else the collector goes through all of it at once
        gc.enable()
