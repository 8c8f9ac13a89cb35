"""What routes, NAT64, sharing and several NAT gateways mean for what a finding promises."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from auditor.model.attributed import Attribution
from auditor.model.audit import Saving
from auditor.model.evidence import Evidence, Scope, Source
from auditor.model.network import Network
from auditor.model.resources import PrefixList, Route, RouteTable
from auditor.whatif.edits import AddGatewayEndpoint
from tests.rules.ask import audit, edits, findings, measured, unjudged, up_to
from tests.rules.build import (
    ACCOUNT,
    GIB,
    PRICES_WITH_INTER_AZ,
    PUBLIC_B,
    REGION,
    A,
    B,
    app,
    attributed,
    evidence,
    nat,
    nat_series,
    regional_nat,
    scan,
    subnet,
    table,
    vpc,
)
from tests.rules.examples import hub_and_spoke

MISSING = "missing-gateway-endpoint"
TRAFFIC = nat_series("nat-a", 0, 720 * GIB)
S3 = PrefixList("pl-1", REGION, f"com.amazonaws.{REGION}.s3", ("52.218.0.0/17", "3.5.134.0/23"))
LIST_PRICE = "37.96"
"""730 GB × 0.052."""


def with_routes(network: Network, *more: Route) -> Network:
    """The network with more routes in the table of subnet A."""
    tables = tuple(
        replace(one, routes=(*one.routes, *more)) if A.id in one.subnet_ids else one for one in network.route_tables
    )
    return replace(network, route_tables=tables)


def of_s3(of: Evidence) -> Saving | None:
    """What an S3 endpoint saves."""
    (finding,) = [one for one in findings(of, MISSING) if one.id.endswith(":s3")]
    return finding.saving


def to_s3(of: Network, *attributions: Attribution) -> Evidence:
    return evidence(of, TRAFFIC, attributions=attributions, scans=(scan("nat-a"),))


ALL = attributed("nat-a", A, "s3", 720 * GIB)


@pytest.mark.parametrize(
    ("route", "saving"),
    [
        (None, measured(LIST_PRICE)),
        (Route("52.218.0.0/17", "tgw-1"), measured(LIST_PRICE)),
        (Route("52.218.0.0/17", "nat-a"), Saving(Decimal(0), None, Decimal(LIST_PRICE))),
        (Route("52.0.0.0/8", "nat-a"), measured(LIST_PRICE)),
        (Route("203.0.113.0/24", "nat-a"), measured(LIST_PRICE)),
        (Route("10.8.0.0/16", "tgw-1"), measured(LIST_PRICE)),
        (Route("pl-own", "tgw-1"), measured(LIST_PRICE)),
        (Route("pl-own", "nat-a"), Saving(Decimal(0), None, Decimal(LIST_PRICE))),
    ],
    ids=["none", "elsewhere", "as long, here", "wider", "of others", "private", "own list elsewhere", "own list here"],
)  # fmt: skip
def test_a_more_specific_route_keeps_a_part_of_s3_from_the_endpoint(route: Route | None, saving: Saving) -> None:
    """What is measured at the NAT gateway is of the part that leads there; how large which part is nobody knows."""
    network = replace(with_routes(app((A, "nat-a")), *([route] if route else [])), prefix_lists=(S3,))
    assert of_s3(to_s3(network, ALL)) == saving


def test_a_specific_route_alone_leads_bytes_to_a_nat_gateway() -> None:
    """All of S3 that this NAT gateway carries is of the route's own part, which the endpoint does not take."""
    network = replace(with_routes(app((A, "igw-app")), Route("52.218.0.0/17", "nat-a")), prefix_lists=(S3,))
    found = audit(to_s3(network, ALL))
    assert [one.id for one in found.findings if one.saving and one.saving.high > 0 and "s3" in one.id] == []


NAT64 = Route("64:ff9b::/96", "nat-a")


@pytest.mark.parametrize(
    ("attribution", "saving"),
    [
        (replace(ALL, subnet_id=None, ipv6=True), measured("0")),
        (replace(ALL, subnet_id=None), up_to(LIST_PRICE)),
        (ALL, measured(LIST_PRICE)),
    ],
    ids=["IPv6 clients", "unknown clients", "IPv4 clients"],
)
def test_clients_behind_nat64_stay_on_the_nat_gateway(attribution: Attribution, saving: Saving) -> None:
    """Routes to prefix lists are IPv4: an endpoint saves nothing of what comes in IPv6."""
    assert of_s3(to_s3(with_routes(app((A, "nat-a")), NAT64), attribution)) == saving


def test_ipv6_clients_without_a_route_that_was_read_save_nothing_either() -> None:
    assert of_s3(to_s3(app((A, "nat-a")), replace(ALL, subnet_id=None, ipv6=True))) == measured("0")


GUEST = "444455556666"


def shared(*, owner_is_read: bool = True) -> Evidence:
    """Subnet A of account `ACCOUNT` is shared with a guest, who sees it and its VPC but none of its routes."""
    whole = app((A, "nat-a"))
    seen = Network(vpcs=whole.vpcs, subnets=tuple(one for one in whole.subnets if one.id == A.id))
    owners = evidence(whole, TRAFFIC, attributions=(ALL,), scans=(scan("nat-a"),))
    guests = Scope(GUEST, REGION, tuple(Source), network=seen)
    return replace(owners, scopes=(*(owners.scopes if owner_is_read else ()), guests))


def test_an_endpoint_for_a_shared_subnet_is_its_owners_to_make() -> None:
    found = [one for one in audit(shared()).findings if one.rule == MISSING]
    assert {one.account_id for one in found} == {ACCOUNT}
    assert of_s3(shared()) == measured(LIST_PRICE)
    (edit,) = next(iter(edits(replace(shared(), scopes=shared().scopes[:1]), MISSING)))
    assert isinstance(edit, AddGatewayEndpoint)
    assert edit.account_id == ACCOUNT


def test_nothing_is_claimed_of_a_shared_subnet_whose_owner_was_not_read() -> None:
    of = audit(shared(owner_is_read=False))
    assert of.findings == ()
    assert of.plan == ()


def test_a_spoke_whose_hub_was_not_read_is_not_judged_and_nothing_is_claimed() -> None:
    """The hub's account was not audited: neither its VPC nor its NAT gateway is known."""
    network = hub_and_spoke()
    spoke = next(one for one in network.vpcs if one.id == "vpc-spoke")
    kept = replace(
        network,
        vpcs=(spoke,),
        subnets=tuple(one for one in network.subnets if one.vpc_id == spoke.id),
        route_tables=tuple(one for one in network.route_tables if one.vpc_id == spoke.id),
        nat_gateways=(),
        endpoints=(),
    )
    of = evidence(kept)
    assert findings(of, "central-egress-endpoint") == []
    assert [one.resource for one in unjudged(of, "central-egress-endpoint")] == [spoke.id]
    assert audit(of).plan == ()


@pytest.mark.parametrize(
    ("target", "saving"), [("nat-a", measured("45.26")), ("nat-b", None)], ids=["its own", "another"]
)
def test_of_several_nat_gateways_only_the_one_that_measured_bytes_saves_them(
    target: str, saving: Saving | None
) -> None:
    """From subnet B 730 GB × (0.052 + 0.01 for the other zone), if its routes lead there; else nobody knows why."""
    network = app((A, "nat-a"), (B, target), nat_gateways=(nat(), nat("b", PUBLIC_B.id)))
    other = attributed("nat-a", B, "s3", 720 * GIB)
    of = evidence(network, TRAFFIC, nat_series("nat-b"), attributions=(other,), scans=(scan("nat-a"),))
    assert of_s3(replace(of, prices=PRICES_WITH_INTER_AZ)) == saving


def test_a_regional_nat_gateway_keeps_clients_in_their_zone() -> None:
    """Whatever the zone there is no transfer between zones: 730 GB × 0.052 in all."""
    network = app((A, "nat-r"), (B, "nat-r"), nat_gateways=(regional_nat(),))
    half = [attributed("nat-r", one, "s3", 360 * GIB) for one in (A, B)]
    of = evidence(network, nat_series("nat-r", 0, 720 * GIB), attributions=tuple(half), scans=(scan("nat-r"),))
    assert of_s3(of) == measured(LIST_PRICE)


def test_a_peered_vpc_gets_no_internet_and_no_endpoint_over_the_peering() -> None:
    """Its default route to the peering connection ends nowhere, so no byte of the NAT gateway can be its."""
    peer, inside = vpc("peer", cidr="10.1.0.0/16"), subnet("peer", vpc_id="vpc-peer")
    way: RouteTable = table("peer", "pcx-1", inside, vpc_id="vpc-peer")
    network = app((A, "nat-a"), vpcs=(vpc(), peer), subnets=(inside,), route_tables=(way,))
    found = [one for one in audit(evidence(network, TRAFFIC)).findings if one.rule == MISSING]
    assert {one.vpc_id for one in found} == {"vpc-app"}
