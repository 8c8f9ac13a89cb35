"""One interface endpoint in a hub for the spokes that gain by it, each judged by itself.

List prices of eu-central-1: today a spoke's GB costs 0.052 + 0.02, served by the hub 0.01 + 0.02; an own endpoint's
zone 8.76 a month.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from auditor.model.attributed import Attribution
from auditor.model.constraints import Constraints
from auditor.model.evidence import Evidence
from auditor.model.money import Item, Prices
from auditor.model.network import Network
from auditor.model.resources import Route, TransitGatewayRoute
from auditor.whatif.edits import ShareInterfaceEndpoint
from tests.rules.ask import audit, edits, findings, measured, unjudged
from tests.rules.build import (
    ACCOUNT,
    GIB,
    PRICES,
    REGION,
    attributed,
    evidence,
    interface,
    named,
    nat,
    nat_series,
    offer,
    subnet,
    table,
)
from tests.rules.examples import sharing

RULE, OWN = "shared-interface-endpoint", "interface-endpoint-pays"


def kms(spoke: str, gigabytes: int, nat_id: str = "nat-a") -> Attribution:
    return named(nat_id, subnet(spoke, vpc_id=f"vpc-{spoke}"), "kms", gigabytes * GIB)


def case(*found: Attribution, network: Network | None = None, **more: Any) -> Evidence:
    """A month of 730 hours has 730 GB where the window has 720."""
    nats = sorted({one.nat_gateway_id for one in found})
    series = [nat_series(one, 0, sum(a.bytes_down for a in found if a.nat_gateway_id == one)) for one in nats]
    return evidence(network or sharing("crm", "erp"), *series, attributions=found, **more)


def shared(of: Evidence) -> ShareInterfaceEndpoint:
    ((edit,),) = edits(of, RULE)
    assert isinstance(edit, ShareInterfaceEndpoint)
    return edit


def served(of: Evidence) -> tuple[str, ...]:
    """The spokes of the one proposal, if there is one."""
    return shared(of).vpc_ids if edits(of, RULE) else ()


def without_route(network: Network, name: str, destination: str) -> Network:
    tables = (
        replace(t, routes=tuple(r for r in t.routes if r.destination != destination)) if t.name == name else t
        for t in network.route_tables
    )
    return replace(network, route_tables=tuple(tables))


def test_hours_are_shared_and_the_transit_gateway_stays() -> None:
    of = case(kms("crm", 360), kms("erp", 360))
    # 2 × 365 GB × (0.072 − 0.03) − 2 zones × 8.76: the hub has two.
    (finding,) = findings(of, RULE)
    assert finding.saving == measured("13.14")
    assert shared(of) == ShareInterfaceEndpoint(
        hub_vpc_id="vpc-hub",
        account_id=ACCOUNT,
        region=REGION,
        service="kms",
        subnet_ids=("subnet-hub-land-a", "subnet-hub-land-b"),
        vpc_ids=("vpc-crm", "vpc-erp"),
        cidrs=("10.1.0.0/16", "10.2.0.0/16", "10.3.0.0/16"),
        service_name=f"com.amazonaws.{REGION}.kms",
        dns_names=("a-name.example",),
    )
    assert (finding.id, finding.vpc_id) == (f"{RULE}:vpc-hub:kms", "vpc-hub")
    assert "competes with an endpoint of each VPC's own" in finding.why


def test_where_no_endpoint_pays_alone_one_for_several_does() -> None:
    """140 GB a month each: 140 × 0.062 − 8.76 < 0, and 3 × 140 × 0.042 − 2 × 8.76 = 0.12."""
    names = ("crm", "erp", "hr")
    of = case(*(kms(one, 100 * 720 * 140 // 73000) for one in names), network=sharing(*names))
    assert findings(of, OWN) == []
    assert len(findings(of, RULE)) == 1
    assert findings(case(kms("crm", 138), network=sharing(*names)), RULE) == []


@pytest.mark.parametrize(("count", "joins"), [(432, True), (433, False)])
def test_a_spoke_joins_while_the_transit_gateway_costs_no_more_than_its_own_hours(count: int, *, joins: bool) -> None:
    """432 GB of the window are 438 a month, × 0.02 = 8.76: its endpoint would stand in its one zone."""
    of = case(kms("crm", count), kms("erp", 430))
    assert ("vpc-crm" in served(of)) == joins
    assert "vpc-erp" in served(of)
    if not joins:
        assert findings(of, RULE)[0].saving_note.startswith("Not among them: crm.")


def test_each_spoke_is_judged_by_itself() -> None:
    alone = {one for one in ("crm", "erp", "hr") if served(case(kms(one, 400), network=sharing("crm", "erp", "hr")))}
    assert alone == {"crm", "erp", "hr"}
    of = case(kms("crm", 400), kms("erp", 2000), kms("hr", 1), network=sharing("crm", "erp", "hr"))
    assert served(of) == ("vpc-crm", "vpc-hr")


def with_own_nat(spoke: str, network: Network, *, hub_route: bool = True) -> Network:
    """The spoke leaves by its own NAT gateway, and reaches the hub if it has a route to it."""
    routes = (Route("0.0.0.0/0", "nat-own"), *((Route("10.0.0.0/8", "tgw-core"),) if hub_route else ()))
    tables = tuple(replace(t, routes=routes) if t.name == spoke else t for t in network.route_tables)
    public = replace(subnet(f"{spoke}-public", vpc_id=f"vpc-{spoke}"), cidr="10.2.9.0/24")
    way_out = table("own", "igw-own", public, vpc_id=public.vpc_id)
    attachments = (replace(a, subnet_ids=() if spoke in a.id else a.subnet_ids) for a in network.attachments)
    gateways = (*network.nat_gateways, nat("own", public.id, vpc_id=public.vpc_id))
    return replace(
        network,
        subnets=(*network.subnets, public),
        route_tables=(*tables, way_out),
        nat_gateways=gateways,
        attachments=tuple(attachments),
    )


def test_a_spoke_with_a_nat_gateway_of_its_own_saves_less_a_gigabyte() -> None:
    network = with_own_nat("crm", sharing("crm", "erp"))
    of = case(kms("crm", 360, "nat-own"), kms("erp", 360), network=network)
    # 365 × (0.052 − 0.03) + 365 × 0.042 − 17.52
    assert [one.saving for one in findings(of, RULE)] == [measured("5.84")]
    no_route = with_own_nat("crm", sharing("crm", "erp"), hub_route=False)
    assert served(case(kms("crm", 360, "nat-own"), kms("erp", 360), network=no_route)) == ("vpc-erp",)


def test_the_hubs_own_bytes_count_and_cross_nothing() -> None:
    there = replace(subnet("hub-app", vpc_id="vpc-hub"), cidr="10.1.7.0/24")
    hub = sharing("crm")
    way_out = table("hub-app", "nat-a", there, vpc_id="vpc-hub")
    network = replace(hub, subnets=(*hub.subnets, there), route_tables=(*hub.route_tables, way_out))
    of = case(kms("crm", 360), named("nat-a", there, "kms", 360 * GIB), network=network)
    # 365 × 0.042 for each: the hub's pays 0.052 today and 0.01 then.
    assert [one.saving for one in findings(of, RULE)] == [measured("13.14")]


@pytest.mark.parametrize(
    ("table_name", "destination"), [("hub-land", "10.0.0.0/8"), ("crm", "0.0.0.0/0")], ids=["no way back", "no way"]
)
def test_only_where_both_ways_are_routed(table_name: str, destination: str) -> None:
    network = without_route(sharing("crm"), table_name, destination)
    found = edits(case(kms("crm", 400), network=network), RULE)
    # The public subnet leads back still.
    assert [edit.subnet_ids for (edit,) in found if isinstance(edit, ShareInterfaceEndpoint)] == (
        [("subnet-hub-public",)] if table_name == "hub-land" else []
    )


@pytest.mark.parametrize(
    "routes",
    [
        (),
        (TransitGatewayRoute("tgw-rtb", REGION, "0.0.0.0/0", "attach-vpc-hub", active=False),),
        (
            TransitGatewayRoute("tgw-rtb", REGION, "0.0.0.0/0", "attach-vpc-hub"),
            TransitGatewayRoute("tgw-rtb", REGION, "10.1.0.0/16", "attach-vpc-crm"),
        ),
    ],
    ids=["not read", "blackhole", "the hub's addresses lead elsewhere"],
)
def test_only_where_the_transit_gateway_leads_to_the_hub(routes: tuple[TransitGatewayRoute, ...]) -> None:
    assert edits(case(kms("crm", 400), network=replace(sharing("crm"), transit_routes=routes)), RULE) == []


def test_overlapping_addresses_reach_nothing() -> None:
    network = sharing("crm")
    local = tuple(
        replace(t, routes=(*t.routes, Route("10.1.0.0/16", "local"))) if t.name == "crm" else t
        for t in network.route_tables
    )
    assert edits(case(kms("crm", 400), network=replace(network, route_tables=local)), RULE) == []


@pytest.mark.parametrize("place", ["vpc-hub", "vpc-crm"])
def test_a_vpc_that_has_an_endpoint_for_the_service_has_no_use_for_another(place: str) -> None:
    endpoint = interface("kms", vpc_id=place, private_dns=False)
    of = case(kms("crm", 300), kms("erp", 300), network=replace(sharing("crm", "erp"), endpoints=(endpoint,)))
    assert served(of) == (() if place == "vpc-hub" else ("vpc-erp",))


@pytest.mark.parametrize(
    "found",
    [
        attributed("nat-a", subnet("crm", vpc_id="vpc-crm"), "kms", 400 * GIB),
        named("nat-a", subnet("crm", vpc_id="vpc-crm"), "s3", 400 * GIB),
        replace(kms("crm", 400), service_region="us-east-1"),
        named("nat-a", None, "kms", 400 * GIB),
    ],
    ids=["the tag of a range", "a free one", "another region", "a client that nobody knows"],
)
def test_only_bytes_that_are_named_count(found: Attribution) -> None:
    assert edits(case(found), RULE) == []


def test_the_service_must_be_offered_in_the_hub() -> None:
    assert edits(case(kms("crm", 400), network=sharing("crm", offers=())), RULE) == []
    in_b = case(kms("crm", 400), network=sharing("crm", offers=(offer("kms", "b"),)))
    assert shared(in_b).subnet_ids == ("subnet-hub-land-b",)
    (finding,) = findings(in_b, RULE)
    assert finding.risks[0].startswith("The endpoint would stand in 1 zone, and 2 are demanded: ")


def test_as_many_zones_as_the_user_demands_and_no_vpc_that_is_left_out() -> None:
    of = case(kms("crm", 300), kms("erp", 300))
    assert shared(replace(of, constraints=Constraints(min_endpoint_azs=1))).subnet_ids == ("subnet-hub-land-a",)
    assert served(replace(of, constraints=Constraints(exclude=("vpc-crm",)))) == ("vpc-erp",)


def test_the_plan_takes_the_shared_one_or_one_for_each_vpc_whichever_saves_more() -> None:
    """Each of 365 GB alone: 365 × 0.062 − 8.76 = 13.87, twice 27.74; shared 13.14.

    Each of 146 GB alone: 0.292, twice 0.584; shared in one zone 3.504.
    """
    much = audit(case(kms("crm", 360), kms("erp", 360)))
    assert [step.finding_id for step in much.plan] == [f"{OWN}:vpc-crm:kms", f"{OWN}:vpc-erp:kms"]
    one_zone = Constraints(min_endpoint_azs=1)
    little = audit(replace(case(kms("crm", 144), kms("erp", 144)), constraints=one_zone))
    assert {f.rule for f in little.findings} >= {RULE, OWN}
    assert [step.finding_id for step in little.plan] == [f"{RULE}:vpc-hub:kms"]
    assert little.plan_is_proven
    assert much.plan_is_proven
    # 292 GB × 0.042 − 8.76
    assert [step.saving for step in little.plan] == [measured("3.504").expected]


def test_where_a_price_is_unknown_nobody_knows_whether_it_pays() -> None:
    of = case(kms("crm", 400), kms("erp", 400))
    rows = tuple(p for p in PRICES.rows if p.item != Item.INTERFACE_ENDPOINT_HOUR)
    assert findings(replace(of, prices=Prices(rows)), RULE) == []
    assert [entry.resource for entry in unjudged(replace(of, prices=Prices(rows)), RULE)] == ["vpc-hub"]
