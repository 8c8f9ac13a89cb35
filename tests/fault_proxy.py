"""A reverse proxy before an embedded AWS that makes it page, throttle, refuse and break as the real one does.

    with FaultProxy("http://127.0.0.1:5000") as proxy:
        proxy.deny("DescribeVpcEndpoints", region="eu-west-1")
        boto3.client("ec2", endpoint_url=proxy.url, ...)
        proxy.calls  # what was asked, in the order of arrival

It runs in a thread of its own. Calls to /moto-api are passed on as they are, and are not logged.
"""

from __future__ import annotations

import asyncio
import json
import re
import time
from contextlib import suppress
from functools import partial
from http import HTTPStatus
from io import BytesIO
from threading import Thread
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import parse_qsl

import aiohttp
from aiohttp import web
from yarl import URL

from tests import recorded_calls
from tests.fault_proxy_answers import Answer, Call, can_page, page, protocol_of, unpaged
from tests.fault_proxy_faults import CUT, Faults

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType

CREDENTIAL = re.compile(r"Credential=([^/]+)/\d+/([^/]+)/([^/]+)/")
ACCESS_KEY = re.compile(rb"<AccessKeyId>(\w+)</AccessKeyId>")
# The connection's own headers end here, and aiohttp counts the length again.
NOT_PASSED_ON = {
    "connection",
    "keep-alive",
    "transfer-encoding",
    "expect",
    "accept-encoding",
    "content-length",
}

CONDITIONS = ("If-Match", "If-None-Match")
"""S3 looks and writes in one step; moto, in threads, in two: so it gets such calls one after the other."""


class FaultProxy(Faults):
    """Passes calls on to `upstream`, or to the faults that are set.

    With a `page_size` EC2 answers in pages of that many items, or of MaxResults if that is less. `account` is
    the one of all access keys but those of assumed roles.
    """

    def __init__(self, upstream: str, *, account: str = "123456789012") -> None:
        super().__init__()
        self.calls: list[Call] = []
        self.page_size: int | None = None
        self.url = ""
        self._upstream = upstream.rstrip("/")
        self._own_account = account
        self._accounts: dict[str, str] = {}
        self._loop = asyncio.new_event_loop()
        self._thread = Thread(target=self._loop.run_forever, name="fault-proxy", daemon=True)

    def __enter__(self) -> Self:
        """Start to serve; `url` is set from here on."""
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._start(), self._loop).result()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, raised: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop, without waiting for calls under way."""
        asyncio.run_coroutine_threadsafe(self._stop(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def clear(self) -> None:
        """Forget all faults, the paging and the log."""
        super().clear()
        self.page_size = None
        self.calls.clear()

    async def _start(self) -> None:
        self._session = aiohttp.ClientSession(auto_decompress=False)
        self._conditional = asyncio.Lock()
        application = web.Application(client_max_size=0)
        application.router.add_route("*", "/{path:.*}", self._handle)
        self._runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"

    async def _stop(self) -> None:
        await self._runner.cleanup()
        await self._session.close()
        left = asyncio.all_tasks() - {asyncio.current_task()}
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        if request.path.startswith("/moto-api"):
            return _sent(await self._pass_on(request, body))
        call = self._noted(request, body)
        answer = await self._answer(call, request, body)
        call.status = answer.status
        if answer is CUT and request.transport:
            request.transport.close()
        return _sent(answer) if answer.sent is None else await _broken_off(request, answer)

    def _noted(self, request: web.Request, body: bytes) -> Call:
        signed = CREDENTIAL.search(request.headers.get("Authorization", ""))
        key, region, service = signed.groups() if signed else ("", "", "")
        protocol = protocol_of(service, request.headers, body)
        operation, params = _asked(protocol, request, body)
        account = _account_of(params) or self._accounts.get(key, self._own_account)
        call = Call(service, operation, region, account, key, protocol, params, time.monotonic())
        self.calls.append(call)
        recorded_calls.note(service, operation, params, request.headers.get("User-Agent", ""))
        return call

    async def _answer(self, call: Call, request: web.Request, body: bytes) -> Answer:
        size = self.page_size if call.protocol == "ec2" and can_page(call.operation) else None
        forward = partial(self._pass_on, request, unpaged(body) if size else body)
        answer = await self.meet(call, forward)
        if call.operation == "AssumeRole" and (key := ACCESS_KEY.search(answer.body)):
            self._accounts[key[1].decode()] = call.account
        return page(call, answer, size) if size and answer.status == HTTPStatus.OK else answer

    async def _pass_on(self, request: web.Request, body: bytes) -> Answer:
        if any(name in request.headers for name in CONDITIONS):
            async with self._conditional:
                return await self._ask(request, body)
        return await self._ask(request, body)

    async def _ask(self, request: web.Request, body: bytes) -> Answer:
        asked = self._session.request(
            request.method,
            URL(self._upstream + request.raw_path, encoded=True),
            data=BytesIO(body),  # bytes of a megabyte and more make aiohttp warn
            headers=_passed_on(request.headers),
            skip_auto_headers=("Accept-Encoding", "Content-Type", "User-Agent"),
            allow_redirects=False,
        )
        async with asked as answer:
            headers = _passed_on(answer.headers)
            if request.method == "HEAD":  # the length is that of the body which is not sent
                headers["Content-Length"] = answer.headers.get("Content-Length", "0")
            return Answer(answer.status, await answer.read(), headers)


def _asked(protocol: str, request: web.Request, body: bytes) -> tuple[str, dict[str, Any]]:
    """Return the operation and the parameters of a call."""
    if protocol == "json":
        return request.headers["X-Amz-Target"].rpartition(".")[2], json.loads(body or b"{}")
    if protocol.startswith("rest"):
        return f"{request.method} {request.path}", dict(request.query)
    params = dict(parse_qsl(body.decode(), keep_blank_values=True))
    return params["Action"], params


def _account_of(params: Mapping[str, Any]) -> str:
    """Return the account of the role that a call assumes, or nothing."""
    _, _, _, _, account, *_ = (*str(params.get("RoleArn", "")).split(":"), "", "", "", "", "")
    return account


def _passed_on(headers: Mapping[str, str]) -> dict[str, str]:
    """Return the headers that are the message's, not the connection's."""
    return {name: value for name, value in headers.items() if name.lower() not in NOT_PASSED_ON}


def _sent(answer: Answer) -> web.Response:
    """Return what the server sends."""
    return web.Response(status=answer.status or 500, body=answer.body, headers=answer.headers)


async def _broken_off(request: web.Request, answer: Answer) -> web.StreamResponse:
    """Promise the whole body, send the first part of it, and cut the connection."""
    response = web.StreamResponse(status=answer.status or 500, headers=answer.headers)
    response.content_length = len(answer.body)
    with suppress(ConnectionResetError):  # whoever asked may be gone
        await response.prepare(request)
        await response.write(answer.body[: answer.sent])
    if request.transport:
        request.transport.close()
    return response
