"""Objects -> files on disk, a batch at a time; the next one comes while the last one is being counted.

At most two batches lie on disk. An object that cannot be had is reported with its key and the rest goes on. The whole
fails (`AwsFailureError`) where nothing at all can be read, where too many objects in a row cannot, and at once where
the credentials end, the disk is full, or S3 cannot be reached.
"""

from __future__ import annotations

import asyncio
import random
import shutil
import tempfile
from collections.abc import AsyncGenerator, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from auditor.attribution.lanes import Unreadable
from auditor.attribution.s3.cost import StoredObject
from auditor.attribution.s3.keys import local_names
from auditor.attribution.s3.objects import BROKEN, Bucket, each
from auditor.aws.failures import AwsFailureError, Kind

BATCH_BYTES = 256 * 1024 * 1024
BATCH_OBJECTS = 5000
_AT_ONCE = 32
_MOST_MISSES = 100
"""Objects in a row that are refused or break off."""

PAUSES = (1.0, 4.0, 15.0)
"""Seconds before an object is tried again, beyond the SDK's own attempts: S3 takes time to make room for a prefix."""

_PASSING = {Kind.THROTTLED, Kind.UNREACHABLE, Kind.UNREADABLE}
_PASSING_CODES = frozenset({"InternalError", "ServiceUnavailable", "RequestTimeout", "500", "503"})
_FINAL_CODES = {
    "NoSuchKey": "gone since it was listed: a lifecycle rule of the bucket deletes it",
    "InvalidObjectState": "archived: restore it to have it read",
}


@dataclass(frozen=True, slots=True)
class Batch:
    """Files in the order of their keys, the objects that they were, and what could not be had: its path is the key."""

    folder: Path
    files: dict[Path, StoredObject]
    unreadable: tuple[Unreadable, ...]


class _MissingObjectError(Exception):
    """One object cannot be had; the message says why."""


async def batches(bucket: Bucket, objects: Iterable[StoredObject]) -> AsyncGenerator[Batch, None]:
    """All objects, each content once; a batch's files are gone when the next batch is asked for.

    To be closed (`contextlib.aclosing`) by whoever may stop early.
    """
    with tempfile.TemporaryDirectory(prefix="auditor-s3-", ignore_cleanup_errors=True) as root:
        groups, download = _groups(objects), _Download(bucket, root)
        coming = download.begin(next(groups, None))
        try:
            while coming:
                batch = await coming
                coming = download.begin(next(groups, None))
                yield batch
                await asyncio.to_thread(shutil.rmtree, batch.folder)
        finally:
            if coming:
                coming.cancel()
                await asyncio.gather(coming, return_exceptions=True)


def _groups(objects: Iterable[StoredObject]) -> Iterator[list[StoredObject]]:
    """Groups of bounded size, without copies: objects of one tag and size have one content."""
    seen: set[tuple[str, int]] = set()
    group: list[StoredObject] = []
    size = 0
    for one in objects:
        if one.etag and (one.etag, one.size) in seen:
            continue
        seen.add((one.etag, one.size))
        if group and (size + one.size > BATCH_BYTES or len(group) == BATCH_OBJECTS):
            yield group
            group, size = [], 0
        group.append(one)
        size += one.size
    if group:
        yield group


class _Download:
    """Downloads from a bucket into folders below `root`."""

    def __init__(self, bucket: Bucket, root: str) -> None:
        self._bucket = bucket
        self._root = root
        self._has_read = False
        self._misses = 0
        self._last_miss: AwsFailureError | None = None

    def begin(self, group: Sequence[StoredObject] | None) -> asyncio.Task[Batch] | None:
        """Start to download a group, if there is one."""
        return asyncio.create_task(self._batch(group)) if group else None

    async def _batch(self, group: Sequence[StoredObject]) -> Batch:
        folder = Path(tempfile.mkdtemp(dir=self._root))
        names = local_names(one.key for one in group)
        wanted = [(one, folder / name) for one, name in zip(group, names, strict=True)]
        missing = await each(self._one, wanted, _AT_ONCE)
        if self._last_miss and not self._has_read:
            raise self._last_miss
        files = {path: one for (one, path), gone in zip(wanted, missing, strict=True) if not gone}
        return Batch(folder, files, tuple(one for one in missing if one))

    async def _one(self, wanted: tuple[StoredObject, Path]) -> Unreadable | None:
        one, path = wanted
        try:
            await self._fetch(one, path)
        except _MissingObjectError as problem:
            return Unreadable(Path(one.key), f"bucket {self._bucket.name}: {problem}")
        self._has_read, self._misses = True, 0
        return None

    async def _fetch(self, one: StoredObject, path: Path) -> None:
        if one.is_archived:
            raise _MissingObjectError(_FINAL_CODES["InvalidObjectState"])
        for pause in PAUSES:
            if not await self._attempt(one, path):
                return
            await asyncio.sleep(pause * random.uniform(0.5, 1.5))  # noqa: S311  # so that not all come at once again
        if failure := await self._attempt(one, path):
            raise failure if failure.kind in _PASSING else self._missed(failure)

    async def _attempt(self, one: StoredObject, path: Path) -> AwsFailureError | None:
        """Nothing where it worked, what went wrong where another try may work; raises where none will."""
        try:
            size = await self._bucket.download(one.key, path)
        except AwsFailureError as failure:
            return self._passing(failure)
        except BROKEN as error:
            problem = type(error).__name__
        except OSError as error:
            reason = f"{self._root}: {error.strerror}: set TMPDIR to a folder on a larger disk"
            raise AwsFailureError(Kind.UNKNOWN, reason) from error
        else:
            if size == one.size:
                return None
            problem = f"{size} of {one.size} bytes"
        return AwsFailureError(Kind.UNKNOWN, f"broke off each time: {problem}: check the network")

    def _passing(self, failure: AwsFailureError) -> AwsFailureError:
        code = failure.refusal.code
        if code in _FINAL_CODES:
            raise _MissingObjectError(_FINAL_CODES[code]) from failure
        if failure.kind is Kind.DENIED:
            raise self._missed(failure) from failure
        if failure.kind in _PASSING or code in _PASSING_CODES:
            return failure
        if failure.kind is Kind.UNKNOWN:
            raise self._missed(failure) from failure
        raise failure

    def _missed(self, failure: AwsFailureError) -> Exception:
        """What to raise for an object that cannot be had: after too many in a row, for the whole."""
        self._misses += 1
        self._last_miss = failure
        return failure if self._misses == _MOST_MISSES else _MissingObjectError(failure.reason)
