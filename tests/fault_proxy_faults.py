"""The faults of the fault proxy: which calls they meet, and what they answer."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TypedDict, Unpack

from tests.fault_proxy_answers import (
    DENIED,
    EXPIRED,
    NOT_OPTED_IN,
    THROTTLED,
    Answer,
    Call,
    error,
    with_opt_in,
)

Forward = Callable[[], Awaitable[Answer]]
Effect = Callable[[Call, Forward], Awaitable[Answer]]
Edit = Callable[[Call, bytes], bytes]

CUT = Answer(0, b"", {})
HTML = b"<!doctype html><html><title>500</title><p>Internal Server Error</html>"


class Where(TypedDict, total=False):
    """Narrows a fault."""

    region: str | None
    account: str | None


@dataclass(slots=True)
class Fault:
    """What happens to the calls that it matches; `left` counts down to 0, None lasts."""

    effect: Effect
    operation: str | None
    where: Where
    left: int | None

    def meets(self, call: Call) -> bool:
        """Tell whether this call is met, and count it."""
        asked = {**self.where, "operation": self.operation}
        if self.left == 0 or any(value not in {None, getattr(call, name)} for name, value in asked.items()):
            return False
        self.left = None if self.left is None else self.left - 1
        return True


class Faults:
    """The faults that are set, the last one first.

    They are narrowed by operation (None: every one), `region` and `account` (an AssumeRole is its role's);
    `times` is how many calls they meet at most. Where several meet one call the last one set comes first, and
    one that only delays or edits lets those set before it have their say. Errors are written in the protocol
    of the service that was called, with the code and the status that are usual there.
    """

    def __init__(self) -> None:
        self._set: tuple[Fault, ...] = ()

    def deny(self, operation: str | None = None, **where: Unpack[Where]) -> None:
        """Refuse for want of a permission."""
        self._add(_refuse(DENIED, "You are not authorized to perform this operation."), operation, where)

    def fail(
        self,
        operation: str | None = None,
        *,
        code: str,
        status: int = 400,
        times: int | None = None,
        **where: Unpack[Where],
    ) -> None:
        """Answer with this error."""

        async def effect(call: Call, _: Forward) -> Answer:
            return error(call.protocol, code, status, f"{code} was asked for.")

        self._add(effect, operation, where, times)

    def throttle(self, operation: str | None = None, times: int | None = None, **where: Unpack[Where]) -> None:
        """Refuse for too many calls."""
        self._add(_refuse(THROTTLED, "Request limit exceeded."), operation, where, times)

    def not_opted_in(self, region: str) -> None:
        """Refuse all calls in a region, as one that the account has not opted into does."""
        refuse = _refuse(NOT_OPTED_IN, "AWS was not able to validate the provided access credentials")
        self._add(refuse, None, {"region": region})

    def expired(self, **where: Unpack[Where]) -> None:
        """Refuse all calls as signed with a token that expired."""
        self._add(_refuse(EXPIRED, "The security token included in the request is expired"), None, where)

    def delay(self, seconds: float, operation: str | None = None, **where: Unpack[Where]) -> None:
        """Wait before the answer."""

        async def effect(_: Call, forward: Forward) -> Answer:
            await asyncio.sleep(seconds)
            return await forward()

        self._add(effect, operation, where)

    def cut(self, operation: str | None = None, times: int | None = None, **where: Unpack[Where]) -> None:
        """Close the connection without an answer."""

        async def effect(_: Call, __: Forward) -> Answer:
            return CUT

        self._add(effect, operation, where, times)

    def break_off(self, operation: str | None = None, times: int | None = None, **where: Unpack[Where]) -> None:
        """Close the connection in the middle of the answer."""

        async def effect(_: Call, forward: Forward) -> Answer:
            answer = await forward()
            return answer.broken_off(len(answer.body) // 2)

        self._add(effect, operation, where, times)

    def lose_answer(self, operation: str | None = None, times: int | None = None, **where: Unpack[Where]) -> None:
        """Let the call do what it does, and close the connection instead of answering."""

        async def effect(_: Call, forward: Forward) -> Answer:
            await forward()
            return CUT

        self._add(effect, operation, where, times)

    def vanish(self, operation: str) -> None:
        """Say of an upload that it is there, with the tag that S3 gives, and keep nothing."""

        async def effect(_: Call, __: Forward) -> Answer:
            return Answer(200, b"", {"ETag": '"d41d8cd98f00b204e9800998ecf8427e"'})

        self._add(effect, operation, {})

    def garble(self, operation: str | None = None, *, html: bool = False, **where: Unpack[Where]) -> None:
        """Answer 200 with the first half of the body, or 500 with a page of HTML."""

        async def effect(_: Call, forward: Forward) -> Answer:
            if html:
                return Answer(500, HTML, {"Content-Type": "text/html"})
            answer = await forward()
            return answer.with_body(answer.body[: len(answer.body) // 2])

        self._add(effect, operation, where)

    def replace(self, operation: str, body: bytes | Edit, **where: Unpack[Where]) -> None:
        """Answer 200 with this body; a callable is given the call and the body that would be answered."""

        async def effect(call: Call, forward: Forward) -> Answer:
            if isinstance(body, bytes):
                kind = "application/x-amz-json-1.1" if call.protocol.endswith("json") else "text/xml"
                return Answer(200, body, {"Content-Type": kind})
            answer = await forward()
            return answer.with_body(body(call, answer.body))

        self._add(effect, operation, where)

    def answer_opt_in(self, regions_not_opted_in: Sequence[str]) -> None:
        """Add regions not opted into to DescribeRegions, which then heeds AllRegions and opt-in-status."""
        self.replace("DescribeRegions", partial(with_opt_in, tuple(regions_not_opted_in)))

    def clear(self) -> None:
        """Forget all faults."""
        self._set = ()

    async def meet(self, call: Call, forward: Forward) -> Answer:
        """Answer a call; `forward` asks the AWS behind."""
        return await _through(self._set, call, forward)

    def _add(self, effect: Effect, operation: str | None, where: Where, times: int | None = None) -> None:
        self._set = (Fault(effect, operation, where, times), *self._set)


async def _through(faults: Sequence[Fault], call: Call, forward: Forward) -> Answer:
    """Answer a call by the first fault that meets it, which may ask what those after it would answer."""
    for place, fault in enumerate(faults, start=1):
        if fault.meets(call):
            return await fault.effect(call, partial(_through, faults[place:], call, forward))
    return await forward()


def _refuse(codes: Mapping[str, tuple[str, int]], message: str) -> Effect:
    """Return the effect that refuses with the protocol's own code."""

    async def effect(call: Call, _: Forward) -> Answer:
        return error(call.protocol, *codes[call.protocol], message)

    return effect
