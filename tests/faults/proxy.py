"""The fault proxy with the faults of a seed; what AWS itself answers it asks once and remembers."""

from __future__ import annotations

import asyncio
import json
import re
import time
from functools import partial
from typing import TYPE_CHECKING, Any

from tests.fault_proxy import CREDENTIAL, FaultProxy
from tests.fault_proxy_answers import Answer, Call, unpaged
from tests.fault_proxy_faults import CUT
from tests.faults.dice import Dice, Passing
from tests.faults.paging import wrong

if TYPE_CHECKING:
    from aiohttp import web

SLOW, TOO_LATE = 0.08, 1.3
"""Seconds: within and beyond the time that these runs wait for an answer."""

TIME = re.compile(rb"(?<=>)\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d")
FOREIGN = [b"<!doctype html><html><body>Please log in</body></html>", b"", b"{}", b"[]", b"null", b'"x"', b"<a/>", b"7"]


class RandomFaults(FaultProxy):
    """Without dice it passes everything on."""

    def __init__(self, upstream: str) -> None:
        super().__init__(upstream)
        self.dice: Dice | None = None
        self._under_way = 0
        self._remembered: dict[tuple[Any, ...], Answer] = {}

    def drain(self) -> None:
        """Wait until all that a run left behind is answered: waiting for it would be a fault of the next one."""
        while self._under_way:
            time.sleep(0.01)

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        self._under_way += 1
        try:
            return await super()._handle(request)
        finally:
            self._under_way -= 1

    async def _answer(self, call: Call, request: web.Request, body: bytes) -> Answer:
        dice = self.dice
        if dice is None:
            return await super()._answer(call, request, body)
        if refused := dice.refusal(call):
            return refused
        kind, chance = dice.passing(call)
        if kind in {Passing.BROKEN, Passing.TOO_FAST}:
            return dice.broken(call, kind, chance)
        if kind in {Passing.SLOW, Passing.STUCK}:
            await asyncio.sleep(SLOW if kind is Passing.SLOW else TOO_LATE)
        if kind is Passing.CUT:
            return CUT
        return _spoilt(kind, await self._paged(dice, call, request, body), chance.random())

    async def _paged(self, dice: Dice, call: Call, request: web.Request, body: bytes) -> Answer:
        paging = dice.paging(call)
        if paging is None:
            return await super()._answer(call, request, body)
        dice.met[paging] += 1
        return await wrong(paging, call, partial(self._page, call, request, body))

    async def _page(self, call: Call, request: web.Request, body: bytes, token: str) -> Answer:
        """The page of a token; the call's own is put back, since it stands in the log."""
        own = dict(call.params)
        call.params = {key: value for key, value in own.items() if key != "NextToken"}
        if token:
            call.params["NextToken"] = token
        answer = await super()._answer(call, request, body)
        call.params = own
        return answer

    async def _pass_on(self, request: web.Request, body: bytes) -> Answer:
        signed = CREDENTIAL.search(request.headers.get("Authorization", ""))
        if signed is None or signed[3] == "sts":
            return await super()._pass_on(request, body)
        key, region, service = signed.groups()
        whole = _unpaged(service, body)
        account = self._accounts.get(key, self._own_account)
        where = (account, region, service, request.headers.get("X-Amz-Target"), whole)
        if where not in self._remembered:
            self._remembered[where] = await super()._pass_on(request, whole)
        return self._remembered[where]


def _unpaged(service: str, body: bytes) -> bytes:
    if service == "ec2":
        return unpaged(body)
    asked = json.loads(body)
    asked.pop("NextToken", None)
    return json.dumps(asked).encode()


def _spoilt(kind: Passing | None, answer: Answer, part: float) -> Answer:
    """The answer as it arrives; `part` of it where it is cut."""
    end = int(len(answer.body) * 0.98 * part)
    if kind is Passing.TRUNCATED:
        return answer.with_body(answer.body[:end])
    if kind is Passing.BROKEN_OFF:
        return answer.broken_off(end)
    if kind is Passing.FOREIGN:
        return Answer(200, FOREIGN[int(len(FOREIGN) * part)], {"Content-Type": "text/html"})
    return answer.with_body(TIME.sub(b"somewhen", answer.body)) if kind is Passing.SCRAMBLED else answer
