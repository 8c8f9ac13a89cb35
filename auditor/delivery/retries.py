"""Sending to each recipient, again where that may help, with a result for each: one failure loses no other."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass

from tenacity import AsyncRetrying, retry_if_exception, stop_after_attempt, wait_exponential_jitter

from auditor.delivery.failures import NotSentError
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


async def deliver(parcels: Iterable[Parcel], backoff: Backoff) -> tuple[Delivery, ...]:
    """Send all, some of them side by side; the results stand in the order of the parcels."""
    slots = asyncio.Semaphore(_AT_ONCE)

    async def one(parcel: Parcel) -> Delivery:
        async with slots:
            return await _deliver(parcel, backoff)

    return tuple(await asyncio.gather(*(one(parcel) for parcel in parcels)))


async def _deliver(parcel: Parcel, backoff: Backoff) -> Delivery:
    retrying = AsyncRetrying(
        retry=retry_if_exception(lambda error: isinstance(error, NotSentError) and error.again),
        stop=stop_after_attempt(backoff.attempts),
        wait=wait_exponential_jitter(multiplier=backoff.first, max=backoff.most, jitter=backoff.first / 2),
        reraise=True,
    )
    known = (parcel.channel, parcel.recipient, parcel.message_id)
    try:
        await retrying(parcel.send)
    except NotSentError as error:
        return Delivery(*known, _attempts(retrying), error.problem, error.next_step)
    return Delivery(*known, _attempts(retrying))


def _attempts(retrying: AsyncRetrying) -> int:
    return int(retrying.statistics.get("attempt_number", 1))
