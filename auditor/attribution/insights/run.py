"""Runs one query of CloudWatch Logs Insights to its end: start, poll, all pages; stopped if it is not waited for."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from auditor.attribution.insights.query import MOST_ROWS, ROWS_A_PAGE, Span, whole
from auditor.aws.calls import ScopeCalls
from auditor.aws.failures import AwsFailureError, Kind
from auditor.aws.operations import GET_QUERY_RESULTS, START_QUERY, STOP_QUERY, Operation

FIRST_POLL, LONGEST_POLL = 0.5, 10.0
PATIENCE = 3_600.0
"""Seconds after which AWS itself ends a query (CloudWatch Logs quotas, read 2026-11-22)."""

THROTTLE_PAUSES = (1.0, 2.0, 5.0, 10.0, 20.0, 30.0)
"""The account's concurrent queries are shared with its dashboards, so a place may take a minute to become free."""

_UNDER_WAY = {"Scheduled", "Running"}
_NEXT_STEPS = {
    "ResourceNotFoundException": "it is gone: delete the flow log or make the log group again",
    "MalformedQueryException": "Logs Insights does not understand the query: report it with the flow log's format",
    "Failed": "the query failed: run again, then ask AWS",
    "Cancelled": "somebody stopped the query: run again",
    "Timeout": "the query took too long: choose a shorter window, or let the flow log write to S3",
    "Unknown": "AWS does not know how the query ended: run again",
}


@dataclass(frozen=True, slots=True)
class Answer:
    """All rows of a query, and how many bytes of log events it read, which is what it costs."""

    results: list[list[dict[str, Any]]]
    bytes_scanned: int
    rows_found: int

    @property
    def may_lack_rows(self) -> bool:
        """Whether a limit may have cut it off: Insights does not say so, but then the last page is full."""
        count = len(self.results)
        return count < self.rows_found or (count > 0 and count % ROWS_A_PAGE == 0)


async def run_query(calls: ScopeCalls, log_group: str, span: Span, text: str) -> Answer:
    """The whole answer; `AwsFailureError` with the next step where there is none."""
    asked = {"logGroupName": log_group, "startTime": span.start, "endTime": span.end, "queryString": text}
    started = await _call(calls, log_group, START_QUERY, **asked)
    query_id, is_complete = started["queryId"], False
    try:
        answer = await _complete(calls, log_group, query_id)
        is_complete = True
    finally:
        if not is_complete:
            await _stop(calls, query_id)
    statistics = answer.get("statistics") or {}
    results = [*answer.get("results", ()), *await _more_pages(calls, log_group, query_id, answer)]
    found = whole(statistics.get("resultCount")) or 0
    return Answer(results, whole(statistics.get("bytesScanned")) or 0, found)


async def _complete(calls: ScopeCalls, log_group: str, query_id: str) -> dict[str, Any]:
    for pause in _pauses():
        await asyncio.sleep(pause)
        answer = await _call(calls, log_group, GET_QUERY_RESULTS, queryId=query_id)
        status = answer.get("status", "Unknown")
        if status == "Complete":
            return answer
        if status not in _UNDER_WAY:
            raise _failure(log_group, GET_QUERY_RESULTS, status)
    raise _failure(log_group, GET_QUERY_RESULTS, "Timeout")


async def _more_pages(
    calls: ScopeCalls, log_group: str, query_id: str, answer: dict[str, Any]
) -> list[list[dict[str, Any]]]:
    found: list[list[dict[str, Any]]] = []
    # A query has ten pages at the most, so a token that comes again and again ends too.
    for _ in range(math.ceil(MOST_ROWS / ROWS_A_PAGE)):
        if not (token := answer.get("nextToken")):
            break
        answer = await _call(calls, log_group, GET_QUERY_RESULTS, queryId=query_id, nextToken=token)
        found += answer.get("results", ())
    return found


async def _call(calls: ScopeCalls, log_group: str, operation: Operation, **params: Any) -> dict[str, Any]:
    for pause in THROTTLE_PAUSES:
        try:
            return await calls.call(operation, **params)
        except AwsFailureError as failure:
            if failure.kind is not Kind.THROTTLED:
                raise _explained(failure, log_group, operation) from failure
        await asyncio.sleep(pause)
    return await calls.call(operation, **params)


async def _stop(calls: ScopeCalls, query_id: str) -> None:
    """A query that has ended in the meantime cannot be stopped, and need not be."""
    with suppress(AwsFailureError):
        await calls.call(STOP_QUERY, queryId=query_id)


def _pauses() -> Iterator[float]:
    pause, waited = FIRST_POLL, 0.0
    while waited < PATIENCE:
        yield pause
        waited += pause
        pause = min(pause * 1.5, LONGEST_POLL)


def _explained(failure: AwsFailureError, log_group: str, operation: Operation) -> AwsFailureError:
    code = failure.refusal.code
    return _failure(log_group, operation, code, failure) if code in _NEXT_STEPS else failure


def _failure(
    log_group: str, operation: Operation, code: str, failure: AwsFailureError | None = None
) -> AwsFailureError:
    step = _NEXT_STEPS.get(code, _NEXT_STEPS["Unknown"])
    reason = f"{operation.action}: {code}: log group {log_group}: {step}"
    return AwsFailureError(Kind.UNKNOWN, reason, failure.refusal if failure else None)
