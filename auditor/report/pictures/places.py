"""What NAT gateways and endpoints cost a month in each region and each account."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal
from operator import attrgetter
from typing import TYPE_CHECKING, TypeAlias

from auditor.model.money import ZERO, Bill, total
from auditor.report.filters import usd
from auditor.report.pictures.drawing import Picture
from auditor.report.pictures.rows import WIDTH, Row, rows_drawn, stacked
from auditor.report.text import counted

if TYPE_CHECKING:
    from auditor.model.audit import Audit, EndpointCost, NatGatewayCost

    Costly: TypeAlias = NatGatewayCost | EndpointCost

MOST = 7
"""Rows of a picture; the last one holds all others where there are more."""

_LEGEND = (("nat", "NAT gateways"), ("endpoint", "VPC endpoints"))


@dataclass(frozen=True, slots=True)
class Place:
    """What stands in a place costs; `at_least` where a line of it has no known cost."""

    name: str
    nat: Decimal
    endpoint: Decimal
    at_least: bool

    @property
    def usd(self) -> Decimal:
        """USD a month of both."""
        return total((self.nat, self.endpoint))


def region_picture(audit: Audit) -> Picture | None:
    """By region; `None` where nothing is known to cost anything."""
    return _picture(audit, "region", "regions", attrgetter("region"))


def account_picture(audit: Audit) -> Picture | None:
    """By account; `None` where nothing is known to cost anything."""
    return _picture(audit, "account", "accounts", attrgetter("account_id"))


def _picture(audit: Audit, kind: str, kinds: str, place_of: Callable[[Costly], str]) -> Picture | None:
    rows: tuple[Costly, ...] = (*audit.nat_gateways, *audit.endpoints)
    names = sorted({place_of(row) for row in rows})
    found = sorted((_place(audit, name, place_of) for name in names), key=lambda one: (-one.usd, one.name))
    if not any(place.usd for place in found):
        return None
    drawn = [_row(place) for place in _limited(found, kinds)]
    shapes, height = rows_drawn(drawn)
    says = ", ".join(f"{row.name} {row.amount}" for row in drawn)
    return Picture(f"by-{kind}", f"Cost a month by {kind}", says, WIDTH, height, shapes, legend=_LEGEND)


def _limited(places: list[Place], kinds: str) -> list[Place]:
    if len(places) <= MOST:
        return places
    rest = places[MOST - 1 :]
    name = f"and {len(rest):,} other {kinds}"
    nat, endpoint = total(one.nat for one in rest), total(one.endpoint for one in rest)
    return [*places[: MOST - 1], Place(name, nat, endpoint, any(one.at_least for one in rest))]


def _place(audit: Audit, name: str, place_of: Callable[[Costly], str]) -> Place:
    nat, endpoint = (_bill(rows, name, place_of) for rows in (audit.nat_gateways, audit.endpoints))
    return Place(name, nat.known_usd, endpoint.known_usd, nat.usd is None or endpoint.usd is None)


def _bill(rows: Iterable[Costly], name: str, place_of: Callable[[Costly], str]) -> Bill:
    return Bill(tuple(line for row in rows if place_of(row) == name for line in row.lines))


def _row(place: Place) -> Row:
    parts = (
        (place.nat, "nat", f"{place.name}, NAT gateways: {usd(place.nat)}"),
        (place.endpoint, "endpoint", f"{place.name}, VPC endpoints: {usd(place.endpoint)}"),
    )
    amount = "unknown" if place.at_least and place.usd == ZERO else ("at least " * place.at_least) + usd(place.usd)
    return Row(place.name or counted(1, "unknown place"), amount, tuple(stacked(parts)))
