"""CloudWatch metrics of NAT gateways and endpoints: daily values, 500 queries a call, no call per resource."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import lru_cache
from itertools import pairwise
from typing import Any, NamedTuple

from auditor.aws.calls import ScopeCalls
from auditor.aws.failures import AwsFailureError, Kind
from auditor.aws.operations import GET_ENDPOINT_METRICS, GET_NAT_METRICS, Operation
from auditor.collectors.batches import batched
from auditor.model.evidence import Series, Window
from auditor.model.resources import Endpoint, NatGateway

Days = tuple[date, ...]

QUERIES_PER_CALL = 500
"""Limit of GetMetricData (CloudWatch API reference, read 2026-11-20)."""

DAY = 86_400

NAT_METRICS = {
    "BytesInFromSource": "Sum",
    "BytesInFromDestination": "Sum",
    "BytesOutToSource": "Sum",
    "BytesOutToDestination": "Sum",
    "ErrorPortAllocation": "Sum",
    "PacketsDropCount": "Sum",
    "ActiveConnectionCount": "Maximum",
    "ConnectionEstablishedCount": "Sum",
}
"""Metric → statistic (VPC guide, "NAT gateway metrics and dimensions", read 2026-11-20)."""


class MetricQuery(NamedTuple):
    """One series to ask for; a tuple, for a region has hundreds of them."""

    resource_id: str
    namespace: str
    metric: str
    statistic: str
    dimensions: tuple[tuple[str, str], ...]


def nat_queries(nats: Iterable[NatGateway]) -> Iterator[MetricQuery]:
    """Eight a NAT gateway; a regional one reports per availability zone."""
    for nat in nats:
        base = (("NatGatewayId", nat.id),)
        dimensions = [(*base, ("AvailabilityZone", az)) for az in nat.zones] if nat.mode == "regional" else [base]
        for metric, statistic in NAT_METRICS.items():
            for dims in dimensions:
                yield MetricQuery(nat.id, "AWS/NATGateway", metric, statistic, dims)


def endpoint_queries(endpoints: Iterable[Endpoint]) -> Iterator[MetricQuery]:
    """BytesProcessed of interface endpoints; any other dimension set than these four answers nothing.

    Of endpoints to another region CloudWatch publishes none, so nothing is asked that could look like silence.
    """
    for endpoint in endpoints:
        if endpoint.type == "Interface" and endpoint.service_region in {None, endpoint.region}:
            dims = (
                ("Endpoint Type", endpoint.type),
                ("Service Name", endpoint.service_name),
                ("VPC Endpoint Id", endpoint.id),
                ("VPC Id", endpoint.vpc_id),
            )
            yield MetricQuery(endpoint.id, "AWS/PrivateLinkEndpoints", "BytesProcessed", "Sum", dims)


async def fetch_nat_metrics(calls: ScopeCalls, nats: Iterable[NatGateway], window: Window) -> tuple[Series, ...]:
    """All eight metrics of all NAT gateways."""
    return await _fetch(calls, GET_NAT_METRICS, tuple(nat_queries(nats)), window)


async def fetch_endpoint_metrics(
    calls: ScopeCalls, endpoints: Iterable[Endpoint], window: Window
) -> tuple[Series, ...]:
    """Bytes of all interface endpoints."""
    return await _fetch(calls, GET_ENDPOINT_METRICS, tuple(endpoint_queries(endpoints)), window)


async def _fetch(
    calls: ScopeCalls, operation: Operation, queries: tuple[MetricQuery, ...], window: Window
) -> tuple[Series, ...]:
    batches = list(batched(dict.fromkeys(queries), QUERIES_PER_CALL))
    answers = await asyncio.gather(*(calls.items(operation, **request_of(batch, window)) for batch in batches))
    points: dict[tuple[str, str], Points] = {(q.resource_id, q.metric): Points(q.statistic) for q in queries}
    for batch, results in zip(batches, answers, strict=True):
        _add(points, batch, results, operation)
    return tuple(Series(*key, *found.by_day()) for key, found in points.items())


def request_of(batch: Iterable[MetricQuery], window: Window) -> dict[str, Any]:
    """GetMetricData's parameters for up to 500 queries, daily over the window."""
    return {
        "MetricDataQueries": [
            {
                "Id": f"q{number}",
                "MetricStat": {
                    "Metric": {
                        "Namespace": query.namespace,
                        "MetricName": query.metric,
                        "Dimensions": [{"Name": name, "Value": value} for name, value in query.dimensions],
                    },
                    "Period": DAY,
                    "Stat": query.statistic,
                },
            }
            for number, query in enumerate(batch)
        ],
        "StartTime": window.start,
        "EndTime": window.end,
        "ScanBy": "TimestampAscending",
    }


@dataclass(slots=True)
class Points:
    """What CloudWatch said of one metric, in one result or several: one for each zone, or a page after the other."""

    statistic: str
    parts: list[tuple[Days, tuple[int, ...]]] = field(default_factory=list)

    def by_day(self) -> tuple[Days, tuple[int, ...]]:
        """Days and values, in order; zones of a regional NAT gateway are added up (maxima: the largest)."""
        days, counts = self.parts[0] if len(self.parts) == 1 else ((), ())
        if len(days) == len(counts) > 0 and _is_in_order(days):
            return days, counts  # nearly always: going through the points takes five times as long
        found: dict[date, int] = {}
        for days, counts in self.parts:
            for day, count in zip(days, counts, strict=True):
                known = found.get(day, 0)
                found[day] = max(known, count) if self.statistic == "Maximum" else known + count
        ordered = sorted(found)
        return tuple(ordered), tuple(map(found.__getitem__, ordered))


def _add(
    points: dict[tuple[str, str], Points],
    batch: tuple[MetricQuery, ...],
    results: list[dict[str, Any]],
    operation: Operation,
) -> None:
    """Put one batch's results to their metrics."""
    if len({result["Id"] for result in results}) < len(batch):
        raise AwsFailureError(Kind.UNKNOWN, f"{operation.action}: an answer without some of the metrics: run again")
    for result in results:
        if result.get("StatusCode") in {"InternalError", "Forbidden"}:
            raise AwsFailureError(Kind.UNKNOWN, f"{operation.action}: {result['StatusCode']} for {result['Id']}")
        query = batch[int(result["Id"][1:])]
        days, counts = _dates(tuple(result["Timestamps"])), tuple(map(round, result["Values"]))
        points[query.resource_id, query.metric].parts.append((days, counts))


@lru_cache(256)
def _dates(moments: tuple[datetime, ...]) -> Days:
    """Most series of a window have the same days."""
    return tuple(moment.date() for moment in moments)


@lru_cache(256)
def _is_in_order(days: Days) -> bool:
    return all(one < other for one, other in pairwise(days))
