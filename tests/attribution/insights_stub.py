"""CloudWatch Logs over HTTP, as far as Logs Insights goes: it runs the queries that it is sent over events that it has.

Shapes and rules as the API reference has them: ranges include both ends in whole seconds, an answer has 10,000 rows a
page, every event of the range is scanned. It can be told to fail.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

from tests import recorded_calls
from tests.attribution.insights_language import Event, MalformedQueryError, answer

DAY = 86_400
Answer = dict[str, Any]


class RefusedError(Exception):
    """An error that AWS answers, by its code."""


@dataclass
class Query:
    """One that was started; `polls` are how often its state was asked for."""

    results: list[list[dict[str, str]]]
    scanned: int
    polls: int = 0
    stopped: bool = False


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that was cancelled hangs up; that is no news."""


@dataclass
class InsightsStub:
    """A server for one thread's `with`; `groups` are messages with their times in milliseconds, by log group."""

    groups: dict[str, list[tuple[int, str]]]
    most_rows: int = 100_000
    page: int = 10_000
    has_metric: bool = True
    ends_as: str = "Complete"
    refuse: dict[str, list[str]] = field(default_factory=dict)
    calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    answers: list[tuple[str, Answer]] = field(default_factory=list)
    queries: dict[str, Query] = field(default_factory=dict)
    polled: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> Self:
        stub = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                operation = self.headers["X-Amz-Target"].partition(".")[2]
                body = self.rfile.read(int(self.headers["Content-Length"]))
                recorded_calls.note(
                    "monitoring" if operation == "GetMetricData" else "logs", operation, {}, self.headers["User-Agent"]
                )
                status, found = stub.respond(operation, json.loads(body))
                content = json.dumps(found).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/x-amz-json-1.1")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 -- the base class's name
                """Nothing on stderr."""

        self._lock = threading.Lock()
        self._server = _Server(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    @property
    def spans(self) -> list[tuple[int, int]]:
        """The ranges of all queries, in the order they were started."""
        return [(asked["startTime"], asked["endTime"]) for name, asked in self.calls if name == "StartQuery"]

    @property
    def scanned(self) -> int:
        """What all queries scanned, which is what AWS charges for."""
        return sum(query.scanned for query in self.queries.values())

    def respond(self, operation: str, asked: dict[str, Any]) -> tuple[int, Answer]:
        with self._lock:
            self.calls.append((operation, asked))
            try:
                self._refuse(operation)
                found = self._operations[operation](asked)
            except RefusedError as refused:
                return 400, {"__type": str(refused), "message": "as it was told"}
            except MalformedQueryError as malformed:
                return 400, {"__type": "MalformedQueryException", "message": str(malformed)}
            self.answers.append((operation, found))
            return 200, found

    def _refuse(self, operation: str) -> None:
        if codes := self.refuse.get(operation):
            raise RefusedError(codes.pop(0))

    @property
    def _operations(self) -> dict[str, Callable[[dict[str, Any]], Answer]]:
        return {
            "DescribeLogGroups": self._describe,
            "GetMetricData": self._metric,
            "StartQuery": self._start,
            "GetQueryResults": self._results,
            "StopQuery": self._stop,
        }

    def _describe(self, asked: dict[str, Any]) -> Answer:
        names = sorted(name for name in self.groups if name.startswith(asked["logGroupNamePrefix"]))
        groups = [
            {
                "logGroupName": name,
                "creationTime": 1_700_000_000_000,
                "metricFilterCount": 0,
                "arn": f"arn:aws:logs:eu-west-1:123456789012:log-group:{name}:*",
                "storedBytes": sum(len(message) for _, message in self.groups[name]),
                "logGroupClass": "STANDARD",
            }
            for name in names
        ]
        return {"logGroups": groups}

    def _metric(self, asked: dict[str, Any]) -> Answer:
        (query,) = asked["MetricDataQueries"]
        metric = query["MetricStat"]["Metric"]
        (dimension,) = metric["Dimensions"]
        if (metric["Namespace"], metric["MetricName"], dimension["Name"]) != (
            "AWS/Logs",
            "IncomingBytes",
            "LogGroupName",
        ):
            raise RefusedError("InvalidParameterValue")
        days: dict[int, float] = {}
        for moment, message in self.groups[dimension["Value"]] if self.has_metric else ():
            if asked["StartTime"] <= moment // 1000 < asked["EndTime"]:
                day = moment // 1000 // DAY * DAY
                days[day] = days.get(day, 0.0) + len(message)
        result = {"Id": query["Id"], "Label": "IncomingBytes", "StatusCode": "Complete"}
        return {"MetricDataResults": [result | {"Timestamps": list(days), "Values": list(days.values())}]}

    def _start(self, asked: dict[str, Any]) -> Answer:
        if asked["logGroupName"] not in self.groups:
            raise RefusedError("ResourceNotFoundException")
        events = list(_between(self.groups[asked["logGroupName"]], asked["startTime"], asked["endTime"]))
        rows = answer(asked["queryString"], events, self.most_rows)
        results = [[{"field": name, "value": value} for name, value in row.items()] for row in rows]
        query_id = f"00000000-0000-0000-0000-{len(self.queries):012}"
        self.queries[query_id] = Query(results, sum(len(str(event["@message"])) for event in events))
        return {"queryId": query_id}

    def _results(self, asked: dict[str, Any]) -> Answer:
        """At first it is still running and shows a part, as AWS does."""
        query = self.queries[asked["queryId"]]
        query.polls += 1
        self.polled.set()
        first = int(asked.get("nextToken", 0))
        page = query.results[first : first + self.page]
        statistics = {"recordsMatched": 0.0, "recordsScanned": 0.0, "bytesScanned": float(query.scanned)}
        if query.polls == 1 or self.ends_as == "Running":
            return {"status": "Running", "results": page[:1], "statistics": statistics}
        found = {"status": self.ends_as, "results": page, "statistics": statistics, "queryLanguage": "CWLI"}
        more = first + self.page < len(query.results)
        return found | ({"nextToken": str(first + self.page)} if more else {})

    def _stop(self, asked: dict[str, Any]) -> Answer:
        self.queries[asked["queryId"]].stopped = True
        return {"success": True}


def _between(events: Iterable[tuple[int, str]], first: int, last: int) -> Iterable[Event]:
    for moment, message in events:
        if first * 1000 <= moment <= last * 1000:
            yield {"@timestamp": moment, "@message": message}
