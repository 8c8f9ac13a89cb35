"""An Athena that runs the very SQL it is sent, in DuckDB, over what the Glue catalog and the buckets beside it hold.

    with AthenaStub(clients) as athena:
        os.environ["AWS_ENDPOINT_URL_ATHENA"] = athena.url

It speaks Athena's JSON protocol. A query is QUEUED and RUNNING first; its result is written to S3 as Athena writes it.
One that is started again with the same token is the same query, however often a call is tried anew.
"""

from __future__ import annotations

import json
import threading
import time
import uuid
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

import duckdb

from tests import recorded_calls
from tests.attribution.athena_tables import BadDataError, run

OVER_CUTOFF = "Bytes scanned limit was exceeded"


@dataclass(frozen=True)
class Fate:
    """How a query ends other than by its own doing."""

    state: str = "FAILED"
    reason: str = "Query exhausted resources at this scale factor"
    is_retryable: bool = False
    scanned: int = 0


@dataclass
class AthenaStub:
    """`fates` are those of the next queries; `refused` is what the next calls of an operation answer: code, words."""

    glue: Any
    s3: Any
    configuration: dict[str, Any]
    state: str = "ENABLED"
    fates: list[Fate] = field(default_factory=list)
    refused: dict[str, tuple[str, str]] = field(default_factory=dict)
    calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    answers: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    executions: dict[str, dict[str, Any]] = field(default_factory=dict)
    running: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    started: dict[str, str] = field(default_factory=dict)
    scans: dict[str, Future[None]] = field(default_factory=dict)
    is_followed: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> Self:
        stub = self

        class Answering(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                operation = self.headers["X-Amz-Target"].removeprefix("AmazonAthena.")
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                recorded_calls.note("athena", operation, body, self.headers["User-Agent"])
                status, answer = stub.answer(operation, body)
                content = json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/x-amz-json-1.1")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_: object) -> None:
                """Nothing."""

        self._lock, self._engine = threading.Lock(), ThreadPoolExecutor()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Answering)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
        self._engine.shutdown()

    def asked(self, operation: str) -> list[dict[str, Any]]:
        """What the calls of an operation said."""
        return [body for name, body in self.calls if name == operation]

    def outputs(self) -> list[str]:
        """Where the results of all queries are written."""
        return [self._output(execution) for execution in self.executions]

    def answer(self, operation: str, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        self.calls.append((operation, body))
        if operation in self.refused:
            code, words = self.refused[operation]
            return 400, {"__type": code, "message": words}
        answer: dict[str, Any] = getattr(self, f"_{operation}")(body)
        self.answers.append((operation, answer))
        return 200, answer

    def _GetWorkGroup(self, body: dict[str, Any]) -> dict[str, Any]:  # noqa: N802 -- AWS's names
        group = {"Name": body["WorkGroup"], "State": self.state, "Configuration": self.configuration}
        return {"WorkGroup": {**group, "Description": "", "CreationTime": time.time()}}

    def _StartQueryExecution(self, body: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        with self._lock:
            token = body["ClientRequestToken"]
            if token not in self.started:
                self.started[token] = self._start(body)
            return {"QueryExecutionId": self.started[token]}

    def _start(self, body: dict[str, Any]) -> str:
        execution = str(uuid.UUID(int=len(self.executions) + 1))
        fate = self.fates.pop(0) if self.fates else None
        self.executions[execution] = self._execution(execution, body)
        states = self.running[execution] = [{"State": "QUEUED"}, {"State": "RUNNING"}]
        if fate and fate.state == "QUEUED":
            states *= 1000
        elif fate:
            error = {"ErrorCategory": 1, "ErrorType": 1, "Retryable": fate.is_retryable, "ErrorMessage": fate.reason}
            self._end(execution, fate.state, fate.reason, fate.scanned, error)
        else:
            self.scans[execution] = self._engine.submit(self._run, execution, body["QueryString"])
        return execution

    def _GetQueryExecution(self, body: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        self.is_followed.set()
        execution = body["QueryExecutionId"]
        seen, states, scan = self.executions[execution], self.running[execution], self.scans.get(execution)
        if not states and scan and not scan.done():
            states.append({"State": "RUNNING"})
        if states:
            seen = {**seen, "Statistics": {}, "Status": {"SubmissionDateTime": time.time(), **states.pop(0)}}
        elif scan:
            scan.result()
        return {"QueryExecution": seen}

    def _StopQueryExecution(self, body: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        self.running[body["QueryExecutionId"]] = []
        self._end(body["QueryExecutionId"], "CANCELLED", "Query cancelled by user", 0)
        return {}

    def _execution(self, execution: str, body: dict[str, Any]) -> dict[str, Any]:
        folder = self.configuration["ResultConfiguration"]["OutputLocation"].rstrip("/")
        return {
            "QueryExecutionId": execution,
            "Query": body["QueryString"],
            "StatementType": "DML",
            "SubstatementType": "SELECT",
            "ResultConfiguration": {"OutputLocation": f"{folder}/{execution}.csv"},
            "ResultReuseConfiguration": {"ResultReuseByAgeConfiguration": {"Enabled": False}},
            "QueryExecutionContext": body["QueryExecutionContext"],
            "WorkGroup": body["WorkGroup"],
            "EngineVersion": {"SelectedEngineVersion": "AUTO", "EffectiveEngineVersion": "Athena engine version 3"},
        }

    def _run(self, execution: str, query: str) -> None:
        try:
            scanned, content = run(query, self.glue, self.s3)
        except (BadDataError, duckdb.Error) as problem:
            self._end(execution, "FAILED", str(problem), 0)
            return
        if scanned > self.configuration.get("BytesScannedCutoffPerQuery", scanned):
            self._end(execution, "CANCELLED", OVER_CUTOFF, scanned)
            return
        bucket, _, key = self._output(execution).removeprefix("s3://").partition("/")
        self.s3.put_object(Bucket=bucket, Key=key, Body=content)
        self.s3.put_object(Bucket=bucket, Key=f"{key}.metadata", Body=b"\x0a")
        self._end(execution, "SUCCEEDED", "", scanned)

    def _output(self, execution: str) -> str:
        return str(self.executions[execution]["ResultConfiguration"]["OutputLocation"])

    def _end(self, execution: str, state: str, reason: str, scanned: int, error: dict[str, Any] | None = None) -> None:
        status = {"State": state, "SubmissionDateTime": time.time(), "CompletionDateTime": time.time()}
        status |= {"StateChangeReason": reason} if reason else {}
        status |= {"AthenaError": error} if error else {}
        statistics = {"EngineExecutionTimeInMillis": 900, "DataScannedInBytes": scanned, "QueryQueueTimeInMillis": 60}
        self.executions[execution] |= {"Status": status, "Statistics": statistics | {"TotalExecutionTimeInMillis": 999}}
