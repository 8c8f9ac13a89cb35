"""What a reader of flow records is asked for, what it expects, and what it used."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol

from auditor.attribution.record_format import RecordFormat
from auditor.attribution.tally import Tally
from auditor.model.attributed import Engine
from auditor.model.evidence import Window
from auditor.model.resources import FlowLog, NatGateway

_CENT, _SMALLEST = Decimal("0.01"), Decimal("0.0001")


@dataclass(frozen=True, slots=True)
class Task:
    """A flow log to read over whole UTC days, for the NAT gateways that it covers."""

    flow_log: FlowLog
    form: RecordFormat
    gateways: tuple[NatGateway, ...]
    window: Window


@dataclass(frozen=True, slots=True)
class Estimate:
    """Bytes as they are stored and USD (`None`: no price is known), and both in words: "1,204 objects, 3.1 GiB"."""

    bytes: int
    usd: Decimal | None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Used:
    """Bytes that were read, what that cost, what is to be said of it, and what could not be read and why."""

    bytes: int
    usd: Decimal | None
    notes: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()


class Reader(Protocol):
    """Reads one task's records. Both raise `AwsFailureError` with the reason for a gap."""

    engine: Engine

    async def estimate(self) -> Estimate:
        """What reading will take: nothing that costs more than a fraction of a cent happens here."""

    async def read(self, tally: Tally) -> Used:
        """Add all records of the task to the tally, or fail."""


def dollars(usd: Decimal) -> str:
    """An amount in a message: cents, or for less than a cent as many places as tell it from nothing."""
    return f"${usd:.2f}" if usd == 0 or usd >= _CENT else f"${usd:.1g}" if usd >= _SMALLEST else "less than $0.0001"
