"""Pages that are wrong: page tokens that never end, pages that come twice, pages that come instead of others."""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable
from dataclasses import replace
from enum import StrEnum
from http import HTTPStatus

from tests.fault_proxy_answers import Answer, Call

TOKEN = re.compile(rb"<nextToken>([^<]*)</nextToken>")
ITEMS = re.compile(rb"<item>.*</item>", re.DOTALL)
LISTS = ("MetricDataResults", "PriceList")

Page = Callable[[str], Awaitable[Answer]]
"""The page that a token stands for, `""` for the first."""


class Paging(StrEnum):
    """What is wrong with the pages of an operation."""

    SAME_TOKEN = "the same token for ever"
    NEW_TOKENS = "ever the first page, with ever new tokens"
    EMPTY_PAGES = "ever new tokens, with nothing in their pages"
    TWICE = "each page comes twice"
    AGAIN = "instead of a page that before it comes again"


async def wrong(kind: Paging, call: Call, page: Page) -> Answer:
    """The answer to a call; errors stay as they are."""
    token = str(call.params.get("NextToken", ""))
    if kind is Paging.TWICE:
        return await _twice(call, token, page)
    if kind is Paging.AGAIN:
        return await _again(call, token, page)
    answer = await page("")
    if kind is Paging.EMPTY_PAGES and token:
        answer = _emptied(call, answer)
    number = int(token.partition("-")[2] or 0) + 1
    return with_token(call, answer, "endless" if kind is Paging.SAME_TOKEN else f"endless-{number}")


async def _twice(call: Call, token: str, page: Page) -> Answer:
    again, _, plain = token.rpartition("twice:")
    answer = await page(plain)
    return answer if again or token.startswith("twice:") else with_token(call, answer, f"twice:{token}")


async def _again(call: Call, token: str, page: Page) -> Answer:
    right = await page(token)
    size = len(ITEMS.findall(right.body))
    if not token or not size:
        return right
    earlier = await page("")
    return with_token(call, earlier, token_of(call, right))


def token_of(call: Call, answer: Answer) -> str:
    """The token in an answer, `""` where it has none."""
    if call.protocol == "json":
        return str(json.loads(answer.body).get("NextToken", ""))
    found = TOKEN.search(answer.body)
    return found[1].decode() if found else ""


def with_token(call: Call, answer: Answer, token: str) -> Answer:
    """The answer with that token and no other; errors stay as they are."""
    if answer.status != HTTPStatus.OK:
        return answer
    return answer.with_body(with_page_token(call.protocol, answer.body, token))


def with_page_token(protocol: str, body: bytes, token: str) -> bytes:
    """A body with that token, `""` for none, and no other."""
    if protocol == "json":
        return json.dumps(json.loads(body) | {"NextToken": token or None}).encode()
    plain = TOKEN.sub(b"", body)
    end = plain.rfind(b"</")
    said = f"<nextToken>{token}</nextToken>".encode() if token else b""
    return plain[:end] + said + plain[end:]


def _emptied(call: Call, answer: Answer) -> Answer:
    if call.protocol == "json":
        told = json.loads(answer.body)
        return replace(answer, body=json.dumps({key: [] if key in LISTS else told[key] for key in told}).encode())
    return replace(answer, body=ITEMS.sub(b"", answer.body))
