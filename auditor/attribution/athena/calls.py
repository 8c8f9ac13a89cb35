"""Calls of Athena's steps that answer nothing."""

from __future__ import annotations

from typing import Any

from auditor.aws.calls import ScopeCalls
from auditor.aws.operations import Operation


async def send(calls: ScopeCalls, operation: Operation, **params: Any) -> dict[str, Any]:
    """One call whose answer may be empty."""
    return await calls.session.call(calls.target, operation, params)
