"""How fast the audit may call: a share of the token buckets that AWS documents, so that production keeps the rest.

AWS keeps a bucket per account, region and action, and all callers of the account take from it: an audit that empties
one throttles the customer's autoscaling. Each attempt takes a token here, retries too. What is throttled in spite of
that (others call as well) goes on at half the rate, and comes back to the whole over a minute.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from auditor.aws.operations import Operation

SHARE = 25
"""Percent of a bucket that the audit takes, unless the user says otherwise."""

_RECOVERY_SECONDS = 60.0
_LEAST_RATE = 1 / 64
_ONE_EPISODE = 1.0
_FEW = 4096


@dataclass(frozen=True, slots=True)
class Limit:
    """AWS's bucket: how many calls it holds, how many come back a second."""

    calls: int
    per_second: int


# EC2 API developer guide, "Request throttling", and CloudWatch quotas for GetMetricData (read 2026-11-20).
# Calls without pages and filters have buckets of their own at EC2.
PAGED, UNPAGED = Limit(100, 20), Limit(50, 10)
METRIC_DATA = Limit(50, 50)


def limit_of(operation: Operation) -> Limit | None:
    """AWS's bucket for an operation; `None` where AWS documents none that an audit could feel."""
    if operation.service == "ec2":
        return PAGED if operation.page_size else UNPAGED
    return METRIC_DATA if (operation.service, operation.name) == ("cloudwatch", "GetMetricData") else None


@dataclass(slots=True)
class Bucket:
    """The audit's part of one bucket of AWS; times are seconds of one monotonic clock."""

    most: float
    per_second: float
    tokens: float
    at: float
    slowed_at: float | None = None
    slowed_to: float = 1.0

    def take(self, now: float) -> float:
        """Take a token that is there or will be; the seconds until it is."""
        self._fill(now)
        self.tokens -= 1
        return max(0.0, -self.tokens / self.rate(now))

    def _fill(self, now: float) -> None:
        self.tokens = min(self.most, self.tokens + (now - self.at) * self.rate(now))
        self.at = now

    def rate(self, now: float) -> float:
        """Tokens a second: all of the share, or less for a while after AWS has throttled."""
        if self.slowed_at is None:
            return self.per_second
        recovered = (now - self.slowed_at) / _RECOVERY_SECONDS
        return self.per_second * min(1.0, self.slowed_to + recovered)

    def slow_down(self, now: float) -> None:
        """Begin again without tokens, at half the rate of now; calls that were under way together count once."""
        self._fill(now)
        self.tokens = min(self.tokens, 0.0)
        if self.slowed_at is not None and now - self.slowed_at < _ONE_EPISODE:
            return
        self.slowed_to = max(_LEAST_RATE, self.rate(now) / self.per_second / 2)
        self.slowed_at = now

    def is_as_new(self, now: float) -> bool:
        """Whether nothing tells it from one that was never used."""
        return self.rate(now) == self.per_second and self.tokens + (now - self.at) * self.per_second >= self.most


@dataclass
class Pacer:
    """Lets calls go when their turn has come, in the order in which they ask; `share` is percent of AWS's buckets."""

    share: int = SHARE
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    _buckets: dict[tuple[str, str, str], Bucket] = field(default_factory=dict)
    _room: int = _FEW

    async def turn(self, account_id: str, region: str, operation: Operation) -> None:
        """Wait until the call may go."""
        bucket = self._bucket(account_id, region, operation)
        if bucket and (seconds := bucket.take(self.clock())):
            await self.sleep(seconds)

    def throttled(self, account_id: str, region: str, operation: Operation) -> None:
        """AWS has asked to slow down: this bucket does, no other."""
        if bucket := self._bucket(account_id, region, operation):
            bucket.slow_down(self.clock())

    def _bucket(self, account_id: str, region: str, operation: Operation) -> Bucket | None:
        limit = limit_of(operation)
        if limit is None:
            return None
        key = (account_id, region, operation.action)
        if key not in self._buckets:
            self._make_room()
            most = max(1.0, limit.calls * self.share / 100)
            self._buckets[key] = Bucket(most, limit.per_second * self.share / 100, most, self.clock())
        return self._buckets[key]

    def _make_room(self) -> None:
        """Scopes that are read leave nothing behind: memory does not grow with their number."""
        if len(self._buckets) >= self._room:
            now = self.clock()
            self._buckets = {key: bucket for key, bucket in self._buckets.items() if not bucket.is_as_new(now)}
            self._room = max(_FEW, 2 * len(self._buckets))
