"""An endpoint is bypassed if it carried nothing, something keeps clients from it, and a NAT gateway is their way."""

from __future__ import annotations

from typing import Any

import pytest

from auditor.model.audit import Finding
from auditor.model.evidence import Evidence
from auditor.model.resources import Endpoint, EndpointService, Permission, SecurityGroup
from auditor.model.traffic import Level
from auditor.whatif.edits import AdmitHttps, TurnOnPrivateDns
from tests.rules.ask import edits, findings, up_to
from tests.rules.build import (
    GIB,
    REGION,
    A,
    app,
    endpoint_series,
    evidence,
    group,
    interface,
    nat_series,
    silent_series,
    vpc,
)

RULE = "interface-endpoint-bypassed"
CIDR = "10.0.0.0/16"
OPEN = group(Permission("tcp", 443, 443, (CIDR,)))
CLOSED = group(Permission("tcp", 443, 443, ("10.99.0.0/16",)))


def offer(service: str = "ecr.api", *names: str) -> EndpointService:
    return EndpointService(f"com.amazonaws.{REGION}.{service}", service, REGION, ("Interface",), (), names)


def case(  # noqa: PLR0913 -- each of them can be the reason
    endpoint: Endpoint,
    *,
    carried: int = 0,
    target: str | None = "nat-a",
    dns: bool | None = True,
    groups: tuple[SecurityGroup, ...] = (OPEN,),
    offers: EndpointService | None = None,
) -> Evidence:
    network = app(
        (A, target),
        vpcs=(vpc(dns=dns),),
        endpoints=(endpoint,),
        security_groups=groups,
        endpoint_services=(offers or offer(endpoint.service, f"{endpoint.service}.{REGION}.amazonaws.com"),),
    )
    return evidence(network, nat_series("nat-a", 720 * GIB), endpoint_series(endpoint.id, carried))


def ecr(*groups: SecurityGroup, **more: Any) -> Endpoint:
    return interface("ecr.api", A, groups=groups or (OPEN,), **more)


def only(of: Evidence) -> Finding:
    (finding,) = findings(of, RULE)
    return finding


def test_with_private_dns_off_the_difference_of_both_rates_is_saved_at_the_most() -> None:
    finding = only(case(ecr(private_dns=False)))
    # 730 GB × (0.052 − 0.01); the hours are paid already.
    assert finding.saving == up_to("30.66")
    assert finding.evidence is Level.METRICS
    assert "its private DNS name is off" in finding.why
    assert edits(case(ecr(private_dns=False)), RULE) == [(TurnOnPrivateDns("vpce-ecr.api", "vpc-app", REGION),)]


def test_the_vpcs_dns_attributes_can_be_why() -> None:
    of = case(ecr(), dns=False)
    assert "the VPC's DNS support or DNS hostnames are off" in only(of).why
    assert edits(of, RULE) == [(TurnOnPrivateDns("vpce-ecr.api", "vpc-app", REGION),)]


def test_dns_that_is_off_in_two_places_is_mended_once() -> None:
    assert edits(case(ecr(private_dns=False), dns=False), RULE) == [
        (TurnOnPrivateDns("vpce-ecr.api", "vpc-app", REGION),)
    ]


def test_a_security_group_can_be_why_and_then_bytes_are_not_at_stake() -> None:
    """Clients are sent to the endpoint and get no answer: nothing goes through NAT instead."""
    of = case(ecr(CLOSED), groups=(CLOSED,))
    finding = only(of)
    assert finding.saving is None
    assert finding.evidence is Level.TOPOLOGY
    assert edits(of, RULE) == [(AdmitHttps("sg-endpoint", REGION, (CIDR,)),)]


def test_all_reasons_are_told_and_mended() -> None:
    of = case(ecr(CLOSED, private_dns=False), groups=(CLOSED,))
    assert [type(edit) for edit in edits(of, RULE)[0]] == [TurnOnPrivateDns, AdmitHttps]
    assert only(of).saving == up_to("30.66")


@pytest.mark.parametrize(
    "permission",
    [
        Permission("tcp", 80, 80, (CIDR,)),
        Permission("udp", 443, 443, (CIDR,)),
        Permission("tcp", 444, 65535, (CIDR,)),
        Permission("tcp", 443, 443, ("10.1.0.0/16",)),
        Permission("tcp", 443, 443, ("fd00::/8",)),
    ],
    ids=["port 80", "udp", "above 443", "elsewhere", "IPv6 only"],
)
def test_permissions_that_do_not_admit_https_from_the_vpc(permission: Permission) -> None:
    assert "admit no port 443" in only(case(ecr(), groups=(group(permission),))).why


@pytest.mark.parametrize(
    "permission",
    [
        Permission("-1", None, None, ("0.0.0.0/0",)),
        Permission("tcp", None, None, (CIDR,)),
        Permission("tcp", 0, 65535, ("10.0.1.0/24",)),
        Permission("6", 443, 443, ("10.0.0.0/8",)),
        Permission("tcp", 443, 443, groups=("sg-clients",)),
        Permission("tcp", 443, 443, prefix_list_ids=("pl-1",)),
    ],
    ids=["all", "all ports", "part of the VPC", "by number", "a group", "a prefix list"],
)
def test_permissions_that_may_admit_some_client(permission: Permission) -> None:
    assert findings(case(ecr(), groups=(group(permission),)), RULE) == []


def test_a_group_that_was_not_read_is_given_the_benefit() -> None:
    assert findings(case(ecr(CLOSED), groups=()), RULE) == []


@pytest.mark.parametrize("dns", [True, None])
def test_nothing_is_wrong_with_private_dns_on_and_vpc_dns_on_or_not_asked_for(dns: bool | None) -> None:  # noqa: FBT001
    assert findings(case(ecr(), dns=dns), RULE) == []


def test_a_service_without_private_dns_name_is_not_bypassed() -> None:
    assert findings(case(ecr(private_dns=False), offers=offer("ecr.api")), RULE) == []


def test_one_that_carried_a_byte_is_reached() -> None:
    assert findings(case(ecr(private_dns=False), carried=1), RULE) == []


@pytest.mark.parametrize("target", ["igw-app", None])
def test_without_nat_nothing_passes_it_by(target: str | None) -> None:
    assert findings(case(ecr(private_dns=False), target=target), RULE) == []


@pytest.mark.parametrize("service", ["s3", "dynamodb"])
def test_services_with_gateway_endpoints_are_left_to_those(service: str) -> None:
    assert findings(case(interface(service, A, private_dns=False)), RULE) == []


@pytest.mark.parametrize("change", [{"requester_managed": True}, {"state": "pending"}, {"service_region": "us-east-1"}])
def test_one_that_is_not_the_users_not_there_or_not_measurable_is_left_alone(change: dict[str, Any]) -> None:
    assert findings(case(ecr(private_dns=False, **change)), RULE) == []


def test_one_whose_bytes_are_unknown_is_not_called_bypassed() -> None:
    network = case(ecr(private_dns=False)).network
    assert findings(evidence(network, nat_series("nat-a", GIB)), RULE) == []


def test_an_old_one_without_datapoints_carried_nothing() -> None:
    network = case(ecr(private_dns=False)).network
    of = evidence(network, nat_series("nat-a", 720 * GIB), silent_series("vpce-ecr.api"))
    assert only(of).saving == up_to("30.66")
