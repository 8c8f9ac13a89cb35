"""The parts of a bill that a reader tells apart: what stands there, and what flows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from auditor.model.money import Line, subtract, total


class Part(StrEnum):
    """What a line is for, NAT gateways first."""

    NAT_HOURS = "nat-hours"
    NAT_BYTES = "nat-bytes"
    NAT_ADDRESSES = "nat-addresses"
    INTER_AZ = "inter-az"
    ENDPOINT_HOURS = "endpoint-hours"
    ENDPOINT_BYTES = "endpoint-bytes"
    TRANSIT_BYTES = "transit-bytes"


@dataclass(frozen=True, slots=True)
class PartSaving:
    """By how many USD a month a part of the bill falls; negative where it rises."""

    part: Part
    usd: Decimal


_BY_LABEL = {"public IPv4 addresses": Part.NAT_ADDRESSES, "transfer between availability zones": Part.INTER_AZ}


def part_of(line: Line) -> Part:
    """Told by whose line it is and what it counts."""
    if line.label in _BY_LABEL:
        return _BY_LABEL[line.label]
    is_hours = line.unit.endswith("hour")
    if line.resource.startswith("tgw-"):
        return Part.TRANSIT_BYTES
    if line.resource.startswith("nat-"):
        return Part.NAT_HOURS if is_hours else Part.NAT_BYTES
    return Part.ENDPOINT_HOURS if is_hours else Part.ENDPOINT_BYTES


def by_part(lines: Iterable[Line]) -> dict[Part, Decimal]:
    """USD a month of the lines whose cost is known, by the parts that occur, in the order of the parts."""
    found: dict[Part, list[Decimal]] = {}
    for line in lines:
        if line.usd is not None:
            found.setdefault(part_of(line), []).append(line.usd)
    return {part: total(found[part]) for part in Part if part in found}


def on_transit(savings: Iterable[PartSaving]) -> Decimal:
    """USD a month that transit gateways cost less, negative where more: no bill of a NAT gateway or endpoint has it."""
    return total(one.usd for one in savings if one.part is Part.TRANSIT_BYTES)


def remaining(bill: Decimal, saved: Decimal, savings: Iterable[PartSaving]) -> Decimal:
    """What is left of a bill of NAT gateways and endpoints; what `saved` has on transit gateways is not off it."""
    return subtract(bill, subtract(saved, on_transit(savings)))
