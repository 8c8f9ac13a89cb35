"""Flow logs against CloudWatch: every byte once, what nobody attributed stays open, and days unread are said to be."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from auditor.analyzer import situation_of
from auditor.model.attributed import Attribution, Engine, FlowLogScan, NamedBy
from auditor.model.evidence import EVIDENCE_VERSION, Evidence, Scope, Series, Source
from auditor.model.money import ZERO
from auditor.model.network import Network
from auditor.model.resources import Endpoint, Route, RouteTable
from auditor.model.traffic import Level
from auditor.whatif.edits import AddGatewayEndpoint, Edit, RouteSubnetToNat, TurnOnPrivateDns
from auditor.whatif.flows import traffic_of
from auditor.whatif.forecast import Forecast, Saved
from auditor.whatif.reconciliation import Reconciliation
from tests.whatif.networks import AZS, PRICES, REGION, WINDOW
from tests.whatif.test_flows import OLD
from tests.whatif.test_outcome import GIB, hub_and_spoke
from tests.whatif.test_routing import NETWORK

ADD_S3 = AddGatewayEndpoint("vpc-1", "1", REGION, "s3", ("rtb-1",))
NOTHING = (ZERO, ZERO, ZERO)
FIRST, LAST = WINDOW.start.date(), WINDOW.end.date() - timedelta(days=1)


def seen(
    service: str, down: int, subnet_id: str | None = "subnet-b", named_by: NamedBy = NamedBy.ADDRESS
) -> Attribution:
    """Bytes to clients of the NAT gateway's own zone: 0.045 a GB and nothing else."""
    return Attribution("nat-1", subnet_id, service, REGION, 0, down, named_by)


def evidence(
    *attributions: Attribution,
    days: int = 30,
    downs: tuple[tuple[date, int], ...] = ((LAST, 720 * GIB),),
    network: Network = NETWORK,
    skipdata: int = 0,
) -> Evidence:
    """A NAT gateway with bytes down on some days, and a flow log that was read for the last days of the window."""
    nats = tuple(replace(nat, created=OLD) for nat in network.nat_gateways)
    start = WINDOW.end - timedelta(days=days)
    scan = FlowLogScan("fl-1", Engine.DUCKDB, start, WINDOW.end, ("nat-1",), skipdata=skipdata, clients_known=True)
    series = (
        Series("nat-1", "BytesInFromSource", (), ()),
        Series("nat-1", "BytesInFromDestination", tuple(day for day, _ in downs), tuple(count for _, count in downs)),
    )
    scope = Scope("1", REGION, tuple(Source), None, replace(network, nat_gateways=nats), series, attributions)
    return Evidence(EVIDENCE_VERSION, WINDOW.end, WINDOW, (replace(scope, scans=(scan,)),), PRICES)


def saved(of: Evidence, *edits: Edit) -> Saved:
    traffic, certain = traffic_of(of), traffic_of(of, extrapolated=False)
    return Forecast.of(situation_of(of, REGION, traffic), certain).after(edits).saved


def usd(of: Saved) -> tuple[Decimal, Decimal, Decimal]:
    assert of.amounts is not None
    return of.amounts


def reconciled(of: Evidence) -> Reconciliation:
    return traffic_of(of).reconciled["nat-1"]


def test_coverage_is_shown_as_it_is_and_the_rest_stays_open() -> None:
    """432 of 720 GB are 60 %, of which S3 has all: 438 GB a month at 0.045 are expected, all 730 at the most."""
    of = evidence(seen("s3", 432 * GIB))
    assert (reconciled(of).coverage, reconciled(of).unattributed) == (Decimal("0.6"), 288 * GIB)
    assert usd(saved(of, ADD_S3)) == (Decimal("19.71"), Decimal("19.71"), Decimal("32.85") + 292 * Decimal("0.010"))


def test_days_that_were_not_read_are_taken_for_alike_and_count_for_nothing_at_the_least() -> None:
    """Read were 240 of 720 GB, a third, and half of them were S3's.

    So 120 of 720 GB are S3's at the least (121.67 of a month's 730), 360 as expected (365), and at the most all but the
    120 GB that were seen to go elsewhere; bytes from the other zone save 0.055.
    """
    of = evidence(
        seen("s3", 120 * GIB), seen("internet", 120 * GIB), days=1, downs=((FIRST, 480 * GIB), (LAST, 240 * GIB))
    )
    assert reconciled(of).share_of_window == Decimal("0.333333")
    assert reconciled(of).coverage == 1
    least, expected, most = usd(saved(of, ADD_S3))
    assert expected == 365 * Decimal("0.045")
    part = round(Fraction(120 * GIB * 730, 720))  # both parts and the rest together are a month, to the byte
    assert abs(Fraction(least) - Fraction(part, GIB) * Fraction("0.045")) < Fraction(1, 10**6)
    rest = 730 * GIB - 2 * part
    assert abs(Fraction(most) - Fraction(least) - Fraction(rest, GIB) * Fraction("0.055")) < Fraction(1, 10**6)


def test_more_than_cloudwatch_counted_is_shown_and_scaled_down_to_it() -> None:
    """Twice as much was claimed, half of it S3's: half of the billed bytes are saved."""
    of = evidence(seen("s3", 720 * GIB), seen("internet", 720 * GIB))
    assert (reconciled(of).coverage, reconciled(of).unattributed) == (Decimal(2), 0)
    assert usd(saved(of, ADD_S3)) == (365 * Decimal("0.045"),) * 3


def test_what_flow_logs_saw_on_days_without_a_byte_explains_nothing() -> None:
    of = evidence(seen("s3", 5 * GIB), days=1, downs=((FIRST, 720 * GIB), (LAST, 0)))
    assert not reconciled(of).explains
    priced = saved(of, ADD_S3)
    assert (priced.level, priced.is_known) == (Level.METRICS, False)


def test_no_byte_of_a_service_is_a_figure_too() -> None:
    """All bytes went elsewhere: nothing is saved, and that is known."""
    priced = saved(evidence(seen("internet", 720 * GIB)), ADD_S3)
    assert usd(priced) == NOTHING
    assert priced.level is Level.FLOW_LOGS


def test_clients_that_the_records_do_not_name_leave_only_their_zone_open() -> None:
    """All subnets behind the NAT gateway are of one VPC, whose endpoint takes their bytes, from whichever zone."""
    priced = saved(evidence(seen("s3", 720 * GIB, None)), ADD_S3)
    assert usd(priced) == (730 * Decimal("0.045"), 730 * Decimal("0.045"), 730 * Decimal("0.055"))
    assert priced.level is Level.FLOW_LOGS


def test_clients_that_the_records_do_not_name_may_be_of_another_vpc() -> None:
    """Behind a hub's NAT gateway: nothing at the least, all at the most, and nothing is expected."""
    hub = hub_and_spoke()
    far = AddGatewayEndpoint("vpc-spoke", "2", REGION, "s3", ("rtb-spoke",))
    priced = saved(evidence(seen("s3", 720 * GIB, None), network=hub), far)
    assert priced.saving() is not None
    assert not priced.is_known
    assert usd(priced)[0] == 0
    known = saved(evidence(seen("s3", 720 * GIB, "subnet-spoke"), network=hub), far)
    # The NAT gateway's 0.045 and the transit gateway's 0.02.
    assert usd(known) == (730 * Decimal("0.065"),) * 3


def test_which_subnets_a_nat_gateway_serves_is_open_where_the_records_name_no_client() -> None:
    near = replace(NETWORK.nat_gateways[0], id="nat-2", subnet_id="subnet-a")
    network = replace(NETWORK, nat_gateways=(*NETWORK.nat_gateways, near))
    move = RouteSubnetToNat("subnet-a", REGION, "rtb-1", "nat-2")
    assert not saved(evidence(seen("internet", 720 * GIB, None), network=network), move).is_known
    assert saved(evidence(seen("internet", 720 * GIB), network=network), move).is_known


def test_unnamed_bytes_of_aws_may_be_of_a_service_without_addresses_of_its_own() -> None:
    """They are no upper bound of S3's saving, but one of KMS's; once some bytes have names, the others are the rest."""
    bypassed = Endpoint("vpce-1", "1", REGION, "vpc-1", "Interface", "kms", subnet_ids=("subnet-a",))
    network = replace(NETWORK, endpoints=(bypassed,))
    dns = TurnOnPrivateDns("vpce-1", "vpc-1", REGION)
    unnamed = evidence(seen("aws", 720 * GIB), network=network)
    assert usd(saved(unnamed, ADD_S3)) == NOTHING
    assert usd(saved(unnamed, dns)) == (ZERO, ZERO, 730 * Decimal("0.035"))
    assert not saved(unnamed, dns).is_known
    by_name = seen("kms", 360 * GIB, named_by=NamedBy.QUERY_LOG)
    named = saved(evidence(seen("aws", 360 * GIB), by_name, network=network), dns)
    assert usd(named) == (365 * Decimal("0.035"), 365 * Decimal("0.035"), 730 * Decimal("0.035"))
    assert (named.is_known, named.level) == (True, Level.NAMES)


def test_bytes_from_a_subnet_that_does_not_lead_to_the_nat_gateway_stay_where_they_were_measured() -> None:
    """Its routes have changed since: an endpoint for it would not have taken them."""
    elsewhere = replace(NETWORK.subnets[0], id="subnet-moved", az=AZS[1])
    table = RouteTable(
        "rtb-2", "1", REGION, "vpc-1", subnet_ids=("subnet-moved",), routes=(Route("0.0.0.0/0", "igw-1"),)
    )
    network = replace(NETWORK, subnets=(*NETWORK.subnets, elsewhere), route_tables=(*NETWORK.route_tables, table))
    add = replace(ADD_S3, route_table_ids=("rtb-1", "rtb-2"))
    assert usd(saved(evidence(seen("s3", 720 * GIB, "subnet-moved"), network=network), add)) == NOTHING


@given(st.integers(0, 2**50), st.integers(0, 2**50), st.integers(0, 2**50), st.integers(0, 2**44), st.integers(1, 30))
def test_more_bytes_of_s3_never_lower_what_its_endpoint_is_expected_to_save(
    measured: int, to_s3: int, to_others: int, more: int, days: int
) -> None:
    downs = ((FIRST, measured // 3), (LAST, measured))
    few, many = (
        usd(saved(evidence(seen("internet", to_others), seen("s3", count), days=days, downs=downs), ADD_S3))
        for count in (to_s3, to_s3 + more)
    )
    assert few[0] <= many[0]
    assert few[1] <= many[1]


@given(st.lists(st.integers(0, 2**50), max_size=5), st.integers(0, 2**50), st.integers(0, 2**50), st.integers(1, 30))
def test_attributed_and_unattributed_are_what_was_measured_to_the_byte(
    parts: list[int], first: int, last: int, days: int
) -> None:
    """In the window's month, and on the days that were read unless flow logs claim more."""
    of = evidence(*(seen("s3", part) for part in parts), days=days, downs=((FIRST, first), (LAST, last)))
    read = last + first * (days == 30)
    assert reconciled(of).measured == (0, read)
    assert reconciled(of).unattributed == max(0, read - sum(parts))
    for extrapolated in (True, False):
        flows = traffic_of(of, extrapolated=extrapolated).flows
        assert sum(flow.bytes for flow in flows) == round(Fraction((first + last) * 730, 720))
        assert all(flow.bytes >= 0 for flow in flows)
    least, likely = (traffic_of(of, extrapolated=e).flows[-1].bytes for e in (False, True))
    assert least >= likely
