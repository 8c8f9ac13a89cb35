"""The audit cannot change the account: whatever a session is asked for, only the reads of the list are sent."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from botocore import xform_name

from auditor.aws.operations import ALLOWED, ASSUME_ROLE, OPERATIONS
from auditor.aws.policy import policy
from auditor.aws.session import AuditSession
from auditor.errors import NotReadOnlyError
from tests.embedded import ROOT
from tests.fault_proxy import FaultProxy

EC2 = botocore.session.get_session().get_service_model("ec2")
REFUSED = [name for name in EC2.operation_names if ("ec2", name) not in ALLOWED]
# Parameters that AWS would take. The guard runs before they are looked at, so those of the sample need none.
WRITES: dict[str, dict[str, Any]] = {
    "CreateVpcEndpoint": {"VpcId": "vpc-1", "ServiceName": "com.amazonaws.eu-central-1.s3"},
    "DeleteNatGateway": {"NatGatewayId": "nat-1"},
    "ReplaceRoute": {"RouteTableId": "rtb-1", "DestinationCidrBlock": "0.0.0.0/0", "NatGatewayId": "nat-1"},
    "ModifyVpcEndpoint": {"VpcEndpointId": "vpce-1", "ResetPolicy": True},
}


def refused(service: str, calls: dict[str, dict[str, Any]]) -> list[str]:
    """The operations that a client of the session refuses as no reads."""

    async def tried() -> list[str]:
        async with AuditSession() as session:
            client = await session.client(service)
            return [name for name, params in calls.items() if await _is_refused(client, name, params)]

    return asyncio.run(tried())


async def _is_refused(client: Any, name: str, params: dict[str, Any]) -> bool:  # noqa: ANN401 -- botocore's own
    with pytest.raises(NotReadOnlyError, match=rf"refused \w+:{name}: the audit session makes only the reads"):
        await getattr(client, xform_name(name))(**params)
    return True


@pytest.mark.usefixtures("aws")
@pytest.mark.parametrize("name", WRITES)
def test_a_write_that_aws_would_take_is_refused_before_anything_is_sent(proxy: FaultProxy, name: str) -> None:
    assert refused("ec2", {name: WRITES[name]}) == [name]
    assert proxy.calls == []


@pytest.mark.usefixtures("aws")
def test_of_all_that_ec2_can_do_only_the_list_is_left(proxy: FaultProxy) -> None:
    """Every tenth operation of EC2's own model, and all whose names begin like reads."""
    sample = sorted({*REFUSED[::10], *(name for name in REFUSED if name.startswith(("Get", "Search")))})
    assert len(sample) > 80
    assert refused("ec2", {name: {} for name in sample}) == sample
    assert proxy.calls == []


@pytest.mark.usefixtures("aws")
@pytest.mark.parametrize(
    ("service", "names"),
    [
        ("sts", ["GetSessionToken", "AssumeRoleWithWebIdentity", "GetFederationToken"]),
        ("cloudwatch", ["PutMetricData", "DeleteAlarms", "PutDashboard"]),
        ("s3", ["PutObject", "DeleteBucket", "GetObject"]),
        ("iam", ["CreateUser", "AttachRolePolicy"]),
        ("ses", ["SendRawEmail"]),
    ],
)
def test_every_client_of_the_session_is_guarded(proxy: FaultProxy, service: str, names: list[str]) -> None:
    """Also of services that the audit never uses: a client that somebody adds later is guarded from its first call."""
    assert refused(service, {name: {} for name in names}) == names
    assert proxy.calls == []


@pytest.mark.usefixtures("aws")
def test_what_a_client_paginates_is_guarded_too(proxy: FaultProxy) -> None:
    async def paginate() -> None:
        async with AuditSession() as session:
            client = await session.client("ec2")
            async for _ in client.get_paginator("describe_images").paginate():
                pass

    with pytest.raises(NotReadOnlyError):
        asyncio.run(paginate())
    assert proxy.calls == []


def test_all_on_the_list_are_reads_by_name() -> None:
    """Or assume a role, which changes nothing but who reads."""
    for operation in OPERATIONS:
        if operation is not ASSUME_ROLE:
            assert operation.name.startswith(("Describe", "Get", "List", "Search")), operation
    assert {(operation.service, operation.name) for operation in OPERATIONS} == ALLOWED


def test_all_on_the_list_exist_and_their_lists_are_members_of_their_answers() -> None:
    for operation in OPERATIONS:
        model = botocore.session.get_session().get_service_model(operation.service)
        described = model.operation_model(operation.name)
        assert not operation.items or operation.items in described.output_shape.members
        assert not operation.page_size or "MaxResults" in described.input_shape.members


@pytest.mark.parametrize("operation", [o for o in OPERATIONS if o.page_size], ids=lambda o: o.name)
def test_pages_are_as_large_as_the_model_says_they_may_be(operation: Any) -> None:  # noqa: ANN401
    """A page size above the limit is an error on the real AWS, and nowhere else."""
    model = botocore.session.get_session().get_service_model(operation.service)
    limits = model.operation_model(operation.name).input_shape.members["MaxResults"].metadata
    assert limits.get("min", 1) <= operation.page_size <= limits.get("max", 1000)


def test_the_policy_grants_what_the_list_needs_and_nothing_else() -> None:
    granted = json.loads(policy())
    (statement,) = granted["Statement"]
    assert statement["Effect"] == "Allow"
    assert statement["Resource"] == "*"
    expected = {f"{service}:{name}" for service, name in ALLOWED} - {"sts:GetCallerIdentity", "sts:AssumeRole"}
    assert statement["Action"] == sorted(expected)
    assert not any("*" in action for action in statement["Action"])


def test_the_policy_lets_assume_the_named_roles_only() -> None:
    role = "arn:aws:iam::210987654321:role/AuditorReadOnly"
    reads, reach = json.loads(policy((role,)))["Statement"]
    assert "sts:AssumeRole" not in reads["Action"]
    assert (reach["Action"], reach["Resource"]) == (["sts:AssumeRole"], [role])


def test_the_published_policy_is_the_printed_one() -> None:
    assert json.loads(Path(ROOT, "config", "iam-policy.json").read_text("utf-8")) == json.loads(policy())
