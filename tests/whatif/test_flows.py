"""Flows: every measured byte once, nothing more, nothing less."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.model.attributed import Attribution
from auditor.model.evidence import EVIDENCE_VERSION, Evidence, Scope, Series, Source, Window
from auditor.model.network import Network
from auditor.model.resources import Endpoint, NatGateway
from auditor.whatif.bill import bill
from auditor.whatif.flows import endpoint_bytes, nat_bytes, traffic_of
from tests.whatif.networks import ELSEWHERE, PRICES, REGION, WINDOW, evidences
from tests.whatif.test_routing import NETWORK

DAY = (WINDOW.end.date() - timedelta(days=1),)
OLD = WINDOW.start - timedelta(days=1)


def one_nat(up: int, down: int, *attributions: Attribution, window: Window = WINDOW) -> Evidence:
    """A NAT gateway with its bytes in the window, and what flow logs say of it."""
    nat = replace(NETWORK.nat_gateways[0], created=OLD)
    series = (Series(nat.id, "BytesInFromSource", DAY, (up,)), Series(nat.id, "BytesInFromDestination", DAY, (down,)))
    scope = Scope("1", REGION, tuple(Source), None, replace(NETWORK, nat_gateways=(nat,)), series, attributions)
    return Evidence(EVIDENCE_VERSION, window.end, window, (scope,))


def attributed(up: int, down: int, subnet_id: str | None = "subnet-a") -> Attribution:
    return Attribution("nat-1", subnet_id, "s3", REGION, up, down)


@given(evidences())
def test_the_flows_of_a_nat_gateway_add_up_to_what_cloudwatch_measured(evidence: Evidence) -> None:
    """Up and down each, to the byte, whatever flow logs claim; attributed and unattributed together."""
    traffic = traffic_of(evidence)
    for nat in evidence.network.nat_gateways:
        flows = [flow for flow in traffic.flows if flow.measured_at == nat.id]
        measured = [
            sum(s.sum for scope in evidence.scopes for s in scope.series if (s.resource_id, s.metric) == (nat.id, name))
            for name in ("BytesInFromSource", "BytesInFromDestination")
        ]
        hours = max(24, min(720, (WINDOW.end - (nat.created or OLD)) // timedelta(hours=1)))
        if flows:
            assert sum(flow.bytes_up for flow in flows) == round(Fraction(measured[0] * 730, hours))
            assert sum(flow.bytes_down for flow in flows) == round(Fraction(measured[1] * 730, hours))
            assert all(flow.bytes_up >= 0 and flow.bytes_down >= 0 for flow in flows)
        else:
            assert nat.id in traffic.unmeasured or nat.state == "failed"


def test_what_flow_logs_claim_beyond_cloudwatch_is_scaled_down() -> None:
    """720 bytes up were billed; flow logs claim 600 + 840 = twice as much: 300 and 420, a month 304 and 426."""
    flows = traffic_of(one_nat(720, 0, attributed(600, 0), attributed(840, 0))).flows
    assert [flow.bytes_up for flow in flows] == [304, 426, 0]


def test_rounding_to_whole_bytes_loses_none() -> None:
    """Each byte alone is 730/720 = 1.01 of a month; 720 of them are 730, not 720."""
    flows = traffic_of(one_nat(720, 0, *[attributed(1, 0)] * 720)).flows
    assert sum(flow.bytes for flow in flows) == 730
    assert flows[-1].bytes == 0


def test_bytes_that_todays_routes_do_not_explain_stay_where_they_were_measured() -> None:
    """S3 bytes at the NAT gateway of a subnet that has a gateway endpoint by now: 730 GB a month, as billed."""
    evidence = one_nat(720 * 2**30, 0, attributed(720 * 2**30, 0))
    endpoint = Endpoint("vpce-1", "1", REGION, "vpc-1", "Gateway", "s3", route_table_ids=("rtb-1",))
    network = replace(evidence.network, endpoints=(endpoint,))
    changed = replace(evidence, scopes=(replace(evidence.scopes[0], network=network),))
    lines = bill(changed.network, traffic_of(changed), PRICES).lines
    assert [(line.resource, line.quantity) for line in lines if line.label == "data processed"] == [
        ("nat-1", Decimal(730))
    ]


@given(st.integers(0, 2**80), st.integers(1, 400))
def test_any_number_of_bytes_in_any_window_is_scaled_to_the_nearest_byte(count: int, days: int) -> None:
    window = Window(WINDOW.start, WINDOW.start + timedelta(days=days))
    exact = Fraction(count * 730, 24 * days)
    assert abs(traffic_of(one_nat(count, 0, window=window)).flows[0].bytes - exact) <= Fraction(1, 2)


@pytest.mark.parametrize(
    ("mode", "age", "sources", "expected"),
    [
        ("zonal", 1, (Source.NAT_METRICS,), (0, 0)),  # older than the window and silent: nothing flowed
        ("zonal", -1, (Source.NAT_METRICS,), None),  # younger: nobody knows
        ("regional", 1, (Source.NAT_METRICS,), None),
        ("zonal", 1, (), None),
    ],
)
def test_silence_is_zero_only_where_cloudwatch_would_have_spoken(
    mode: str,
    age: int,
    sources: tuple[Source, ...],
    expected: tuple[int, int] | None,
) -> None:
    nat = NatGateway("nat-1", "1", REGION, "vpc-1", mode=mode, created=WINDOW.start - timedelta(days=age))
    scope = Scope("1", REGION, sources, network=Network(nat_gateways=(nat,)))
    assert nat_bytes(Evidence(EVIDENCE_VERSION, WINDOW.end, WINDOW, (scope,)), nat) == expected


def test_endpoints_of_which_no_bytes_are_published_are_unmeasured_not_idle() -> None:
    """Endpoints to other regions publish no metric, and Gateway Load Balancer endpoints are not asked for theirs."""
    interface = Endpoint("vpce-1", "1", REGION, "vpc-1", "Interface", "s3", created=OLD)
    far = replace(interface, id="vpce-2", service_region=ELSEWHERE)
    firewall = replace(interface, id="vpce-3", type="GatewayLoadBalancer")
    series = tuple(Series(one.id, "BytesProcessed", (), ()) for one in (interface, far))
    scope = Scope("1", REGION, tuple(Source), network=Network(endpoints=(interface, far, firewall)), series=series)
    evidence = Evidence(EVIDENCE_VERSION, WINDOW.end, WINDOW, (scope,))
    assert [endpoint_bytes(evidence, one) for one in (interface, far)] == [0, None]
    assert traffic_of(evidence).unmeasured == {"vpce-2", "vpce-3"}
