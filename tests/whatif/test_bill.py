"""Bills: amounts worked out by hand, in fractions, from list prices; and what must hold of any bill."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.model.evidence import Evidence, Series
from auditor.model.money import Item, Prices
from auditor.model.network import Network
from auditor.model.resources import Endpoint, NatAddress, NatGateway
from auditor.model.traffic import Client, Destination, Flow, Level
from auditor.whatif.bill import Traffic, bill
from auditor.whatif.flows import traffic_of
from tests.whatif import oracle
from tests.whatif.networks import AZS, PRICES, REGION, USD, WINDOW, evidences, prices_of
from tests.whatif.test_flows import one_nat

TIB, PIB = 2**40, 2**50


def at_endpoint(endpoint_id: str, count: int, region: str = REGION) -> Flow:
    return Flow(Client("1", region, "vpc-1"), Destination("kms", region), 0, count, Level.METRICS, endpoint_id)


def endpoint(endpoint_id: str, account: str = "1", region: str = REGION) -> Endpoint:
    return Endpoint(endpoint_id, account, region, "vpc-1", "Interface", "kms")


@pytest.mark.parametrize(
    ("region", "hour", "gb"),
    [("us-east-1", "0.045", "0.045"), ("eu-central-1", "0.052", "0.052"), ("ap-southeast-2", "0.059", "0.059")],
)
def test_a_nat_gateway_with_1_tib_up_and_3_tib_down_in_30_days(region: str, hour: str, gb: str) -> None:
    """4,096 GB in 720 hours are 4,096 × 730/720 GB a month; the factor is rounded once, to a whole byte."""
    evidence = one_nat(TIB, 3 * TIB)
    nat = replace(evidence.network.nat_gateways[0], region=region, addresses=(NatAddress("10.0.0.1", "198.51.100.1"),))
    flows = tuple(replace(flow, client=Client("1", region)) for flow in traffic_of(evidence).flows)
    usd = {Item.NAT_HOUR: {"0": hour}, Item.NAT_GB: {"0": gb}, Item.PUBLIC_IPV4_HOUR: {"0": "0.005"}}
    lines = {
        line.label: line for line in bill(Network(nat_gateways=(nat,)), Traffic(flows), prices_of(usd, region)).lines
    }
    month = Fraction(round(Fraction(TIB * 730, 720)) + round(Fraction(3 * TIB * 730, 720)), 2**30)
    assert abs(month - Fraction(4096 * 730, 720)) < Fraction(1, 2**29)
    assert Fraction(lines["data processed"].usd or 0) == month * Fraction(gb)
    assert Fraction(lines["hours"].usd or 0) == 730 * Fraction(hour)
    assert Fraction(lines["public IPv4 addresses"].usd or 0) == Fraction("3.65")


def test_a_nat_gateway_that_is_younger_than_the_window_is_scaled_by_its_own_hours() -> None:
    """10 days are 240 hours: 240 GB in them are 730 GB a month, times 0.045 is 32.85."""
    evidence = one_nat(240 * 2**30, 0)
    nat = replace(evidence.network.nat_gateways[0], created=WINDOW.end - timedelta(days=10))
    scope = replace(evidence.scopes[0], network=replace(evidence.network, nat_gateways=(nat,)))
    found = bill(scope.network, traffic_of(replace(evidence, scopes=(scope,))), PRICES)
    assert [line.usd for line in found.lines if line.label == "data processed"] == [Decimal("32.85")]


@pytest.mark.parametrize(("zones", "expected"), [(1, "32.85"), (3, "98.55"), (0, None)])
def test_a_regional_nat_gateway_pays_hours_in_each_zone(zones: int, expected: str | None) -> None:
    """0.045 × 730 = 32.85 a zone; where no zone was told, the hours are unknown, not none."""
    nat = NatGateway("nat-1", "1", REGION, "vpc-1", mode="regional", zones=AZS[:zones])
    assert bill(Network(nat_gateways=(nat,)), Traffic(), PRICES).usd == (Decimal(expected) if expected else None)


def test_tiers_are_shared_by_the_endpoints_of_a_region_and_account() -> None:
    """3 + 3 PiB = 6,291,456 GB: 1,048,576 at 0.01, 4,194,304 at 0.006, 1,048,576 at 0.004."""
    network = Network(endpoints=(endpoint("vpce-a"), endpoint("vpce-b")))
    found = bill(network, Traffic((at_endpoint("vpce-a", 3 * PIB), at_endpoint("vpce-b", 3 * PIB))), PRICES)
    rows = [(x.resource, str(x.quantity), str(x.price)) for x in found.lines if x.label == "data processed"]
    assert rows == [
        ("vpce-a", "1048576", "0.01"),
        ("vpce-a", "2097152", "0.006"),
        ("vpce-b", "2097152", "0.006"),
        ("vpce-b", "1048576", "0.004"),
    ]
    assert found.usd == Decimal("10485.76") + Decimal("25165.824") + Decimal("4194.304")


def test_tiers_are_not_shared_by_accounts_or_regions() -> None:
    """1 PiB each in its own pool: all at 0.01."""
    network = Network(endpoints=(endpoint("vpce-a"), endpoint("vpce-b", "2"), endpoint("vpce-c", "1", "eu-west-1")))
    usd = {
        Item.INTERFACE_ENDPOINT_HOUR: USD[Item.INTERFACE_ENDPOINT_HOUR],
        Item.INTERFACE_ENDPOINT_GB: USD[Item.INTERFACE_ENDPOINT_GB],
    }
    prices = Prices((*PRICES.rows, *prices_of(usd, "eu-west-1").rows))
    flows = (at_endpoint("vpce-a", PIB), at_endpoint("vpce-b", PIB), at_endpoint("vpce-c", PIB, "eu-west-1"))
    assert bill(network, Traffic(flows), prices).usd == 3 * Decimal("10485.76")


def test_the_bytes_at_a_boundary_belong_to_the_lower_tier() -> None:
    network = Network(endpoints=(endpoint("vpce-a"),))
    found = [bill(network, Traffic((at_endpoint("vpce-a", PIB + more),)), PRICES).usd for more in (0, 2**30)]
    assert found == [Decimal("10485.76"), Decimal("10485.766")]


def test_an_endpoint_without_bytes_costs_nothing_where_others_have_used_up_the_first_tier() -> None:
    """It comes after the other in the pool, beyond the first tier."""
    network = Network(endpoints=(endpoint("vpce-a"), endpoint("vpce-b")))
    found = bill(network, Traffic((at_endpoint("vpce-a", 2 * PIB), at_endpoint("vpce-b", 0))), PRICES)
    assert [line.usd for line in found.by_resource()["vpce-b"].lines if line.label == "data processed"] == [0]


def test_a_missing_price_makes_the_line_unknown_and_names_it() -> None:
    evidence = one_nat(TIB, TIB)
    found = bill(evidence.network, traffic_of(evidence), prices_of({Item.NAT_HOUR: {"0": "0.045"}}))
    assert found.usd is None
    assert found.known_usd == Decimal("32.85")
    assert [(line.label, line.unit, line.usd) for line in found.lines if line.usd is None] == [
        ("data processed", "GB", None)
    ]


def test_endpoints_that_no_longer_stand_cost_nothing_even_unmeasured() -> None:
    gone = replace(endpoint("vpce-a"), state="rejected")
    assert bill(Network(endpoints=(gone,)), Traffic(unmeasured=frozenset({"vpce-a"})), PRICES).usd == 0


@given(st.integers(2**63, 2**90))
def test_no_number_of_bytes_is_rounded(count: int) -> None:
    evidence = one_nat(count, 1)
    exact = Fraction(round(Fraction(count * 730, 720)) + 1, 2**30) * Fraction("0.045") + Fraction("32.85")
    assert Fraction(bill(evidence.network, traffic_of(evidence), PRICES).usd or 0) == exact


@given(evidences(2**53), st.data())
def test_more_bytes_never_lower_a_bill(evidence: Evidence, data: st.DataObject) -> None:
    scope, more = data.draw(st.sampled_from(evidence.scopes)), data.draw(st.integers(0, 2**53))
    chosen = data.draw(st.integers(0, max(0, len(scope.series) - 1)))
    series = tuple(_grown(s, more) if n == chosen and s.values else s for n, s in enumerate(scope.series))
    grown = replace(evidence, scopes=tuple(replace(scope, series=series) if x is scope else x for x in evidence.scopes))
    before, after = (bill(e.network, traffic_of(e), PRICES) for e in (evidence, grown))
    assert after.known_usd >= before.known_usd


def _grown(series: Series, more: int) -> Series:
    return replace(series, values=tuple(value + more for value in series.values))


@given(evidences(2**53, attributed=False))
def test_a_slow_second_bill_comes_to_the_same(evidence: Evidence) -> None:
    """Where nothing is attributed all bytes are billed where they were measured; hours and bytes in fractions."""
    traffic = traffic_of(evidence)
    expected = oracle.standing(evidence.network) + _processed(evidence, traffic.flows)
    assert Fraction(bill(evidence.network, traffic, PRICES).known_usd) == expected


def _processed(evidence: Evidence, flows: tuple[Flow, ...]) -> Fraction:
    counts: dict[tuple[str, str, str], int] = defaultdict(int)
    for flow in flows:
        way = (None, flow.destination.service, None, oracle.Spot(0))
        trip = oracle.stretch(oracle.trip(evidence.network, flow, way), flow)
        oracle.charge(counts, evidence.network, trip, flow.bytes)
    return oracle.usd_of(counts)
