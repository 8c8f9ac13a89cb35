"""Calls of one scope: `call` for one answer, `items` for all pages of a list."""

from __future__ import annotations

from typing import Any

from auditor.aws.failures import AwsFailureError, Kind
from auditor.aws.operations import Operation
from auditor.aws.session import AuditSession, Target


class ScopeCalls:
    """What a collector may do: read, in one account and one region."""

    def __init__(self, session: AuditSession, target: Target) -> None:
        self.session = session
        self.target = target

    @property
    def account_id(self) -> str:
        """The account whose credentials are used."""
        return self.target.account_id

    @property
    def region(self) -> str:
        """The region that is asked."""
        return self.target.region

    def at(self, region: str) -> ScopeCalls:
        """The same account in another region."""
        return ScopeCalls(self.session, self.target.at(region))

    async def call(self, operation: Operation, **params: Any) -> dict[str, Any]:
        """One answer; where botocore finds nothing in it (half a JSON text, some proxy's page), that is a failure."""
        answer = await self.session.call(self.target, operation, params)
        if answer.keys() <= {"ResponseMetadata"}:
            raise AwsFailureError(Kind.UNKNOWN, f"{operation.action}: an answer without content: run again")
        return answer

    async def items(self, operation: Operation, **params: Any) -> list[Any]:
        """All pages' items; a page token that comes twice ends in a failure rather than in a loop."""
        if operation.page_size:
            params["MaxResults"] = operation.page_size
        found: list[Any] = []
        tokens: set[str] = set()
        while True:
            answer = await self.call(operation, **params)
            found += answer.get(operation.items) or []
            token = answer.get(operation.tokens[1])
            if not token:
                return found
            if token in tokens:
                raise AwsFailureError(Kind.UNKNOWN, f"{operation.action}: the same page token came twice")
            tokens.add(token)
            params[operation.tokens[0]] = token
