"""One query on Athena: only in a workgroup that bounds it, followed to its end, stopped where it takes too long."""

from __future__ import annotations

import asyncio
import shlex
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from auditor.attribution.athena.calls import send
from auditor.aws.calls import ScopeCalls
from auditor.aws.failures import AwsFailureError, Kind
from auditor.aws.operations import (
    GET_QUERY_EXECUTION,
    GET_WORK_GROUP,
    START_QUERY_EXECUTION,
    STOP_QUERY_EXECUTION,
)

TEN_MB = 10_000_000
"""The least cutoff a workgroup can have (Athena API reference, WorkGroupConfiguration, read 2026-11-20)."""

TIMEOUT = 30 * 60
"""Seconds; Athena's own for a SELECT (Athena guide, "Service Quotas", read 2026-11-20)."""

_FIRST_DELAY, _GROWTH, _LONGEST_DELAY = 0.5, 1.5, 10.0

# Athena guide, "Troubleshooting" (read 2026-11-20).
_NEXT_STEPS = {
    "Bytes scanned limit": "allow more: `{more}`",
    "denied": "grant the caller s3:GetObject and s3:ListBucket on the flow log's bucket, and s3:PutObject on the "
    "workgroup's results",
    "HIVE_": "a file there is not what the flow log says: read it here instead, which counts what can be read",
    "TABLE_NOT_FOUND": "another run deleted the table: run again",
    "COLUMN_NOT_FOUND": "another run changed the table: run again",
    "exhausted resources": "run again at a quieter time, or over fewer days",
}
_NEXT_STEP = "run again, or read this flow log here instead"


@dataclass
class AthenaRun:
    """A query's way through a workgroup. `outputs` are where results may be, for whoever clears them away."""

    calls: ScopeCalls
    workgroup: str
    database: str
    bytes_expected: int
    timeout: float = TIMEOUT
    bytes_scanned: int = 0
    results: str = ""
    outputs: dict[str, None] = field(default_factory=dict)

    async def require_bounds(self) -> None:
        """A failure, before anything is made, where the workgroup cannot bound the query or not give its result."""
        answer = await self.calls.call(GET_WORK_GROUP, WorkGroup=self.workgroup)
        group = answer["WorkGroup"]
        settings = group.get("Configuration") or {}
        if problem := self._problem(group.get("State"), settings):
            raise AwsFailureError(Kind.UNKNOWN, f"{GET_WORK_GROUP.action}: workgroup {self.workgroup} {problem}")
        self.results = settings["ResultConfiguration"]["OutputLocation"].rstrip("/")

    async def result_of(self, query: str) -> str:
        """Where the result of the query is; it is tried a second time where Athena says that this may help."""
        ended = await self._once(query)
        if (ended["Status"].get("AthenaError") or {}).get("Retryable"):
            ended = await self._once(query)
        self.bytes_scanned = int((ended.get("Statistics") or {}).get("DataScannedInBytes", 0))
        if ended["Status"]["State"] != "SUCCEEDED":
            raise AwsFailureError(Kind.UNKNOWN, self._why(ended))
        return str(ended["ResultConfiguration"]["OutputLocation"])

    def _problem(self, state: str | None, settings: dict[str, Any]) -> str:
        cutoff = settings.get("BytesScannedCutoffPerQuery")
        if state == "DISABLED":
            return f"is disabled: enable it: `{self._update('--state ENABLED')}`"
        if not (settings.get("ResultConfiguration") or {}).get("OutputLocation"):
            give = "--configuration-updates ResultConfigurationUpdates={OutputLocation=s3://BUCKET/PREFIX/}"
            return f"has no bucket for results: name one that has, or give it one: `{self._update(give)}`"
        if not cutoff:
            return f"does not limit the bytes that a query scans, so nothing was started: limit them: `{self._allow()}`"
        if cutoff < self.bytes_expected:
            few = f"stops a query at {cutoff:,} bytes, and this one may scan {self.bytes_expected:,}"
            return f"{few}, so nothing was started: `{self._allow()}`"
        return ""

    async def _once(self, query: str) -> dict[str, Any]:
        started = await self.calls.call(
            START_QUERY_EXECUTION,
            QueryString=query,
            ClientRequestToken=uuid4().hex,
            QueryExecutionContext={"Database": self.database},
            WorkGroup=self.workgroup,
        )
        execution = started["QueryExecutionId"]
        self.outputs[f"{self.results}/{execution}.csv"] = None
        try:
            async with asyncio.timeout(self.timeout):
                return await self._ended(execution)
        except BaseException as problem:
            with suppress(AwsFailureError):
                await send(self.calls, STOP_QUERY_EXECUTION, QueryExecutionId=execution)
            if isinstance(problem, TimeoutError):
                took = f"query {execution} took more than {self.timeout:,.0f} s and was stopped"
                raise AwsFailureError(Kind.UNKNOWN, f"{START_QUERY_EXECUTION.action}: {took}: {_NEXT_STEP}") from None
            raise

    async def _ended(self, execution: str) -> dict[str, Any]:
        delay = _FIRST_DELAY
        while True:
            answer = await self.calls.call(GET_QUERY_EXECUTION, QueryExecutionId=execution)
            seen: dict[str, Any] = answer["QueryExecution"]
            if output := (seen.get("ResultConfiguration") or {}).get("OutputLocation"):
                self.outputs[output] = None
            if seen["Status"]["State"] not in {"QUEUED", "RUNNING"}:
                return seen
            await asyncio.sleep(delay)
            delay = min(delay * _GROWTH, _LONGEST_DELAY)

    def _why(self, ended: dict[str, Any]) -> str:
        status = ended["Status"]
        error = status.get("AthenaError") or {}
        said = " ".join(str(status.get("StateChangeReason") or error.get("ErrorMessage") or "no reason given").split())
        step = next((step for word, step in _NEXT_STEPS.items() if word.lower() in said.lower()), _NEXT_STEP)
        what = f"query {ended['QueryExecutionId']} {status['State'].lower()}"
        scanned = f" after {self.bytes_scanned:,} bytes" if self.bytes_scanned else ""
        return f"{START_QUERY_EXECUTION.action}: {what}{scanned}: {said[:500]}: {step.format(more=self._allow())}"

    def _allow(self) -> str:
        enough = max(TEN_MB, -(-self.bytes_expected // TEN_MB) * TEN_MB)
        return self._update(f"--configuration-updates BytesScannedCutoffPerQuery={enough}")

    def _update(self, what: str) -> str:
        name = shlex.quote(self.workgroup)
        return f"aws athena update-work-group --work-group {name} {what} --region {self.calls.region}"
