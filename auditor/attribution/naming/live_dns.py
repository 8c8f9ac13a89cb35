"""Names by what DNS answers now, where the audit runs: the weak way, for it sees a moment and few of the addresses."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Sequence
from contextlib import suppress
from typing import TypeAlias

from auditor.attribution.naming.dns_answers import Answers
from auditor.attribution.naming.service_names import likely_names
from auditor.attribution.ranges import Ranges
from auditor.model.attributed import Name, NamedBy

Resolve: TypeAlias = Callable[[str], Awaitable[Collection[str]]]
"""The addresses of a DNS name; none, or `OSError`, where there are none."""

_ROUNDS = 3
"""How often each name is asked: a service answers with a few of its addresses, others the next time."""

_AT_ONCE = 32
_PAUSE = 1.0
_HTTPS = 443
_GLOBAL = "global"


async def system_dns(name: str) -> Collection[str]:
    """What this machine's resolver answers; a thread that hangs in it delays nothing, not even the end."""
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[Collection[str]] = loop.create_future()

    def settle(found: Collection[str]) -> None:
        if not answer.done():
            answer.set_result(found)

    def ask() -> None:
        found: set[str] = set()
        with suppress(OSError):
            found = {str(row[4][0]) for row in socket.getaddrinfo(name, _HTTPS, type=socket.SOCK_STREAM)}
        with suppress(RuntimeError):  # the loop was closed in the meantime
            loop.call_soon_threadsafe(settle, found)

    threading.Thread(target=ask, daemon=True).start()
    return await answer


async def names_by_dns(
    addresses: Collection[str], ranges: Ranges, account_id: str, resolve: Resolve, seconds: float = 6
) -> tuple[dict[str, Name], str | None]:
    """Names of those addresses that DNS gives out for one likely service now, and a note where DNS does not work."""
    answers = Answers(addresses)
    asked = _Questions(resolve, answers)
    names = [name for region in _regions(addresses, ranges) for name in likely_names(region, account_id)]
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await asked.all(names)
    note = None if asked.answered or not names else f"DNS answered none of {len(names)} names of AWS services"
    return answers.names(NamedBy.DNS), note


def _regions(addresses: Collection[str], ranges: Ranges) -> list[str]:
    """Where the addresses are, the region with the most first."""
    places = [place.destination.region for address in addresses if (place := ranges.place(address))]
    return [region for region, _ in Counter(places).most_common() if region and region != _GLOBAL]


class _Questions:
    """Asks for names, a bounded number at once, and adds what is answered."""

    def __init__(self, resolve: Resolve, answers: Answers) -> None:
        self._resolve = resolve
        self._answers = answers
        self._slots = asyncio.Semaphore(_AT_ONCE)
        self.answered = 0

    async def all(self, names: Sequence[str]) -> None:
        """All names, some rounds; cancelled, it keeps what was answered until then."""
        for turn in range(_ROUNDS):
            if turn:
                await asyncio.sleep(_PAUSE)
            await asyncio.gather(*(self._one(name) for name in names))

    async def _one(self, name: str) -> None:
        async with self._slots:
            with suppress(OSError):
                found = await self._resolve(name)
                self._answers.add(name, found)
                self.answered += bool(found)
