"""AWS's token buckets as EC2 and CloudWatch document them, written apart from the product's: the tests' own judge."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from tests.fault_proxy_answers import Call

Key = tuple[str, str, str]


def size_of(call: Call) -> tuple[int, int] | None:
    """How many calls a bucket holds and how many come back a second; `None` where AWS documents none.

    EC2 API developer guide, "Request throttling": 100 and 20 for calls that read, 50 and 10 for those that neither
    filter nor page. CloudWatch quotas: 50 GetMetricData a second (both read 2026-11-29).
    """
    if call.service == "ec2":
        narrowed = any(name.startswith(("MaxResults", "Filter.")) for name in call.params)
        return (100, 20) if narrowed else (50, 10)
    return (50, 50) if call.operation == "GetMetricData" else None


@dataclass
class Bucket:
    """Some calls, and those that come back; production may take its part of both first."""

    holds: float
    per_second: float
    left: float
    at: float

    def take(self, now: float) -> bool:
        """Whether there is one left for a call at this moment."""
        self.left = min(self.holds, self.left + (now - self.at) * self.per_second)
        self.at = now
        if self.left < 1:
            return False
        self.left -= 1
        return True


@dataclass
class Buckets:
    """One for each account, region and action. AWS's second is `pace` times as short here.

    `emptied` are actions whose bucket is empty when the first call comes, and how many come back a second.
    """

    pace: float = 1.0
    emptied: Mapping[str, float] = field(default_factory=dict)
    _made: dict[Key, Bucket] = field(default_factory=dict)

    def admits(self, call: Call, taken_by_others: float = 0.0) -> bool:
        """Whether AWS would take the call, when others take that part of the bucket."""
        size = size_of(call)
        if size is None:
            return True
        key = (call.account, call.region, call.operation)
        if key not in self._made:
            self._made[key] = self._bucket(call, *(part * (1 - taken_by_others) for part in size))
        return self._made[key].take(call.at)

    def _bucket(self, call: Call, holds: float, per_second: float) -> Bucket:
        if call.operation in self.emptied:
            return Bucket(holds, self.emptied[call.operation], 0, call.at)
        return Bucket(max(1.0, holds), per_second * self.pace, holds, call.at)
