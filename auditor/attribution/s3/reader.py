"""Flow logs in S3, read here: listed, priced, downloaded batch by batch, counted on disk."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterable
from contextlib import aclosing
from dataclasses import dataclass, field
from itertools import chain

from auditor.attribution.files import find_files
from auditor.attribution.s3.cost import Place, StoredObject, cost, pages
from auditor.attribution.s3.download import Batch, batches
from auditor.attribution.s3.keys import Location, is_delivered, is_flow_log, location, location_of_url, prefixes
from auditor.attribution.s3.objects import Bucket, find_bucket, list_all
from auditor.attribution.tally import Tally
from auditor.attribution.task import Estimate, Task, Used
from auditor.aws.accounts import partition
from auditor.aws.calls import ScopeCalls
from auditor.aws.failures import AwsFailureError, Kind
from auditor.errors import UsageError
from auditor.model.attributed import Engine

_UNITS = ("bytes", "KiB", "MiB", "GiB", "TiB")
_STEP = 1024


@dataclass(frozen=True, slots=True)
class Listing:
    """Objects of a bucket, in the order of their keys; how many requests listed them; where their bytes will go."""

    bucket: Bucket
    objects: tuple[StoredObject, ...]
    lists: int
    place: Place

    @property
    def estimate(self) -> Estimate:
        """What reading all of them takes, the listing included; archived ones cannot be read."""
        readable = [one for one in self.objects if not one.is_archived]
        size = sum(one.size for one in readable)
        archived = len(self.objects) - len(readable)
        detail = f"{len(readable):,} objects, {_in_words(size)}" + (f"; {archived:,} archived" if archived else "")
        return Estimate(size, cost(self.place, self.lists, readable), detail)

    def batches(self) -> AsyncGenerator[Batch, None]:
        """The objects as files on disk: see `s3_download.batches`."""
        return batches(self.bucket, self.objects)

    def used(self, read: Iterable[StoredObject]) -> Used:
        """What it took to list all and to read these."""
        objects = tuple(read)
        return Used(sum(one.size for one in objects), cost(self.place, self.lists, objects))


@dataclass
class S3Reader:
    """Reads a task with the credentials of the flow log's owner or, where S3 denies those, with `fallback`'s.

    `here` is the region that we run in; `None` where that is not known.
    """

    task: Task
    calls: ScopeCalls
    fallback: ScopeCalls
    here: str | None
    engine: Engine = field(default=Engine.DUCKDB, init=False)
    _listing: Listing | None = field(default=None, init=False)

    async def estimate(self) -> Estimate:
        """What reading will take, by the objects that are there; `AwsFailureError` where there are none."""
        return (await self._listed()).estimate

    async def read(self, tally: Tally) -> Used:
        """Count all records of the window; objects that cannot be had are unreadable files of the tally."""
        listing = await self._listed()
        read: list[StoredObject] = []
        async with aclosing(listing.batches()) as found:
            async for batch in found:
                await asyncio.to_thread(self._count, tally, batch)
                read += batch.files.values()
        return listing.used(read)

    def _count(self, tally: Tally, batch: Batch) -> None:
        files = find_files([str(path) for path in batch.files], self.task.form)
        files.unreadable += batch.unreadable
        tally.add_files(files, self.task.window)

    async def _listed(self) -> Listing:
        if self._listing is None:
            where = location(self.task.flow_log)
            bucket = await find_bucket(where.bucket, (self.calls, self.fallback))
            self._listing = await self._list(where, bucket)
        return self._listing

    async def _list(self, where: Location, bucket: Bucket) -> Listing:
        flow_log, window = self.task.flow_log, self.task.window
        found = await list_all(bucket, prefixes(flow_log, window))
        objects = tuple(one for one in chain(*found) if is_delivered(one.key, flow_log))
        days = f"{window.start:%Y-%m-%d} to {window.end:%Y-%m-%d}"
        if not objects:
            reason = f"{flow_log.id} delivered nothing to {where} from {days}: see its DeliverLogsStatus and the"
            raise AwsFailureError(Kind.UNKNOWN, f"{reason} bucket's lifecycle rules")
        if all(one.is_archived for one in objects):
            raise AwsFailureError(Kind.UNKNOWN, f"{flow_log.id}: all its objects are archived: restore those of {days}")
        return _listing(where.partition, bucket, objects, found, self.here)


async def list_url(url: str, calls: ScopeCalls, here: str | None) -> Listing:
    """All files of flow records below `s3://bucket/prefix` (a folder), or that one object; `UsageError` if none."""
    where = location_of_url(url)
    bucket = await find_bucket(where.bucket, (calls,))
    folder = where.prefix and f"{where.prefix.rstrip('/')}/"
    found = await list_all(bucket, [folder])
    objects = tuple(one for one in found[0] if is_flow_log(one.key))
    if not objects and not where.prefix.endswith("/"):
        found += await list_all(bucket, [where.prefix])
        objects = tuple(one for one in found[1] if one.key == where.prefix)
    if not objects:
        raise UsageError(f"{url}: no flow-log files there (.gz, .log, .txt, .parquet)")
    return _listing(partition(calls), bucket, objects, found, here)


def _listing(
    aws: str, bucket: Bucket, objects: tuple[StoredObject, ...], lists: list[list[StoredObject]], here: str | None
) -> Listing:
    requests = sum(pages(len(one)) for one in lists)
    return Listing(bucket, objects, requests, Place(aws, bucket.region, here))


def _in_words(size: int) -> str:
    """A size in the largest unit of which it has one, to a decimal."""
    power = min((size.bit_length() - 1) // 10, len(_UNITS) - 1) if size else 0
    return f"{size / _STEP**power:,.1f} {_UNITS[power]}" if power else f"{size} bytes"
