"""A bucket, in its own region, read with the first credentials that it lets in.

Flow logs are often kept in one bucket of another account and region. Every failure is an `AwsFailureError` that
names the bucket, what it refused, to whom, and what to grant.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeVar

from aiohttp import ClientError
from botocore.exceptions import BotoCoreError

from auditor.attribution.s3.cost import StoredObject
from auditor.aws.calls import ScopeCalls
from auditor.aws.failures import AwsFailureError, Kind
from auditor.aws.operations import GET_OBJECT, HEAD_BUCKET, LIST_OBJECTS, Operation

_REGION = "x-amz-bucket-region"
_PIECE = 256 * 1024
_GONE = {"NoSuchBucket", "404"}

BROKEN = (BotoCoreError, ClientError)
"""What reading a body may raise: aiobotocore lets a body that ends too early through as aiohttp's own error."""

_LISTS_AT_ONCE = 32

T = TypeVar("T")
A = TypeVar("A")


@dataclass(frozen=True, slots=True)
class Bucket:
    """`callers` are asked in their order until one is not denied; that one is the first from then on."""

    name: str
    region: str
    callers: Sequence[ScopeCalls]
    _let_in: dict[str, ScopeCalls] = field(default_factory=dict)

    async def objects(self, prefix: str) -> list[StoredObject]:
        """All objects whose keys begin so."""
        found = await self._ask(LIST_OBJECTS, lambda one: one.items(LIST_OBJECTS, Bucket=self.name, Prefix=prefix))
        return [
            StoredObject(one["Key"], one["Size"], one.get("ETag", ""), one.get("StorageClass", "STANDARD"))
            for one in found
        ]

    async def download(self, key: str, path: Path) -> int:
        """Write an object to a file, a piece at a time; how many bytes it had. Any of `BROKEN` if it breaks off."""
        answer = await self._ask(GET_OBJECT, lambda one: one.call(GET_OBJECT, Bucket=self.name, Key=key))
        size = 0
        async with answer["Body"] as body:
            await asyncio.to_thread(path.touch)  # what takes time; open there, it would stay open if this is cancelled
            with path.open("wb") as file:
                while piece := await body.read(_PIECE):
                    size += file.write(piece)
        return size

    async def _ask(self, operation: Operation, ask: Callable[[ScopeCalls], Awaitable[T]]) -> T:
        first = self._let_in.get(operation.name, self.callers[0])
        denials = []
        for caller in (first, *(one for one in self.callers if one is not first)):
            try:
                answer = await ask(caller)
            except AwsFailureError as failure:
                if failure.kind is not Kind.DENIED:
                    raise _explained(self.name, failure) from failure
                denials.append(failure)
            else:
                self._let_in[operation.name] = caller
                return answer
        raise self._denial(operation, denials) from denials[0]

    def _denial(self, operation: Operation, denials: Sequence[AwsFailureError]) -> AwsFailureError:
        needs_key = any("kms:" in one.refusal.message for one in denials)
        grant = "s3:ListBucket, s3:GetObject and kms:Decrypt of its key" if needs_key else "s3:ListBucket, s3:GetObject"
        policies = "the bucket's policy and the key's" if needs_key else "the bucket's policy"
        reason = (
            f"{operation.action}: bucket {self.name}: {denials[0].refusal.code}: grant {grant} to"
            f" {' or '.join(one.target.who for one in self.callers)}; if it is another account's, in {policies} too"
        )
        return AwsFailureError(Kind.DENIED, reason, denials[0].refusal)


async def list_all(bucket: Bucket, prefixes: Sequence[str]) -> list[list[StoredObject]]:
    """The objects of each prefix, in their order; what S3 denies it is asked for once, not for every prefix."""
    first, rest = tuple(prefixes)[:1], tuple(prefixes)[1:]
    return [*await each(bucket.objects, first, 1), *await each(bucket.objects, rest, _LISTS_AT_ONCE)]


async def each(use: Callable[[A], Awaitable[T]], items: Iterable[A], at_once: int) -> list[T]:
    """What `use` makes of each item, in their order, so many at a time; the first failure ends all and is raised."""
    slots = asyncio.Semaphore(at_once)

    async def one(item: A) -> T:
        async with slots:
            return await use(item)

    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(one(item)) for item in items]
    except ExceptionGroup as failed:
        raise failed.exceptions[0] from failed
    return [task.result() for task in tasks]


async def find_bucket(name: str, callers: Sequence[ScopeCalls]) -> Bucket:
    """The bucket in its region, whoever asks from wherever; `AwsFailureError` if there is none."""
    known: list[ScopeCalls] = []
    for one in callers:
        if all(one.target.credentials is not other.target.credentials for other in known):
            known.append(one)
    region = await _region(name, known)
    return Bucket(name, region, [ScopeCalls(one.session, replace(one.target, region=region)) for one in known])


async def _region(name: str, callers: Sequence[ScopeCalls]) -> str:
    """S3 names a bucket's region in a header of every answer, redirections and denials included."""
    for one in callers:
        try:
            answer = await one.call(HEAD_BUCKET, Bucket=name)
        except AwsFailureError as failure:
            if region := failure.refusal.headers.get(_REGION):
                return region
            if failure.kind is not Kind.DENIED:
                raise _explained(name, failure) from failure
        else:
            return str(answer.get("BucketRegion") or one.region)
    return callers[0].region


def _explained(name: str, failure: AwsFailureError) -> AwsFailureError:
    if failure.refusal.code in _GONE:
        reason = f"bucket {name} does not exist: flow logs that name it as their destination cannot deliver"
        return AwsFailureError(failure.kind, reason, failure.refusal)
    return AwsFailureError(failure.kind, f"bucket {name}: {failure.reason}", failure.refusal)
