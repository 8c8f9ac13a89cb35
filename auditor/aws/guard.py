"""The read-only guard: a session that carries it cannot send a call that is not on the list of reads.

It runs on botocore's first event of a call, before parameters are even serialized.
"""

from __future__ import annotations

from typing import Any, Protocol

from auditor.aws.operations import ALLOWED
from auditor.errors import NotReadOnlyError


class Events(Protocol):
    """A botocore session, as far as the guard needs it."""

    def register(self, event_name: str, handler: Any, unique_id: str | None = None) -> None:
        """Subscribe to an event."""


def install(session: Events) -> None:
    """Make every client that this session will create refuse what is not a read."""
    session.register("provide-client-params", refuse_writes, unique_id="auditor-read-only-guard")


def refuse_writes(model: Any, **_: Any) -> None:
    """Raise `NotReadOnlyError` for an operation that is not in `operations.ALLOWED`."""
    service, operation = model.service_model.service_name, model.name
    if (service, operation) not in ALLOWED:
        msg = f"refused {service}:{operation}: the audit session makes only the reads that `auditor iam` lists"
        raise NotReadOnlyError(msg)
