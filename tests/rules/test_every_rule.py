"""What every rule promises: silence where its evidence is missing, and no crash on what AWS may invent."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import pytest

from auditor.model.evidence import Evidence, Gap, Scope, Source
from auditor.model.network import (
    Endpoint,
    NatGateway,
    Network,
    Permission,
    Route,
    RouteTable,
    SecurityGroup,
    Subnet,
    TransitGatewayAttachment,
    TransitGatewayRoute,
)
from auditor.rules import all_rules
from tests.rules.build import (
    ACCOUNT,
    DAY,
    HOSTILE,
    REGION,
    A,
    B,
    app,
    audit,
    endpoint_series,
    evidence,
    findings,
    interface,
    nat,
    nat_series,
    proposals,
    regional_nat,
    table,
    unjudged,
    vpc,
)
from tests.rules.examples import CENTRAL_EGRESS, FIRING

RULES = [rule.id for rule in all_rules()]
NEEDS = [(rule.id, source) for rule in all_rules() for source in rule.needs]
EVERYTHING = tuple(Source)
FIELDS = {
    Source.ZONES: "zones",
    Source.VPCS: "vpcs",
    Source.SUBNETS: "subnets",
    Source.ROUTE_TABLES: "route_tables",
    Source.NAT_GATEWAYS: "nat_gateways",
    Source.ENDPOINTS: "endpoints",
    Source.ENDPOINT_SERVICES: "endpoint_services",
    Source.PREFIX_LISTS: "prefix_lists",
    Source.SECURITY_GROUPS: "security_groups",
    Source.TRANSIT_GATEWAYS: "attachments",
    Source.TRANSIT_ROUTES: "transit_routes",
    Source.PEERINGS: "peerings",
    Source.FLOW_LOGS: "flow_logs",
    Source.INTERFACES: "interfaces",
}
"""Where the network keeps what a source tells; metrics are kept apart, by `known`."""


def without(of: Evidence, *sources: Source, gaps: tuple[Gap, ...] = ()) -> Evidence:
    """The same evidence, some sources of which were not read."""
    (scope,) = of.scopes
    return replace(of, scopes=(replace(scope, known=tuple(s for s in EVERYTHING if s not in sources), gaps=gaps),))


def unread(of: Evidence, source: Source) -> Evidence:
    """The same evidence without a source, and without what it would have told."""
    (scope,) = without(of, source).scopes
    field = FIELDS.get(source)
    network = replace(scope.network, **{field: ()}) if field else scope.network
    return replace(of, scopes=(replace(scope, network=network),))


def named(network: Network, name: str) -> Network:
    """The same network with this name on everything that has one."""
    return replace(
        network,
        vpcs=tuple(replace(one, name=name) for one in network.vpcs),
        subnets=tuple(replace(one, name=name) for one in network.subnets),
        nat_gateways=tuple(replace(one, name=name) for one in network.nat_gateways),
        endpoints=tuple(replace(one, name=name) for one in network.endpoints),
    )


def test_there_is_an_example_of_every_rule() -> None:
    assert sorted(FIRING) == RULES


@pytest.mark.parametrize("rule", RULES)
def test_it_fires_in_its_example(rule: str) -> None:
    assert findings(FIRING[rule], rule) != []
    assert unjudged(FIRING[rule], rule) == []


@pytest.mark.parametrize(("rule", "source"), NEEDS, ids=str)
def test_without_a_source_that_it_needs_it_says_only_that(rule: str, source: Source) -> None:
    """What was not read never becomes "all is well", nor a finding."""
    of = without(FIRING[rule], source)
    assert findings(of, rule) == []
    (entry,) = unjudged(of, rule)
    assert (entry.account_id, entry.region, entry.resource) == (ACCOUNT, REGION, "")
    assert entry.reason == f"{source} could not be read"


@pytest.mark.parametrize("rule", RULES)
def test_a_source_that_it_does_not_need_changes_nothing_by_missing(rule: str) -> None:
    """Else `needs` would lack one, and a denied call would add or lose findings without a word."""
    (needs,) = (one.needs for one in all_rules() if one.id == rule)
    for of, source in product((*FIRING.values(), CENTRAL_EGRESS), set(Source) - set(needs)):
        assert proposals(unread(of, source), rule) == proposals(of, rule), source


def test_the_reason_names_the_action_that_was_denied() -> None:
    gap = Gap(ACCOUNT, REGION, Source.NAT_METRICS, "cloudwatch:GetMetricData", "denied")
    of = without(FIRING["idle-nat-gateway"], Source.NAT_METRICS, gaps=(gap,))
    (entry,) = unjudged(of, "idle-nat-gateway")
    assert entry.reason == "nat-gateway-metrics could not be read: it needs cloudwatch:GetMetricData"


def test_of_nothing_that_was_read_every_rule_says_so_once() -> None:
    nothing = evidence(Network(), known=())
    assert audit(nothing).findings == ()
    assert [entry.rule for entry in audit(nothing).not_evaluated] == RULES


def test_in_an_empty_region_all_rules_are_content() -> None:
    nothing = evidence(Network())
    assert audit(nothing).findings == ()
    assert audit(nothing).not_evaluated == ()


def test_a_scope_that_was_skipped_is_not_judged() -> None:
    of = FIRING["idle-nat-gateway"]
    skipped = replace(of, scopes=(replace(of.scopes[0], skipped="denied by a service control policy"),))
    assert audit(skipped).findings == ()


@pytest.mark.parametrize("rule", RULES)
def test_an_account_is_told_only_of_what_is_its_own(rule: str) -> None:
    """Hubs of other accounts are seen, and judged where they belong."""
    of = FIRING[rule]
    other = replace(of, scopes=(*of.scopes, Scope("444455556666", REGION, known=EVERYTHING)))
    assert [one.id for one in findings(other, rule)] == [one.id for one in findings(of, rule)]
    assert {one.account_id for one in findings(other, rule)} == {ACCOUNT}


@pytest.mark.parametrize("rule", RULES)
def test_hostile_names_pass_through_unharmed_and_change_no_figure(rule: str) -> None:
    """Rules write text with names in it; braces and percent signs in them are never interpreted."""
    of = FIRING[rule]
    hostile = replace(of, scopes=tuple(replace(one, network=named(one.network, HOSTILE)) for one in of.scopes))
    found = findings(hostile, rule)
    assert [(one.id, one.saving) for one in found] == [(one.id, one.saving) for one in findings(of, rule)]
    assert all(HOSTILE in one.title for one in found)


def strange() -> Evidence:
    """What AWS has, may have and should never have, all in one VPC."""
    zoneless = replace(regional_nat("nowhere"), zones=(), addresses=(), route_table_id=None)
    nats: tuple[NatGateway, ...] = (
        nat("failed", state="failed"),
        nat("deleted", state="deleted"),
        nat("new", state="a-state-of-2030"),
        nat("lost", "subnet-that-is-not-there"),
        nat("bare", None),
        nat("ageless", created=None),
        nat("homeless", vpc_id="vpc-that-is-not-there"),
        replace(nat("hybrid"), mode="a-mode-of-2030", connectivity="a-kind-of-2030"),
        regional_nat("regional"),
        zoneless,
    )
    kinds = ("GatewayLoadBalancer", "Resource", "ServiceNetwork", "Tunnel", "a-type-of-2030", "Interface", "Gateway")
    services = ("s3", "s3express", "com.amazonaws.vpce.eu-central-1.vpce-svc-1", "")
    endpoints: tuple[Endpoint, ...] = tuple(
        Endpoint(f"vpce-{kind}-{service}-{vpc_id}", ACCOUNT, REGION, vpc_id, kind, service, private_dns=bool(service))
        for kind, service, vpc_id in product(kinds, services, ("vpc-app", "vpc-that-is-not-there", ""))
    )
    odd_tables = (
        table("loop", "tgw-core", Subnet("subnet-loop", ACCOUNT, REGION, "vpc-app", "")),
        table("regional", "nat-regional", B),
        table("blackhole", "nat-deleted", vpc_id="vpc-that-is-not-there", main=True),
        RouteTable("rtb-odd", ACCOUNT, REGION, "vpc-app", routes=(Route("pl-1", "", active=False), Route("::/0", ""))),
    )
    return evidence(
        app(
            (A, "nat-lost"),
            vpcs=(vpc(cidr="fd00::/8"), replace(vpc("bare"), cidrs=())),
            subnets=(B, Subnet("subnet-loop", ACCOUNT, REGION, "vpc-app", ""), Subnet("subnet-x", "4", REGION, "", "")),
            route_tables=odd_tables,
            nat_gateways=nats,
            endpoints=endpoints,
            security_groups=(SecurityGroup("sg-1", ACCOUNT, REGION, "", (Permission("a-protocol-of-2030"),)),),
            attachments=(
                TransitGatewayAttachment(
                    "tgw-attach-1", "tgw-core", "4", REGION, "vpc", "vpc-app", "4", route_table_id="t"
                ),
                TransitGatewayAttachment("tgw-attach-2", "tgw-core", "4", REGION, "a-type-of-2030", "", "4"),
            ),
            transit_routes=(
                TransitGatewayRoute("t", REGION, "0.0.0.0/0", "tgw-attach-1"),
                TransitGatewayRoute("t", REGION, "pl-1", None),
            ),
        ),
        *(nat_series(one.id, 1, 2) for one in nats[:5]),
        *(nat_series(one.id) for one in nats[8:]),
        *(endpoint_series(one.id, number % 2) for number, one in enumerate(endpoints)),
    )


def test_what_nobody_has_seen_yet_crashes_no_rule() -> None:
    found = audit(strange())
    judged = {one.resource for one in found.findings} | {one.resource for one in found.not_evaluated}
    assert not judged & {"nat-failed", "nat-deleted", "nat-new"}
    assert {"nat-regional", "nat-lost"} <= judged


def test_only_gateway_and_interface_endpoints_are_judged() -> None:
    told = {one.resource for one in audit(strange()).findings if one.resource.startswith("vpce-")}
    assert told != set()
    assert {one.split("-")[1] for one in told} <= {"Interface", "Gateway"}


def test_series_without_their_resource_and_resources_without_their_series_are_no_matter() -> None:
    of = evidence(app(endpoints=(interface("sqs", A),)), nat_series("nat-gone", 1), endpoint_series("vpce-gone", 1))
    assert of.window.start.date() == DAY
    assert {one.resource for one in audit(of).findings} >= {"nat-a"}
