"""Endpoints that let everybody do everything are told of, once per VPC for data stores and once for the rest."""

from __future__ import annotations

from dataclasses import replace

import pytest

from auditor.model.audit import Severity
from auditor.model.evidence import Evidence
from auditor.model.resources import Endpoint, EndpointService
from auditor.model.traffic import Level
from tests.rules.ask import edits, findings, unjudged
from tests.rules.build import REGION, A, app, evidence, gateway, interface, vpc

RULE = "endpoint-policy-open"


def opened(endpoint: Endpoint, *, policy: bool | None = True) -> Endpoint:
    return replace(endpoint, policy_open=policy)


def case(*endpoints: Endpoint, services: tuple[EndpointService, ...] = ()) -> Evidence:
    vpcs = (vpc(), vpc("other"))
    return evidence(app((A, "nat-a"), endpoints=endpoints, endpoint_services=services, vpcs=vpcs))


def offer(service: str, *, policy: bool | None) -> EndpointService:
    return EndpointService(f"com.amazonaws.{REGION}.{service}", service, REGION, policy_supported=policy)


def test_stores_and_other_services_are_a_finding_each() -> None:
    of = case(*(opened(one) for one in (gateway("s3"), gateway("dynamodb"), interface("sqs"), interface("kms"))))
    data, services = findings(of, RULE)
    assert (data.id, data.severity) == (f"{RULE}:vpc-app:data", Severity.MEDIUM)
    assert (services.id, services.severity) == (f"{RULE}:vpc-app:services", Severity.LOW)
    assert "vpce-s3 (S3), vpce-dynamodb (DynamoDB)" in data.why
    assert "copy data to a bucket or table that is not yours" in data.why
    assert services.title == "2 endpoints of app with a policy open to everybody"
    assert (services.evidence, services.saving) == (Level.TOPOLOGY, None)
    assert edits(of, RULE) == [(), ()]


def test_an_s3_interface_endpoint_is_a_store_too() -> None:
    (finding,) = findings(case(opened(interface("s3"))), RULE)
    assert finding.id == f"{RULE}:vpc-app:data"
    assert finding.title == "1 S3 or DynamoDB endpoint of app with a policy open to everybody"


def test_each_vpc_has_its_own() -> None:
    there = replace(opened(gateway("s3", vpc_id="vpc-other")), id="vpce-there")
    assert {finding.resource for finding in findings(case(opened(gateway("s3")), there), RULE)} == {
        "vpc-app",
        "vpc-other",
    }


def test_of_many_endpoints_ten_are_named() -> None:
    many = (replace(opened(interface("sqs")), id=f"vpce-{number:02}") for number in range(1_012))
    (finding,) = findings(case(*many), RULE)
    assert "vpce-09 (sqs) and 1,002 more." in finding.why
    assert "vpce-10" not in finding.why


def test_the_name_of_a_vpc_that_was_not_read_is_its_id() -> None:
    (finding,) = findings(case(opened(gateway("s3", vpc_id="vpc-unread"))), RULE)
    assert finding.title == "1 S3 or DynamoDB endpoint of vpc-unread with a policy open to everybody"


@pytest.mark.parametrize(
    "endpoint",
    [
        opened(gateway("s3"), policy=False),
        opened(interface("guardduty-data", requester_managed=True)),
        replace(opened(gateway("s3")), requester_managed=True),
        opened(interface("sqs", state="pending")),
        replace(opened(interface("x")), service="vpce-svc-1", service_name="vpce-svc-1"),
        replace(opened(gateway("s3")), type="GatewayLoadBalancer"),
    ],
    ids=["narrow", "managed by a service", "managed gateway", "not there yet", "a partner's", "another type"],
)
def test_near_misses(endpoint: Endpoint) -> None:
    assert findings(case(endpoint), RULE) == []
    assert unjudged(case(endpoint), RULE) == []


def test_a_service_that_takes_no_policy_is_left_alone() -> None:
    endpoint = opened(interface("transfer"))
    assert findings(case(endpoint, services=(offer("transfer", policy=False),)), RULE) == []
    assert len(findings(case(endpoint, services=(offer("transfer", policy=True),)), RULE)) == 1
    assert len(findings(case(endpoint, services=(offer("transfer", policy=None),)), RULE)) == 1


def test_a_policy_that_was_not_read_is_unknown_not_fine() -> None:
    of = case(opened(gateway("s3"), policy=None), opened(interface("sqs")))
    assert [finding.id for finding in findings(of, RULE)] == [f"{RULE}:vpc-app:services"]
    assert [entry.resource for entry in unjudged(of, RULE)] == ["vpce-s3"]
