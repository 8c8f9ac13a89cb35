"""Sending to each recipient, again where that may help, with a result for each: one failure loses no other."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Protocol

from tenacity import AsyncRetrying, retry_if_exception, stop_after_attempt, wait_exponential_jitter

from auditor.delivery.failures import NotSentError
from auditor.errors import StoreError
from auditor.model.letter import Channel, Delivery

_AT_ONCE = 2
"""Messages under way at one time: each may be forty megabytes, several times over, and a server is easily flooded."""


@dataclass(frozen=True, slots=True)
class Backoff:
    """How often it is tried, and how long is waited: twice as long each time, from `first` to `most` seconds."""

    attempts: int = 5
    first: float = 2
    most: float = 120


@dataclass(frozen=True, slots=True)
class Parcel:
    """One recipient's message, ready to go."""

    channel: Channel
    recipient: str
    message_id: str
    send: Callable[[], Awaitable[None]]


class Ledger(Protocol):
    """Keeps book where several processes may send the same message. It is called from threads."""

    def begin(self, recipient: str) -> bool:
        """Whether this attempt is ours to make; `StoreError` where that cannot be known."""

    def end(self, recipient: str, problem: str | None) -> None:
        """How it went, `None` where it was taken. What cannot be recorded any more is no failure."""


class NoLedger:
    """Nobody else sends, and nobody asks later."""

    def begin(self, recipient: str) -> bool:
        """Every attempt is ours."""
        del recipient
        return True

    def end(self, recipient: str, problem: str | None) -> None:
        """Kept nowhere."""


NO_LEDGER = NoLedger()


async def deliver(parcels: Iterable[Parcel], backoff: Backoff, ledger: Ledger = NO_LEDGER) -> tuple[Delivery, ...]:
    """Send all, some of them side by side; the results stand in the order of the parcels.

    There is none for a message that another process has delivered, or is sending.
    """
    slots = asyncio.Semaphore(_AT_ONCE)

    async def one(parcel: Parcel) -> Delivery | None:
        async with slots:
            return await _deliver(parcel, backoff, ledger)

    done = await asyncio.gather(*(one(parcel) for parcel in parcels))
    return tuple(delivery for delivery in done if delivery)


class _NotOursError(Exception):
    """Another process sends this message."""


async def _deliver(parcel: Parcel, backoff: Backoff, ledger: Ledger) -> Delivery | None:
    retrying = AsyncRetrying(
        retry=retry_if_exception(lambda error: isinstance(error, NotSentError) and error.again),
        stop=stop_after_attempt(backoff.attempts),
        wait=wait_exponential_jitter(multiplier=backoff.first, max=backoff.most, jitter=backoff.first / 2),
        reraise=True,
    )
    known = (parcel.channel, parcel.recipient, parcel.message_id)
    try:
        await retrying(_attempt, parcel, ledger)
    except _NotOursError:
        return None
    except NotSentError as error:
        return Delivery(*known, _attempts(retrying), error.problem, error.next_step, may_pass=error.again)
    return Delivery(*known, _attempts(retrying))


async def _attempt(parcel: Parcel, ledger: Ledger) -> None:
    """Each attempt is claimed and recorded by itself: the pauses between them may be longer than a claim holds."""
    await _begin(parcel.recipient, ledger)
    try:
        await parcel.send()
    except NotSentError as error:
        await asyncio.to_thread(ledger.end, parcel.recipient, error.problem)
        raise
    await asyncio.to_thread(ledger.end, parcel.recipient, None)


async def _begin(recipient: str, ledger: Ledger) -> None:
    try:
        is_ours = await asyncio.to_thread(ledger.begin, recipient)
    except StoreError as error:
        raise NotSentError(str(error), "the next run sends it, once the store can be written", again=False) from None
    if not is_ours:
        raise _NotOursError


def _attempts(retrying: AsyncRetrying) -> int:
    return int(retrying.statistics.get("attempt_number", 1))
