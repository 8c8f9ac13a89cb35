"""A group that admits HTTPS from everywhere is told of once, whatever number of endpoints uses it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from auditor.model.audit import Severity
from auditor.model.evidence import Evidence
from auditor.model.resources import Endpoint, Permission, SecurityGroup
from auditor.model.traffic import Level
from tests.rules.ask import edits, findings, unjudged
from tests.rules.build import A, app, evidence, group, interface, subnet, table, vpc

RULE = "endpoint-security-group-open"
HTTPS = Permission("tcp", 443, 443, ("0.0.0.0/0",))


def case(
    one: SecurityGroup, *endpoints: Endpoint, target: str | None = "nat-a", known: tuple[SecurityGroup, ...] = ()
) -> Evidence:
    network = app((A, target), endpoints=endpoints or (interface("sqs", A, groups=(one,)),))
    return evidence(replace(network, security_groups=known or (one,)))


@pytest.mark.parametrize(
    ("permission", "blocks"),
    [
        (HTTPS, "0.0.0.0/0"),
        (replace(HTTPS, protocol="6"), "0.0.0.0/0"),
        (Permission("-1", cidrs=("0.0.0.0/0",)), "0.0.0.0/0"),
        (Permission("tcp", 0, 65535, ("::/0",)), "::/0"),
        (Permission("tcp", None, None, ("::/0", "10.0.0.0/8", "0.0.0.0/0")), "0.0.0.0/0 and ::/0"),
    ],
    ids=["443", "by number", "everything", "all ports over IPv6", "both"],
)
def test_it_fires(permission: Permission, blocks: str) -> None:
    of = case(group(Permission("tcp", 22, 22, ("10.0.0.0/16",)), permission))
    (finding,) = findings(of, RULE)
    assert finding.id == "endpoint-security-group-open:sg-endpoint"
    assert finding.title == "Security group sg-endpoint opens endpoints of app to every address"
    assert f"port 443 from {blocks} to vpce-sqs." in finding.why
    assert "the internet does not reach them" in finding.why
    assert (finding.severity, finding.evidence, finding.saving) == (Severity.LOW, Level.TOPOLOGY, None)
    assert edits(of, RULE) == [()]


@pytest.mark.parametrize(
    "permission",
    [
        replace(HTTPS, cidrs=("10.0.0.0/16",)),
        replace(HTTPS, from_port=80, to_port=80),
        replace(HTTPS, from_port=444, to_port=65535),
        replace(HTTPS, protocol="udp"),
        replace(HTTPS, cidrs=(), groups=("sg-clients",)),
        replace(HTTPS, cidrs=(), prefix_list_ids=("pl-1",)),
    ],
    ids=["own block", "80", "above 443", "UDP", "a group", "a prefix list"],
)
def test_near_misses(permission: Permission) -> None:
    assert findings(case(group(permission)), RULE) == []


def test_one_finding_names_all_endpoints_of_a_group() -> None:
    one = group(HTTPS)
    of = case(one, interface("sqs", A, groups=(one,)), interface("kms", A, groups=(one,)))
    (finding,) = findings(of, RULE)
    assert "to vpce-sqs, vpce-kms." in finding.why


def test_routes_that_lead_out_of_the_vpc_make_it_graver() -> None:
    of = case(group(HTTPS), target="tgw-core")
    (finding,) = findings(of, RULE)
    assert finding.severity is Severity.MEDIUM
    assert "lead to networks outside of it (tgw-core)" in finding.why


def test_only_active_routes_of_its_own_vpc_count() -> None:
    of = case(group(HTTPS))
    (scope,) = of.scopes
    spoke = subnet("spoke", vpc_id="vpc-spoke")
    foreign = table("spoke", "tgw-core", spoke, vpc_id="vpc-spoke")
    dead = table("dead", "pcx-1")
    dead = replace(dead, routes=tuple(replace(route, active=False) for route in dead.routes))
    tables = (*scope.network.route_tables, foreign, dead)
    network = replace(scope.network, route_tables=tables, vpcs=(vpc(), vpc("spoke")))
    (finding,) = findings(replace(of, scopes=(replace(scope, network=network),)), RULE)
    assert finding.severity is Severity.LOW
    assert "No route of the VPC leads to another network today" in finding.why


def test_a_group_without_endpoints_is_none_of_our_business() -> None:
    of = case(group(HTTPS), interface("sqs", A), known=(group(HTTPS),))
    assert findings(of, RULE) == []


def test_endpoints_that_a_service_manages_are_left_alone() -> None:
    one = group(HTTPS)
    assert findings(case(one, interface("guardduty-data", A, groups=(one,), requester_managed=True)), RULE) == []


def test_a_group_that_was_not_listed_is_unknown() -> None:
    closed = replace(group(), id="sg-other")
    of = case(group(HTTPS), known=(closed,))
    assert findings(of, RULE) == []
    assert [entry.resource for entry in unjudged(of, RULE)] == ["sg-endpoint"]
