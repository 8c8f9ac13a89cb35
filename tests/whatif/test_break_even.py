"""The break-even of an interface endpoint, in words beside the figures."""

from __future__ import annotations

from decimal import Decimal

import pytest

from auditor.model.money import Item, Prices
from auditor.model.network import Network
from auditor.model.resources import Endpoint, NatGateway
from auditor.whatif.bill import Traffic
from auditor.whatif.break_even import break_even, break_even_at
from auditor.whatif.routing import Hop, HopKind, Path
from auditor.whatif.saving import Situation
from tests.whatif.networks import PRICES, REGION

NAT = Path((Hop(HopKind.NAT_GATEWAY, "nat-1"),))
NETWORK = Network(nat_gateways=(NatGateway("nat-1", "1", REGION, "vpc-1"),))


def situation(*without: Item) -> Situation:
    prices = Prices(tuple(price for price in PRICES.rows if price.item not in without))
    return Situation(NETWORK, Traffic(), prices)


@pytest.mark.parametrize(("zones", "expected"), [(1, "208.6"), (2, "417.2"), (3, "625.8")])
def test_hours_over_what_a_gigabyte_costs_less(zones: int, expected: str) -> None:
    """0.01 × 730 h × zones / (0.045 − 0.01), rounded up."""
    assert break_even(situation(), REGION, [NAT], zones) == Decimal(expected)


def test_an_endpoint_that_stands_there_breaks_even_by_its_own_zones() -> None:
    endpoint = Endpoint("vpce-1", "1", REGION, "vpc-1", "Interface", "kms", subnet_ids=("subnet-a", "subnet-b"))
    assert break_even_at(PRICES, endpoint, Decimal("0.045")) == Decimal("417.2")
    assert break_even_at(PRICES, endpoint, Decimal("0.01")) is None
    assert break_even_at(Prices(), endpoint, Decimal("0.045")) is None


def test_the_dearest_way_breaks_even_first() -> None:
    crossing = Path((Hop(HopKind.NAT_GATEWAY, "nat-1", crosses_az=True),))
    # 7.30 / (0.055 − 0.01)
    assert break_even(situation(), REGION, [NAT, crossing], 1) == Decimal("162.3")


def test_a_way_that_costs_nothing_never_does() -> None:
    assert break_even(situation(), REGION, [Path((Hop(HopKind.INTERNET_GATEWAY, "igw-1"),))], 1) is None
    assert break_even(situation(), REGION, [], 1) is None


@pytest.mark.parametrize("item", [Item.NAT_GB, Item.INTERFACE_ENDPOINT_HOUR, Item.INTERFACE_ENDPOINT_GB])
def test_without_a_price_it_is_unknown(item: Item) -> None:
    assert break_even(situation(item), REGION, [NAT], 1) is None
