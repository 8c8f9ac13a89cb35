"""An endpoint in one zone fails the clients of all others with it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from auditor.model.audit import Severity
from auditor.model.evidence import Evidence
from auditor.model.resources import Endpoint
from auditor.model.traffic import Level
from tests.rules.ask import edits, findings, unjudged
from tests.rules.build import PUBLIC_A, A, B, C, app, attachment, evidence, interface, subnet, vpc

RULE = "interface-endpoint-single-az"


def case(endpoint: Endpoint, *ways: tuple[object, ...]) -> Evidence:
    found = ways or ((A, "nat-a"), (B, "nat-a"))
    return evidence(app(*found, endpoints=(endpoint,)))  # type: ignore[arg-type]


def test_it_names_the_zones_that_depend_on_it() -> None:
    of = case(interface("sqs", A), (A, "nat-a"), (C, None), (B, "nat-a"))
    (finding,) = findings(of, RULE)
    assert finding.id == "interface-endpoint-single-az:vpce-sqs"
    assert finding.title == "Interface endpoint vpce-sqs for sqs stands in eu-central-1a alone"
    assert (
        "Subnets in eu-central-1b, eu-central-1c depend on it too. When eu-central-1a fails, sqs fails" in finding.why
    )
    assert (finding.severity, finding.evidence, finding.saving) == (Severity.LOW, Level.TOPOLOGY, None)
    assert "each further zone" not in finding.why
    assert edits(of, RULE) == [()]


def test_it_says_who_loses_the_service() -> None:
    private, own = (findings(case(interface("sqs", A, private_dns=on)), RULE)[0].why for on in (True, False))
    assert "they do not fall back to the service's public addresses" in private
    assert "Clients that use it by its own names lose the service then." in own


def test_two_subnets_of_one_zone_are_one_zone() -> None:
    twin = subnet("twin")
    assert len(findings(case(interface("sqs", A, twin), (A, "nat-a"), (twin, None), (B, "nat-a")), RULE)) == 1


@pytest.mark.parametrize(
    "endpoint",
    [
        interface("sqs", A, B),
        interface("sqs", A, state="pending"),
        interface("sqs", A, requester_managed=True),
        interface("sqs"),
        replace(interface("sqs", A), type="GatewayLoadBalancer"),
    ],
    ids=["two zones", "not there yet", "managed by a service", "nowhere", "another type"],
)
def test_near_misses(endpoint: Endpoint) -> None:
    assert findings(case(endpoint), RULE) == []
    assert unjudged(case(endpoint), RULE) == []


def test_two_zones_are_enough_for_clients_in_three() -> None:
    assert findings(case(interface("sqs", A, B), (A, "nat-a"), (B, "nat-a"), (C, "nat-a")), RULE) == []


def test_clients_in_its_own_zone_alone_are_well() -> None:
    assert findings(case(interface("sqs", A), (A, "nat-a")), RULE) == []


def test_public_subnets_are_not_counted_beside_private_ones() -> None:
    """They hold NAT gateways and load balancers. Where all are public, they hold the clients."""
    assert findings(case(interface("sqs", A), (A, "nat-a"), (B, "igw-app")), RULE) == []
    assert len(findings(case(interface("sqs", PUBLIC_A), (B, "igw-app")), RULE)) == 1


def test_subnets_in_which_a_transit_gateway_lands_have_no_clients() -> None:
    network = app((A, "nat-a"), (B, None), endpoints=(interface("sqs", A),), attachments=(attachment("vpc-app", B),))
    assert findings(evidence(network), RULE) == []


def test_subnets_of_other_vpcs_do_not_count() -> None:
    foreign = replace(B, vpc_id="vpc-other")
    network = app((A, "nat-a"), (foreign, "nat-a"), vpcs=(vpc(), vpc("other")), endpoints=(interface("sqs", A),))
    assert findings(evidence(network), RULE) == []


def test_a_subnet_that_was_not_read_may_be_in_another_zone() -> None:
    of = case(interface("sqs", A, subnet("elsewhere", "b")))
    assert findings(of, RULE) == []
    assert [entry.resource for entry in unjudged(of, RULE)] == ["vpce-sqs"]
