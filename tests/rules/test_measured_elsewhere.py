"""Bytes at a NAT gateway to which their subnet's routes do not lead are a question, with the likely answers."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from auditor.model.attributed import Attribution, NamedBy
from auditor.model.audit import Severity
from auditor.model.evidence import Evidence
from auditor.model.network import Network
from auditor.model.resources import PrefixList, Route, Subnet
from auditor.model.traffic import Level
from tests.rules.ask import edits, findings, unjudged
from tests.rules.build import (
    GIB,
    OLD,
    PUBLIC_B,
    REGION,
    YOUNG,
    A,
    B,
    app,
    attributed,
    evidence,
    gateway,
    interface,
    nat,
    nat_series,
    scan,
    table,
)
from tests.rules.examples import hub_and_spoke

RULE = "measured-elsewhere"
NAT_B = nat("b", PUBLIC_B.id)
MIB = 2**20


def case(network: Network, *attributions: Attribution, scanned: bool = True, days: int = 30) -> Evidence:
    """What flow logs attribute at nat-a, which carried 1,000 GB."""
    scans = (scan("nat-a", days=days),) if scanned else ()
    series = nat_series("nat-a", 0, 1000 * GIB)
    return evidence(network, series, nat_series("nat-b"), attributions=attributions, scans=scans)


def to_b(**more: Any) -> Network:
    """Two subnets, that lead to a NAT gateway each."""
    return app((A, "nat-b"), (B, "nat-a"), nat_gateways=(nat(), NAT_B), **more)


def seen(subnet: Subnet | None, service: str, count: int) -> Attribution:
    return attributed("nat-a", subnet, service, count)


REST = seen(B, "internet", 800 * GIB)


def test_a_subnet_that_leads_to_another_nat_gateway() -> None:
    of = case(to_b(), seen(A, "internet", 150 * GIB), seen(A, "s3", 50 * GIB), REST)
    (finding,) = findings(of, RULE)
    assert finding.id == "measured-elsewhere:nat-a:subnet-private-a:nat-b"
    assert finding.title == "NAT gateway nat-a carried bytes of subnet private-a that lead elsewhere"
    assert finding.why == (
        "Flow logs show 200 GB in 30 days, 20% of what they show there. Today the subnet's routes lead them to NAT"
        " gateway nat-b. Likely reasons: the routes changed within the window, more specific routes lead some"
        " destinations there, or a proxy or an appliance stands in between."
    )
    assert (finding.severity, finding.evidence, finding.saving) == (Severity.LOW, Level.FLOW_LOGS, None)
    assert (finding.resource, finding.vpc_id) == ("nat-a", "vpc-app")
    assert edits(of, RULE) == [()]


def test_bytes_that_take_todays_way_are_no_question() -> None:
    of = case(app((A, "nat-a"), (B, "nat-a")), seen(A, "internet", 200 * GIB), REST)
    assert (findings(of, RULE), unjudged(of, RULE)) == ([], [])


def test_a_gateway_endpoint_that_is_passed_by() -> None:
    tables = (table("private-a", "nat-a", A), table("private-b", "nat-a", B))
    s3 = replace(gateway("s3", *tables), created=OLD)
    of = case(app((A, "nat-a"), (B, "nat-a"), endpoints=(s3,)), seen(A, "s3", 5 * GIB), seen(A, "internet", 1), REST)
    (finding,) = findings(of, RULE)
    assert finding.id == "measured-elsewhere:nat-a:subnet-private-a:vpce-s3"
    assert finding.severity is Severity.MEDIUM
    assert "Flow logs show 5.00 GB in 30 days" in finding.why
    assert "the subnet's routes lead them to the gateway endpoint vpce-s3 for S3." in finding.why
    assert "its prefix list lacks some of them" in finding.why
    assert "0.0.0.0/0" not in finding.why


def test_an_interface_endpoint_that_is_passed_by() -> None:
    named = replace(seen(A, "kms", 50 * GIB), named_by=NamedBy.QUERY_LOG)
    of = case(app((A, "nat-a"), endpoints=(interface("kms", A),)), named)
    (finding,) = findings(of, RULE)
    assert finding.severity is Severity.MEDIUM
    assert "Today the VPC's DNS leads them to the interface endpoint vpce-kms for kms." in finding.why
    assert "do not ask the VPC's resolver" in finding.why


@pytest.mark.parametrize(
    ("target", "words", "end"),
    [
        (None, "the subnet's routes lead them nowhere", "nowhere"),
        ("igw-app", "the subnet's routes lead them to internet gateway igw-app", "igw-app"),
    ],
    ids=["nowhere", "public"],
)
def test_a_subnet_without_the_way(target: str | None, words: str, end: str) -> None:
    of = case(app((A, target), (B, "nat-a")), seen(A, "internet", 5 * GIB), REST)
    (finding,) = findings(of, RULE)
    assert finding.id.endswith(f":{A.id}:{end}")
    assert f"Today {words}." in finding.why


def with_routes(network: Network, *special: Route) -> Network:
    tables = tuple(
        replace(one, routes=(*one.routes, *special)) if A.id in one.subnet_ids else one for one in network.route_tables
    )
    return replace(network, route_tables=tables)


SPECIAL = (Route("198.51.100.0/24", "nat-a"), Route("203.0.113.0/24", "nat-a", active=False))


def test_more_specific_routes_to_that_nat_gateway_explain_bytes_to_the_internet() -> None:
    assert findings(case(with_routes(to_b(), *SPECIAL), seen(A, "internet", 5 * GIB), REST), RULE) == []
    assert findings(case(with_routes(to_b(), SPECIAL[1]), seen(A, "internet", 5 * GIB), REST), RULE)


def test_more_specific_routes_past_a_gateway_endpoint_are_said_as_a_fact() -> None:
    """198.51.100.0/24 is longer than the /16 of the prefix list, which holds it."""
    lists = (PrefixList("pl-1", REGION, f"com.amazonaws.{REGION}.s3", ("198.51.0.0/16",)),)
    tables = (one for one in to_b().route_tables if A.id in one.subnet_ids)
    endpoints = (replace(gateway("s3", *tables), created=OLD),)
    network = replace(with_routes(to_b(), *SPECIAL), endpoints=endpoints, prefix_lists=lists)
    (finding,) = findings(case(network, seen(A, "s3", 5 * GIB), REST), RULE)
    assert "Today the subnet's routes lead them to the gateway endpoint vpce-s3 for S3" in finding.why
    assert "Its route table leads 198.51.100.0/24 to that NAT gateway" in finding.why


@pytest.mark.parametrize(
    ("stray", "others", "fires"),
    [
        (GIB - 1, 800 * GIB, False),
        (GIB, 800 * GIB, True),
        (10 * MIB, 990 * MIB, True),
        (10 * MIB - 1, 990 * MIB + 1, False),
        (0, GIB, False),
    ],
    ids=["just below 1 GB", "1 GB", "1% of little", "just below 1%", "nothing"],
)
def test_what_is_below_a_gigabyte_and_a_hundredth_is_no_question(stray: int, others: int, *, fires: bool) -> None:
    of = case(to_b(), seen(A, "internet", stray), seen(B, "internet", others))
    assert bool(findings(of, RULE)) is fires


def test_what_came_into_being_within_the_window_explains_it() -> None:
    young = app((A, "nat-b"), (B, "nat-a"), nat_gateways=(nat(), replace(NAT_B, created=YOUNG)))
    tables = (table("private-a", "nat-a", A),)
    new = app((A, "nat-a"), (B, "nat-a"), endpoints=(replace(gateway("s3", *tables), created=YOUNG),))
    for network, service, name in ((young, "internet", "nat-b"), (new, "s3", "vpce-s3")):
        of = case(network, seen(A, service, 5 * GIB), REST)
        assert findings(of, RULE) == []
        (entry,) = unjudged(of, RULE)
        assert entry.resource == "nat-a"
        assert entry.reason == (
            f"flow logs show 5.00 GB of subnet-private-a at it, which {name} would take now, but that is younger than"
            " the window"
        )


def test_routes_that_were_not_read_accuse_nobody() -> None:
    """A transit gateway whose hub is elsewhere, and an appliance, may lead back to the NAT gateway."""
    for target in ("tgw-core", "eni-firewall", "nat-that-is-not-there"):
        assert findings(case(app((A, target), (B, "nat-a")), seen(A, "internet", 50 * GIB), REST), RULE) == []


def test_bytes_to_private_addresses_follow_routes_of_their_own() -> None:
    assert findings(case(to_b(), seen(A, "private", 50 * GIB), REST), RULE) == []


def test_a_spoke_that_leads_to_its_hub_is_well() -> None:
    spoke = Subnet("subnet-spoke", A.account_id, A.region, "vpc-spoke", A.az)
    assert findings(case(hub_and_spoke(), seen(spoke, "internet", 50 * GIB)), RULE) == []


def test_clients_that_are_not_known_are_not_guessed() -> None:
    of = case(to_b(), seen(None, "internet", 50 * GIB))
    assert findings(of, RULE) == []
    assert [(entry.resource, entry.reason) for entry in unjudged(of, RULE)] == [
        ("", "no flow log that was read names the clients of a NAT gateway")
    ]


def test_a_region_without_flow_logs_is_not_called_well_and_says_so_once() -> None:
    of = case(app((A, "nat-a"), (B, "nat-b"), nat_gateways=(nat(), NAT_B)), scanned=False)
    (scope,) = of.scopes
    both = replace(of, scopes=(replace(scope, series=(*nat_series("nat-a", GIB), *nat_series("nat-b", GIB))),))
    assert [entry.resource for entry in unjudged(both, RULE)] == [""]


def test_one_without_flow_log_beside_another_that_has_one_is_named() -> None:
    of = case(app((A, "nat-a"), (B, "nat-b"), nat_gateways=(nat(), NAT_B)), seen(A, "internet", GIB))
    (scope,) = of.scopes
    busy = replace(of, scopes=(replace(scope, series=(*nat_series("nat-a", GIB), *nat_series("nat-b", GIB))),))
    assert [entry.resource for entry in unjudged(busy, RULE)] == ["nat-b"]
    assert unjudged(of, RULE) == []


def test_days_are_those_that_were_read() -> None:
    (finding,) = findings(case(to_b(), seen(A, "internet", 5 * GIB), REST, days=7), RULE)
    assert "5.00 GB in 7 days" in finding.why
