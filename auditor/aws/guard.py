"""The read-only guard: a session that carries it cannot send a call that is not on its list.

It runs on botocore's first event of a call, before parameters are even serialized. The list is that of the reads; a
session that was opened for Athena has a few calls more, and there the guard looks at what they would touch too.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, Protocol

from auditor.aws.operations import MADE_HERE, Operation
from auditor.errors import NotReadOnlyError

_TABLE_OF = {"CreateTable": ("TableInput", "Name"), "BatchCreatePartition": ("TableName",), "DeleteTable": ("Name",)}
"""Where the calls of AWS Glue that write name their table."""


_RESULT = re.compile(r"(?:.*/)?[0-9a-f]{8}-[0-9a-f-]{27}\.csv(?:\.metadata)?")
"""How Athena names the results of a query."""


class Events(Protocol):
    """A botocore session, as far as the guard needs it."""

    def register(self, event_name: str, handler: Any, unique_id: str | None = None) -> None:
        """Subscribe to an event."""


def install(session: Events, operations: Iterable[Operation]) -> Callable[..., None]:
    """Make every client that this session will create refuse what is not among the operations; the check itself."""
    allowed = frozenset((operation.service, operation.name) for operation in operations)
    check = partial(refuse_writes, allowed=allowed)
    session.register("provide-client-params", check, unique_id="auditor-read-only-guard")
    return check


def refuse_writes(model: Any, params: dict[str, Any], allowed: frozenset[tuple[str, str]], **_: Any) -> None:
    """Raise `NotReadOnlyError` for an operation that is not allowed, or that would touch what is not the audit's."""
    service, operation = model.service_model.service_name, model.name
    if (service, operation) not in allowed:
        msg = f"refused {service}:{operation}: the audit session makes only the reads that `auditor iam` lists"
        raise NotReadOnlyError(msg)
    if service == "glue" and operation in _TABLE_OF and not _table(operation, params).startswith(MADE_HERE):
        raise NotReadOnlyError(f"refused {service}:{operation}: the table's name does not begin with {MADE_HERE}")
    if operation == "StartQueryExecution" and not str(params.get("QueryString")).lstrip().upper().startswith("SELECT"):
        raise NotReadOnlyError(f"refused {service}:{operation}: not a SELECT")
    if operation == "DeleteObject" and not _RESULT.fullmatch(str(params.get("Key"))):
        raise NotReadOnlyError(f"refused {service}:{operation}: not a result of Athena")


def _table(operation: str, params: Any) -> str:
    for key in _TABLE_OF[operation]:
        params = params.get(key) or {}
    return str(params)
