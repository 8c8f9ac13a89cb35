"""What NAT gateways and endpoints cost a month in each region and each account."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal
from operator import attrgetter
from typing import TYPE_CHECKING, TypeAlias

from auditor.model.money import ZERO, Bill, Line, total
from auditor.report.filters import usd
from auditor.report.pictures.drawing import Picture
from auditor.report.pictures.rows import WIDTH, Row, rows_drawn, stacked

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
    nats, endpoints = _lines(audit.nat_gateways, place_of), _lines(audit.endpoints, place_of)
    found = [_place(name, Bill(tuple(nats[name])), Bill(tuple(endpoints[name]))) for name in {*nats, *endpoints}]
    if not any(place.usd for place in found):
        return None
    drawn = [_row(place) for place in _limited(sorted(found, key=lambda one: (-one.usd, one.name)), kinds)]
    shapes, height = rows_drawn(drawn)
    says = ", ".join(f"{row.name} {row.amount}" for row in drawn)
    return Picture(f"by-{kind}", f"Cost a month by {kind}", says, WIDTH, height, shapes, legend=_LEGEND)


def _lines(rows: Iterable[Costly], place_of: Callable[[Costly], str]) -> defaultdict[str, list[Line]]:
    """All lines by place; a place in which something stands for nothing has none."""
    found: defaultdict[str, list[Line]] = defaultdict(list)
    for row in rows:
        found[place_of(row)].extend(row.lines)
    return found


def _place(name: str, nat: Bill, endpoint: Bill) -> Place:
    return Place(name, nat.known_usd, endpoint.known_usd, nat.usd is None or endpoint.usd is None)


def _limited(places: list[Place], kinds: str) -> list[Place]:
    if len(places) <= MOST:
        return places
    rest = places[MOST - 1 :]
    name = f"and {len(rest):,} other {kinds}"
    nat, endpoint = total(one.nat for one in rest), total(one.endpoint for one in rest)
    return [*places[: MOST - 1], Place(name, nat, endpoint, any(one.at_least for one in rest))]


def _row(place: Place) -> Row:
    parts = (
        (place.nat, "nat", f"{place.name}, NAT gateways: {usd(place.nat)}"),
        (place.endpoint, "endpoint", f"{place.name}, VPC endpoints: {usd(place.endpoint)}"),
    )
    amount = "unknown" if place.at_least and place.usd == ZERO else ("at least " * place.at_least) + usd(place.usd)
    return Row(place.name, amount, tuple(stacked(parts)))
