"""Daily CloudWatch points of NAT gateways and interface endpoints: whole numbers, the same each time.

The window is the 30 whole UTC days before the midnight of `now`. Amounts are totals over the window, and the
points of its days add up to them exactly. As in any account there are points outside of it, here on the day
before it and on the present, unfinished day: an audit that looks a day too far gets another sum.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING, TypeAlias, TypedDict

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from auditor.demo.scope import Client

WINDOW_DAYS = 30
MIB = 2**20
GIB = 2**30
TIB = 2**40

NAT_NAMESPACE = "AWS/NATGateway"
ENDPOINT_NAMESPACE = "AWS/PrivateLinkEndpoints"

# Monday to Sunday: a shop's back office sleeps at the weekend.
_WEEKDAY_WEIGHTS = (118, 121, 119, 117, 109, 64, 58)

# AWS's limit of one PutMetricData call (CloudWatch API reference, 2026).
_POINTS_PER_CALL = 1000


class Point(TypedDict):
    """One MetricDatum of PutMetricData."""

    MetricName: str
    Dimensions: list[dict[str, str]]
    Timestamp: datetime
    Value: int
    Unit: str


Points: TypeAlias = "Iterator[Point]"


@dataclass(frozen=True, slots=True)
class NatTraffic:
    """What a NAT gateway did in the window: bytes, refused ports, dropped packets, peak of connections."""

    up: int = 0
    down: int = 0
    port_errors: int = 0
    drops: int = 0
    connections: int = 0


def window(now: datetime) -> tuple[datetime, datetime]:
    """Start and end (exclusive) of the window."""
    end = now.replace(hour=0, minute=0, second=0, microsecond=0)
    return end - timedelta(days=WINDOW_DAYS), end


def nat_points(dimensions: Mapping[str, str], traffic: NatTraffic, now: datetime) -> Points:
    """All metrics of a zonal NAT gateway, or of one zone of a regional one: an idle one publishes zeros."""
    totals = {
        "BytesInFromSource": ("Bytes", traffic.up),
        "BytesOutToDestination": ("Bytes", traffic.up),
        "BytesInFromDestination": ("Bytes", traffic.down),
        "BytesOutToSource": ("Bytes", traffic.down),
        "ErrorPortAllocation": ("Count", traffic.port_errors),
        "PacketsDropCount": ("Count", traffic.drops),
        "ConnectionEstablishedCount": ("Count", traffic.connections * 24 * WINDOW_DAYS),
    }
    for name, (unit, total) in totals.items():
        yield from _series(name, unit, dimensions, _amounts(total, now))
    peaks = {day: traffic.connections * _weight(day) // max(_WEEKDAY_WEIGHTS) for day in days(now)}
    yield from _series("ActiveConnectionCount", "Count", dimensions, peaks)


def endpoint_points(dimensions: Mapping[str, str], total: int, now: datetime) -> Points:
    """The bytes of an interface endpoint: AWS publishes nothing for one without traffic."""
    if total:
        yield from _series("BytesProcessed", "Bytes", dimensions, _amounts(total, now))


def nat_bytes(points: Sequence[Point], nat_id: str) -> dict[datetime, tuple[int, int]]:
    """Upload and download of each day, over all zones of a regional NAT gateway."""
    sums: dict[tuple[str, datetime], int] = defaultdict(int)
    for point in points:
        if point["Dimensions"][0]["Value"] == nat_id:
            sums[point["MetricName"], point["Timestamp"]] += point["Value"]
    return {
        day: (amount, sums["BytesInFromDestination", day])
        for (name, day), amount in sums.items()
        if name == "BytesInFromSource"
    }


def publish(cloudwatch: Client, namespace: str, points: Sequence[Point]) -> None:
    """Put the points, in as few calls as AWS allows."""
    for start in range(0, len(points), _POINTS_PER_CALL):
        cloudwatch.put_metric_data(Namespace=namespace, MetricData=points[start : start + _POINTS_PER_CALL])


def _series(name: str, unit: str, dimensions: Mapping[str, str], amounts: Mapping[datetime, int]) -> Points:
    for day, amount in amounts.items():
        yield Point(
            MetricName=name,
            Dimensions=[{"Name": key, "Value": value} for key, value in dimensions.items()],
            Timestamp=day,
            Value=amount,
            Unit=unit,
        )


def _amounts(total: int, now: datetime) -> dict[datetime, int]:
    before, *inside, present = days(now)
    parts = shares(total, [_weight(day) for day in inside])
    return {before: total // WINDOW_DAYS, **dict(zip(inside, parts, strict=True)), present: total // 120}


def shares(total: int, weights: Sequence[int]) -> list[int]:
    """The total in whole parts by weight, none of it lost."""
    reached = [0, *accumulate(weights)]
    return [total * end // reached[-1] - total * start // reached[-1] for start, end in pairwise(reached)]


def days(now: datetime) -> list[datetime]:
    """Those that have points: the window's, the one before it and the present one."""
    start, _ = window(now)
    return [start + timedelta(days=day) for day in range(-1, WINDOW_DAYS + 1)]


def _weight(day: datetime) -> int:
    return _WEEKDAY_WEIGHTS[day.weekday()]
