"""Calls of one scope: `call` for one answer, `items` for all pages of a list."""

from __future__ import annotations

from typing import Any

from auditor.aws.failures import AwsFailureError, Kind
from auditor.aws.operations import Operation
from auditor.aws.session import AuditSession, Target

_MOST_PAGES = 1_000
"""No list that is read here has so many: a million resources, twenty thousand accounts."""

_EMPTY_PAGES = 100
"""AWS may answer a page without items before the last; so many in a row have no end."""


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
        """All pages' items, each once.

        A page that came before, or pages without end, are a failure: nobody knows what is missing, nor when it ends.
        """
        if operation.page_size:
            params["MaxResults"] = operation.page_size
        pages: list[list[Any]] = []
        tokens: set[str] = set()
        while True:
            answer = await self.call(operation, **params)
            pages.append(answer.get(operation.items) or [])
            token = answer.get(operation.tokens[1])
            if wrong := _wrong(pages, token, tokens):
                raise AwsFailureError(Kind.UNKNOWN, f"{operation.action}: {wrong}: run again")
            if not token:
                return _each_once(pages)
            tokens.add(token)
            params[operation.tokens[0]] = token


def _wrong(pages: list[list[Any]], token: str | None, tokens: set[str]) -> str:
    """Why the last of these pages cannot belong to a list that ends; `tokens` are those before its own."""
    if token in tokens:
        return "the same page token came twice"
    if pages[-1] and pages[-1] in pages[:-1]:
        return "the same page came twice"
    if token and len(pages) >= _EMPTY_PAGES and not any(pages[-_EMPTY_PAGES:]):
        return f"{_EMPTY_PAGES} empty pages in a row"
    return f"more than {_MOST_PAGES:,} pages" if token and len(pages) >= _MOST_PAGES else ""


def _each_once(pages: list[list[Any]]) -> list[Any]:
    """What stood on two pages, because something before it was made in between, is one thing."""
    if len(pages) == 1:
        return pages[0]
    return list({repr(item): item for page in pages for item in page}.values())
