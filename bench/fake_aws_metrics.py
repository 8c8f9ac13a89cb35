"""CloudWatch of the fake AWS: GetMetricData answers each query with 30 daily values from StartTime on."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any

DAYS = 30
DAY = 86_400

# What a metric reads on the first day; each later day reads one more. Any other metric reads 0.
FIRST_DAY = {
    "BytesInFromSource": 2_000_000_000,
    "BytesInFromDestination": 9_000_000_000,
    "BytesOutToDestination": 2_000_000_000,
    "BytesOutToSource": 9_000_000_000,
    "BytesProcessed": 300_000_000,
    "ActiveConnectionCount": 1_000,
    "ConnectionEstablishedCount": 300_000,
}


def get_metric_data(asked: dict[str, Any]) -> bytes:
    """Answer the queries of a call, newest value first unless asked otherwise."""
    ascending = asked.get("ScanBy") == "TimestampAscending"
    results = ",".join(
        f'{{"Id":{json.dumps(query["Id"])},{series(metric(query), asked["StartTime"], ascending)}}}'
        for query in asked["MetricDataQueries"]
    )
    return f'{{"MetricDataResults":[{results}],"Messages":[]}}'.encode()


def metric(query: dict[str, Any]) -> str:
    """Return the metric that a query names; of an expression, nothing."""
    return str(query.get("MetricStat", {}).get("Metric", {}).get("MetricName", ""))


@lru_cache(maxsize=1024)
def series(name: str, start: float, ascending: bool) -> str:  # noqa: FBT001  # the only flag, and cached by it
    """Return what follows the id of a query in the answer."""
    first = FIRST_DAY.get(name)
    days = range(DAYS) if ascending else range(DAYS - 1, -1, -1)
    return (
        f'"Label":{json.dumps(name)},"StatusCode":"Complete",'
        f'"Timestamps":[{",".join(str(int(start) + day * DAY) for day in days)}],'
        f'"Values":[{",".join("0.0" if first is None else f"{first + day}.0" for day in days)}]'
    )
