"""What a NAT gateway carried in a day, as conversations between clients and destinations, exact to the byte."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import product
from typing import TYPE_CHECKING

from auditor.demo import metrics

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from auditor.demo.clients import Client
    from auditor.demo.remotes import Remote

# The flow logs' aggregation interval, and how long a record takes to its bucket (VPC guide, "Flow logs", 2026-11-20).
AGGREGATION = timedelta(minutes=10)
DELIVERY = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Share:
    """A destination and its weights among the others: of the uploads, and of the downloads."""

    remote: Remote
    up: int
    down: int


@dataclass(frozen=True, slots=True)
class Conversation:
    """Bytes between a client and a destination's address; `start` and `end` (included) lie in one UTC day."""

    client: Client
    remote: Remote
    address: str
    up: int
    down: int
    start: datetime
    end: datetime
    number: int

    @property
    def delivered(self) -> datetime:
        """When its records are in the bucket."""
        return delivered(self.start)


@dataclass(frozen=True, slots=True)
class LoggedDay:
    """A day, or the part of it that a flow log saw (`begin` to `end`), and the bytes of its records."""

    day: datetime
    begin: datetime
    end: datetime
    up: int
    down: int


def logged_day(day: datetime, carried: tuple[int, int], created: datetime, now: datetime, covered: int) -> LoggedDay:
    """What a flow log that was created then holds by now, of what was carried: `covered` per mille."""
    begin, end = max(day, created), min(day + timedelta(days=1), now)
    until_now = end - day
    up, down = (amount * ((end - begin) // AGGREGATION) // (until_now // AGGREGATION) for amount in carried)
    return LoggedDay(day, begin, end, up * covered // 1000, down * covered // 1000)


def conversations(logged: LoggedDay, clients: Sequence[Client], mix: Sequence[Share]) -> Iterator[Conversation]:
    """All of the day's bytes, each destination with each client; destinations change their addresses by the day."""
    pairs = list(product(mix, clients))
    up = metrics.shares(logged.up, [share.up * client.weight for share, client in pairs])
    down = metrics.shares(logged.down, [share.down * client.weight for share, client in pairs])
    for number, (share, client) in enumerate(pairs):
        start = moment(logged, number)
        addresses = share.remote.addresses
        yield Conversation(
            client=client,
            remote=share.remote,
            address=addresses[logged.day.day % len(addresses)],
            up=up[number],
            down=down[number],
            start=start,
            end=start + AGGREGATION - timedelta(seconds=1),
            number=number,
        )


def moment(logged: LoggedDay, number: int) -> datetime:
    """When the conversation of that number begins: with the day, or in its last minutes, which the next day delivers.

    The present day's are delivered by now.
    """
    if number % 2 == 0:
        return logged.begin
    is_over = logged.end == logged.day + timedelta(days=1)
    return logged.end - AGGREGATION - (timedelta() if is_over else DELIVERY)


def delivered(start: datetime) -> datetime:
    """When a record that begins then is in the bucket."""
    return start + AGGREGATION + DELIVERY
