"""Flow records in CloudWatch Logs, read through Logs Insights: estimated, within a budget, and complete or not at all.

Insights charges for each byte of the log group's events in the time that is asked for, whatever a query leaves out,
and gives at most 100,000 rows an answer. So the window is asked for in parts. Log groups of the Infrequent Access
class answer the same queries at the same price.
"""

from __future__ import annotations

import asyncio
from decimal import Decimal
from typing import Any

from auditor.attribution.insights.query import Span, grouped, query_text, rows
from auditor.attribution.insights.run import run_query
from auditor.attribution.insights.spans import DAY, Spans
from auditor.attribution.tally import Tally
from auditor.attribution.task import Estimate, Task, Used, dollars
from auditor.aws.calls import ScopeCalls
from auditor.aws.failures import AwsFailureError, Kind
from auditor.aws.operations import DESCRIBE_LOG_GROUPS, GET_LOG_METRICS, START_QUERY
from auditor.model.attributed import Engine
from auditor.model.money import EXACT, Item, Prices, gigabytes, total

QUERIES_AT_ONCE = 4
"""Of the 100 an account may run, of 5 where the log group is of the Infrequent Access class."""


class InsightsReader:
    """Reads one task. `budget` is USD that may still be spent; `calls` are those of the flow log's own account."""

    engine = Engine.LOGS_INSIGHTS

    def __init__(self, task: Task, calls: ScopeCalls, prices: Prices, budget: Decimal) -> None:
        self._task = task
        self._calls = calls
        self._prices = prices
        self.budget = budget
        self._log_group = _name(task.flow_log.destination, calls.account_id)
        self._estimated: Estimate | None = None
        self._scanned = 0

    async def estimate(self) -> Estimate:
        """All that the log group took in over the window; all that it stores where no metric says how much."""
        stored = await self._stored_bytes()
        taken_in = await self._incoming_bytes()
        if taken_in is None:
            detail = f"at most the {stored:,} bytes that log group {self._log_group} stores"
        else:
            detail = f"the {taken_in:,} bytes that log group {self._log_group} took in"
        count = stored if taken_in is None else taken_in
        self._estimated = Estimate(count, self._usd(count), detail)
        return self._estimated

    async def read(self, tally: Tally) -> Used:
        """Add all records of the window, or fail: before it costs more than the budget, too."""
        expected = self._estimated or await self.estimate()
        spans = Spans(self._window)
        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(QUERIES_AT_ONCE):
                    group.create_task(self._read_parts(spans, expected.bytes, tally))
        except ExceptionGroup as failures:
            raise failures.exceptions[0] from None
        return Used(self._scanned, self._usd(self._scanned))

    @property
    def _window(self) -> Span:
        window = self._task.window
        return Span(int(window.start.timestamp()), int(window.end.timestamp()))

    async def _read_parts(self, spans: Spans, expected: int, tally: Tally) -> None:
        form, gateways = self._task.form, self._task.gateways
        while span := spans.take():
            self._require_budget(expected, spans.unanswered)
            text = query_text(form, gateways, span)
            answer = await run_query(self._calls, self._log_group, span, text)
            self._scanned += answer.bytes_scanned
            if answer.may_lack_rows:
                spans.cut_off(span, len(answer.results))
            else:
                tally.add_rows(grouped(form), rows(form, answer.results))
                spans.answered(span, len(answer.results))

    def _require_budget(self, expected: int, unanswered: int) -> None:
        """What was read, useless answers included, and what of the estimate is left; at an unknown price, nothing."""
        projected = self._scanned + expected * unanswered // self._window.seconds
        usd = self._usd(projected)
        if usd is not None and usd > self.budget:
            raise AwsFailureError(
                Kind.UNKNOWN,
                f"{START_QUERY.action}: log group {self._log_group}: stopped before it would cost {dollars(usd)}, parts"
                f" that had to be asked again included: {dollars(self.budget)} of the budget were left, raise --budget",
            )

    def _usd(self, count: int) -> Decimal | None:
        """What it costs to read so many bytes, and to ask for the metric."""
        region = self._task.flow_log.region
        scan = self._prices.tiers(region, Item.LOGS_INSIGHTS_GB)
        metric = self._prices.tiers(region, Item.METRIC_REQUEST)
        if not scan or not metric:
            return None
        return total((EXACT.multiply(gigabytes(count), scan[0].usd), metric[0].usd))

    async def _stored_bytes(self) -> int:
        """Names sort, so a group stands before those whose names begin with its own."""
        answer = await self._calls.call(DESCRIBE_LOG_GROUPS, logGroupNamePrefix=self._log_group)
        for group in answer.get("logGroups", ()):
            if group.get("logGroupName") == self._log_group:
                return int(group.get("storedBytes", 0))
        raise AwsFailureError(
            Kind.UNKNOWN,
            f"{DESCRIBE_LOG_GROUPS.action}: log group {self._log_group} of {self._task.flow_log.id} is gone: delete the"
            " flow log or make the log group again",
        )

    async def _incoming_bytes(self) -> int | None:
        """`None` where CloudWatch will not or cannot say."""
        try:
            results = await self._calls.items(GET_LOG_METRICS, **self._metric_request())
        except AwsFailureError:
            return None
        values = [value for result in results for value in result.get("Values", ())]
        return round(sum(values)) if values else None

    def _metric_request(self) -> dict[str, Any]:
        dimensions = [{"Name": "LogGroupName", "Value": self._log_group}]
        metric = {"Namespace": "AWS/Logs", "MetricName": "IncomingBytes", "Dimensions": dimensions}
        stat = {"Metric": metric, "Period": DAY, "Stat": "Sum"}
        window = self._task.window
        queries = [{"Id": "bytes", "MetricStat": stat}]
        return {"MetricDataQueries": queries, "StartTime": window.start, "EndTime": window.end}


def _name(destination: str, account_id: str) -> str:
    """A flow log names its log group by name or by ARN (`arn:aws:logs:region:account:log-group:name:*`)."""
    parts = destination.split(":", 6)
    if parts[0] != "arn":
        return destination
    if parts[4] not in {"", account_id}:
        raise AwsFailureError(
            Kind.UNKNOWN, f"{START_QUERY.action}: {destination} is of another account: audit account {parts[4]} too"
        )
    return parts[6].removesuffix(":*")
