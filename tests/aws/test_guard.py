"""The audit cannot change the account: whatever a session is asked for, only the reads of the list are sent."""

from __future__ import annotations

import asyncio
import json
import re
from pathlib import Path
from typing import Any

import pytest
from botocore import xform_name

from auditor.aws.operations import ASSUME_ROLE, ATHENA_OPERATIONS, HEAD_BUCKET, OPERATIONS, START_QUERY, STOP_QUERY
from auditor.aws.policy import Grants, Part, policy
from auditor.aws.session import AuditSession
from auditor.errors import NotReadOnlyError
from auditor.store import place
from tests.embedded import ROOT
from tests.fault_proxy import FaultProxy
from tests.models import model

ALLOWED = {(operation.service, operation.name) for operation in OPERATIONS}
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
    others = [name for name in model().operation_names if ("ec2", name) not in ALLOWED]
    sample = sorted({*others[::10], *(name for name in others if name.startswith(("Get", "Search")))})
    assert len(sample) > 80
    assert refused("ec2", {name: {} for name in sample}) == sample
    assert proxy.calls == []


@pytest.mark.usefixtures("aws")
@pytest.mark.parametrize(
    ("service", "names"),
    [
        ("sts", ["GetSessionToken", "AssumeRoleWithWebIdentity", "GetFederationToken"]),
        ("cloudwatch", ["PutMetricData", "DeleteAlarms", "PutDashboard"]),
        ("s3", ["PutObject", "DeleteBucket", "DeleteObject", "GetBucketAcl"]),
        ("athena", ["StartQueryExecution", "DeleteWorkGroup"]),
        ("glue", ["CreateTable", "DeleteTable", "GetTable"]),
        ("logs", ["PutLogEvents", "DeleteLogGroup", "GetLogEvents"]),
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


MAKES_CLIENTS = re.compile(r"\b(AioSession|Session|create_client|boto3\.\w+|get_session)\(")


def test_no_client_is_made_where_no_guard_is_installed() -> None:
    """Two modules make clients of AWS, of sessions that are guarded before any client exists.

    The demonstration writes to the AWS that it embeds; obstore reads and writes the store alone.
    """
    sources = [path for path in Path(ROOT, "auditor").rglob("*.py") if "demo" not in path.parts]
    texts = {path.relative_to(ROOT).as_posix(): path.read_text("utf-8") for path in sources}
    makers = {name: text for name, text in texts.items() if MAKES_CLIENTS.search(text)}
    assert set(makers) == {"auditor/aws/session.py", "auditor/store/place.py"}
    for text in makers.values():
        sessions = re.findall(r"(\S+) = \w*Session\(profile", text)
        guarded = re.findall(r"guard\.install\(([\w.]+), ", text.partition(".create_client(")[0])
        assert sorted(sessions) == sorted(guarded)
        assert len(sessions) == len(re.findall(r"\b(?:AioSession|Session)\(", text))


@pytest.mark.usefixtures("aws")
def test_the_stores_own_client_looks_for_its_bucket_and_can_do_nothing_else(proxy: FaultProxy) -> None:
    bucket = "nordlicht-flow-logs"
    session, region, _ = place._bucket(f"s3://{bucket}", bucket, None)
    client = session.create_client("s3", region_name=region)
    proxy.calls.clear()
    for name in ("DeleteBucket", "PutBucketPolicy", "PutObject", "GetObject"):
        with pytest.raises(NotReadOnlyError, match=rf"refused s3:{name}"):
            getattr(client, xform_name(name))(Bucket=bucket, Key="k", Policy="{}")
    assert proxy.calls == []


def test_all_on_the_list_are_reads_by_name() -> None:
    """Or assume a role, which changes nothing but who reads, or search logs and stop that again."""
    others = {ASSUME_ROLE, HEAD_BUCKET, START_QUERY, STOP_QUERY}
    for operation in OPERATIONS:
        if operation not in others:
            assert operation.name.startswith(("Describe", "Get", "List", "Search")), operation
    assert not set(OPERATIONS) & set(ATHENA_OPERATIONS)


ATHENA_WRITES = [
    ("glue", "DeleteTable", {"DatabaseName": "default", "Name": "sales"}, "does not begin with auditor_"),
    ("glue", "DeleteTable", {"DatabaseName": "default"}, "does not begin with auditor_"),
    ("glue", "CreateTable", {"DatabaseName": "default", "TableInput": {"Name": "sales"}}, "does not begin with"),
    ("glue", "BatchCreatePartition", {"DatabaseName": "d", "TableName": "s"}, "does not begin with"),
    ("glue", "UpdateTable", {"DatabaseName": "default"}, "makes only the reads"),
    ("athena", "StartQueryExecution", {"QueryString": "DROP TABLE sales"}, "not a SELECT"),
    ("athena", "StartQueryExecution", {"QueryString": "INSERT INTO sales SELECT 1"}, "not a SELECT"),
    ("athena", "CreateWorkGroup", {"Name": "w"}, "makes only the reads"),
    ("s3", "PutObject", {"Bucket": "b", "Key": "k"}, "makes only the reads"),
    ("s3", "DeleteObject", {"Bucket": "b", "Key": "AWSLogs/1/vpcflowlogs/a.log.gz"}, "not a result of Athena"),
    ("s3", "DeleteObject", {"Bucket": "b", "Key": "sales.csv"}, "not a result of Athena"),
]


@pytest.mark.usefixtures("aws")
@pytest.mark.parametrize(("service", "name", "params", "why"), ATHENA_WRITES)
def test_a_session_for_athena_touches_only_tables_of_its_own(
    proxy: FaultProxy, service: str, name: str, params: dict[str, Any], why: str
) -> None:
    async def attempt() -> None:
        async with AuditSession(operations=(*OPERATIONS, *ATHENA_OPERATIONS)) as session:
            client = await session.client(service)
            await getattr(client, xform_name(name))(**params)

    with pytest.raises(NotReadOnlyError, match=why):
        asyncio.run(attempt())
    assert proxy.calls == []


def test_all_on_the_list_exist_and_their_lists_are_members_of_their_answers() -> None:
    for operation in OPERATIONS:
        described = model(operation.service).operation_model(operation.name)
        assert not operation.items or operation.items in described.output_shape.members
        assert not operation.page_size or "MaxResults" in described.input_shape.members


@pytest.mark.parametrize("operation", [o for o in OPERATIONS if o.page_size], ids=lambda o: o.name)
def test_pages_are_as_large_as_the_model_says_they_may_be(operation: Any) -> None:  # noqa: ANN401
    """A page size above the limit is an error on the real AWS, and nowhere else."""
    limits = model(operation.service).operation_model(operation.name).input_shape.members["MaxResults"].metadata
    assert limits.get("min", 1) <= operation.page_size <= limits.get("max", 1000)


def test_the_policy_grants_what_the_list_needs_and_nothing_else() -> None:
    reads, lists, gets = json.loads(policy())["Statement"]
    assert reads["Effect"] == lists["Effect"] == gets["Effect"] == "Allow"
    assert reads["Resource"] == "*"
    expected = {f"{service}:{name}" for service, name in ALLOWED if service != "s3"}
    assert reads["Action"] == sorted(expected - {"sts:GetCallerIdentity", "sts:AssumeRole"})
    assert not any("*" in action for action in reads["Action"])
    assert lists["Action"] == ["s3:ListBucket"]
    assert lists["Condition"] == {"StringLike": {"s3:prefix": ["*AWSLogs/*"]}}
    assert gets["Action"] == ["s3:GetObject"]
    assert all("AWSLogs/" in resource for resource in gets["Resource"])


def test_the_policy_without_flow_logs_reads_no_object() -> None:
    (reads,) = json.loads(policy(Grants(frozenset({Part.COLLECT}))))["Statement"]
    assert not any(action.startswith(("s3:", "logs:", "route53resolver:")) for action in reads["Action"])


def test_the_policy_of_another_partition_names_its_buckets() -> None:
    for text in (
        policy(Grants(partition="aws-cn")),
        policy(Grants(frozenset(Part), partition="aws-cn")),
    ):
        assert "arn:aws-cn:s3:::" in text
        assert "arn:aws:" not in text


def test_the_policy_for_athena_writes_only_tables_of_the_audit_and_results() -> None:
    statements = {one["Sid"]: one for one in json.loads(policy(Grants(frozenset({Part.ATHENA}))))["Statement"]}
    assert "glue:DeleteTable" in statements["AuditorMakesTables"]["Action"]
    assert "arn:aws:glue:*:*:table/*/auditor_*" in statements["AuditorMakesTables"]["Resource"]
    assert statements["AuditorKeepsResults"]["Resource"] == [
        "arn:aws:s3:::ATHENA-RESULTS-BUCKET",
        "arn:aws:s3:::ATHENA-RESULTS-BUCKET/*",
    ]


def test_the_policy_lets_assume_the_named_roles_only() -> None:
    role = "arn:aws:iam::210987654321:role/AuditorReadOnly"
    reads, *_, reach = json.loads(policy(Grants(role_arns=(role,))))["Statement"]
    assert "sts:AssumeRole" not in reads["Action"]
    assert (reach["Action"], reach["Resource"]) == (["sts:AssumeRole"], [role])


def test_the_published_policy_is_the_printed_one() -> None:
    assert json.loads(Path(ROOT, "config", "iam-policy.json").read_text("utf-8")) == json.loads(policy())
