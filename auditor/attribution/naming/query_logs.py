"""Resolver query logs of VPCs: found by themselves, listed, priced, and read where they lie in S3.

    <prefix>/AWSLogs/<account>/vpcdnsquerylogs/<vpc>/YYYY/MM/DD/<vpc>_vpcdnsquerylogs_<account>_YYYYMMDDTHHmmZ_….log.gz

Source: Route 53 developer guide, "AWS resources that you can send VPC Resolver query logs to" (read 2026-11-20).
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Collection, Iterable
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from datetime import timedelta
from decimal import Decimal
from itertools import chain
from typing import Any

from auditor.attribution.naming.dns_answers import Answers
from auditor.attribution.naming.query_log_lines import LinesRead, read_lines
from auditor.attribution.s3.cost import Place, StoredObject, cost, pages
from auditor.attribution.s3.keys import location_of_url
from auditor.attribution.s3.objects import find_bucket, list_all
from auditor.attribution.s3.reader import Listing
from auditor.attribution.task import Estimate, Used, dollars
from auditor.aws.accounts import partition
from auditor.aws.calls import ScopeCalls
from auditor.aws.failures import AwsFailureError
from auditor.aws.operations import LIST_QUERY_LOG_ASSOCIATIONS, LIST_QUERY_LOG_CONFIGS
from auditor.errors import UsageError
from auditor.model.evidence import Window
from auditor.model.money import total

_LOGGED = frozenset({"ACTIVE", "ACTION_NEEDED"})
"""States of an association in which queries are logged, or were until its destination failed."""


@dataclass(frozen=True, slots=True)
class QueryLogs:
    """Objects of all query logs that can be read, and of the others why not."""

    listings: tuple[Listing, ...] = ()
    problems: tuple[str, ...] = ()

    @property
    def estimate(self) -> Estimate:
        """What reading all of them takes."""
        found = [one.estimate for one in self.listings]
        detail = "; ".join(one.detail for one in found)
        return Estimate(sum(one.bytes for one in found), _total(one.usd for one in found), detail)


@dataclass
class QueryLogReader:
    """Reads the query logs of VPCs over whole UTC days.

    `calls` are in the VPCs' account and region, `fallback` is asked where the bucket denies those; `here` is the
    region that we run in, `None` where that is not known. Not even their objects are listed for more than the budget.
    """

    vpc_ids: Collection[str]
    window: Window
    calls: ScopeCalls
    fallback: ScopeCalls
    here: str | None
    budget: Decimal
    _logs: QueryLogs | None = field(default=None, init=False)

    async def estimate(self) -> Estimate:
        """What reading will take; nothing where no VPC's queries are logged. `AwsFailureError` if AWS does not tell."""
        return (await self._found()).estimate

    @property
    def listed(self) -> Used:
        """What it took to find them."""
        listings = self._logs.listings if self._logs else ()
        return Used(0, _total(listing.used(()).usd for listing in listings))

    async def read(self, answers: Answers) -> Used:
        """Add all answers for the wanted addresses."""
        logs = await self._found()
        used = [await _read(listing, answers) for listing in logs.listings]
        notes = tuple(chain(*(one.notes for one in used)))
        return Used(sum(one.bytes for one in used), _total(one.usd for one in used), notes, logs.problems)

    async def _found(self) -> QueryLogs:
        if self._logs is None:
            self._logs = await self._find()
        return self._logs

    async def _find(self) -> QueryLogs:
        associations = await self.calls.items(LIST_QUERY_LOG_ASSOCIATIONS)
        vpcs: dict[str, set[str]] = defaultdict(set)
        for one in associations:
            if one["ResourceId"] in self.vpc_ids and one.get("Status") in _LOGGED:
                vpcs[one["ResolverQueryLogConfigId"]].add(one["ResourceId"])
        configs = await self.calls.items(LIST_QUERY_LOG_CONFIGS) if vpcs else []
        found = [await self._listed_or_why_not(one, vpcs[one["Id"]]) for one in configs if one["Id"] in vpcs]
        hidden = sorted(vpcs.keys() - {one["Id"] for one in configs})
        problems = [
            f"resolver query log {one} is not read: it is another account's, which does not show it" for one in hidden
        ]
        problems += [one for one in found if isinstance(one, str)]
        return QueryLogs(tuple(one for one in found if isinstance(one, Listing)), tuple(problems))

    async def _listed_or_why_not(self, config: dict[str, Any], vpc_ids: Iterable[str]) -> Listing | str:
        try:
            return await self._listed(config, vpc_ids)
        except (AwsFailureError, UsageError) as failure:
            return f"resolver query log {config['Id']} is not read: {failure}"

    async def _listed(self, config: dict[str, Any], vpc_ids: Iterable[str]) -> Listing:
        """`UsageError` where its destination is no bucket: CloudWatch Logs and Firehose."""
        arn = config["DestinationArn"]
        if ":s3:::" not in arn:
            raise UsageError(f"it goes to {arn}: only those in S3 are read, so send it there too")
        where = location_of_url(f"s3://{arn.partition(':::')[2].rstrip('/')}")
        bucket = await find_bucket(where.bucket, (self.calls, self.fallback))
        root = f"{where.prefix}/AWSLogs" if where.prefix else "AWSLogs"
        accounts = sorted({self.calls.account_id, config.get("OwnerId") or self.calls.account_id})
        folders = [f"{root}/{account}/vpcdnsquerylogs/{vpc}" for account in accounts for vpc in sorted(vpc_ids)]
        days = [self.window.start + timedelta(days=day) for day in range((self.window.end - self.window.start).days)]
        wanted = [f"{folder}/{day:%Y/%m/%d}/" for folder in folders for day in days]
        place = Place(partition(self.calls), bucket.region, self.here)
        usd = cost(place, len(wanted), ())
        if usd is None or usd > self.budget:
            priced = "their price is not known" if usd is None else f"to list them would cost {dollars(usd)}"
            raise UsageError(f"{len(wanted):,} folders of {where}: {priced}: raise --budget or shorten --window")
        found = await list_all(bucket, wanted)
        objects = tuple(one for one in chain(*found) if one.key.endswith((".log.gz", ".log")))
        return Listing(bucket, objects, sum(pages(len(one)) for one in found), place)


def _total(amounts: Iterable[Decimal | None]) -> Decimal | None:
    """The sum, if all are known."""
    found = list(amounts)
    known = [one for one in found if one is not None]
    return total(known) if len(known) == len(found) else None


async def _read(listing: Listing, answers: Answers) -> Used:
    read: list[StoredObject] = []
    lines: list[LinesRead] = []
    missing = 0
    async with aclosing(listing.batches()) as found:
        async for batch in found:
            lines.append(await asyncio.to_thread(read_lines, list(batch.files), answers))
            read += batch.files.values()
            missing += len(batch.unreadable)
    broken = missing + sum(len(one.unreadable) for one in lines)
    damaged, count = sum(one.damaged for one in lines), sum(one.lines for one in lines)
    parts = [f"{broken:,} of {len(listing.objects):,} files"] if broken else []
    parts += [f"{damaged:,} of {count:,} lines"] if damaged else []
    name = f"resolver query logs in {listing.bucket.name}"
    notes = (f"{name}: {' and '.join(parts)} could not be read",) if parts else ()
    return replace(listing.used(read), notes=notes)
