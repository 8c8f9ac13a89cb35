"""The files of deploy/ grant what `auditor iam` prints, and an audit runs through the role that they make."""

from __future__ import annotations

import ast
import asyncio
import json
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from auditor.aws.accounts import Access
from auditor.aws.policy import Grants, Part, policy
from auditor.collectors.run import Selection, collect, window_of
from auditor.demo.company import DEMO_NOW
from auditor.model.evidence import Evidence
from tests.embedded import MEMBER, OWN, ROOT, Served, served
from tests.fault_proxy import FaultProxy
from tests.remediation.languages import faults, resources

DEPLOY = ROOT / "deploy"
TEMPLATES = sorted(DEPLOY.glob("*.yaml"))
REGION, ROLE, EXTERNAL_ID = "eu-central-1", "AuditorReadOnly", "an-external-id-of-no-use"


def resolved(node: Any) -> Any:  # noqa: ANN401 -- YAML
    """A template's policy as IAM would get it, in the partition aws."""
    if isinstance(node, dict):
        if set(node) == {"Fn::Sub"}:
            return node["Fn::Sub"].replace("${AWS::Partition}", "aws").replace("${MemberRole}", ROLE)
        return {str(key): resolved(value) for key, value in node.items()}
    return [resolved(one) for one in node] if isinstance(node, list) else node


def statements(template: str, role: str) -> dict[str, Any]:
    policies = resources((DEPLOY / template).read_text("utf-8"))[role]["Properties"]["Policies"]
    return {one["Sid"]: one for each in policies for one in resolved(each["PolicyDocument"]["Statement"])}


def printed(grants: Grants | None = None) -> dict[str, Any]:
    return {one["Sid"]: one for one in json.loads(policy(grants))["Statement"]}


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_cfn_lint_has_nothing_against_a_template(template: Path) -> None:
    assert faults(template.read_text("utf-8")) == []


def test_the_members_role_grants_exactly_what_auditor_iam_prints() -> None:
    assert statements("member-role.yaml", "Role") == printed()


def test_the_tasks_role_grants_exactly_that_and_members_mail_and_its_bucket() -> None:
    granted = statements("ops-account.yaml", "TaskRole")
    parts = frozenset({Part.COLLECT, Part.FLOW_LOGS, Part.MAIL, Part.STORE})
    expected = printed(Grants(parts, (f"arn:aws:iam::*:role/{ROLE}",), store="s3://bucket/runs"))
    expected["AuditorSendsMail"]["Condition"] = {"StringEquals": {"ses:FromAddress": {"Ref": "MailFrom"}}}
    expected["AuditorListsRuns"]["Resource"] = {"Fn::GetAtt": ["Store", "Arn"]}
    expected["AuditorKeepsRuns"]["Resource"] = "${Store.Arn}/runs/*"
    assert granted == expected


@pytest.fixture(scope="module")
def guarded() -> Iterator[tuple[Served, dict[str, str]]]:
    """Two accounts with IAM enforced: the role is there by its template, and a user in ours may assume it."""
    with served("blank") as aws, pytest.MonkeyPatch.context() as environment:
        for name, value in aws.environment.items():
            environment.setenv(name, value)
        member = _session(boto3.client("sts", REGION).assume_role(RoleArn=_arn("any"), RoleSessionName="test"))
        _make_network(member.client("ec2", REGION))
        _deploy_role(member.client("cloudformation", REGION))
        _write_policy_as_text(member.client("iam", REGION))
        user = _user(boto3.client("iam", REGION), policy(Grants(role_arns=(_arn(ROLE),))))
        _enforce(aws.url)
        yield aws, user


def _arn(role: str) -> str:
    return f"arn:aws:iam::{MEMBER}:role/{role}"


def _session(assumed: Any) -> boto3.Session:  # noqa: ANN401 -- boto3 publishes no types
    given = assumed["Credentials"]
    return boto3.Session(given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"])


def _make_network(ec2: Any) -> None:  # noqa: ANN401
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.1.0/24")["Subnet"]["SubnetId"]
    address = ec2.allocate_address(Domain="vpc")["AllocationId"]
    nat = ec2.create_nat_gateway(SubnetId=subnet, AllocationId=address)["NatGateway"]["NatGatewayId"]
    table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", NatGatewayId=nat)


def _deploy_role(cloudformation: Any) -> None:  # noqa: ANN401
    given = {"OpsPrincipal": f"arn:aws:iam::{OWN}:user/auditor", "ExternalId": EXTERNAL_ID}
    cloudformation.create_stack(
        StackName="auditor",
        TemplateBody=(DEPLOY / "member-role.yaml").read_text("utf-8"),
        Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in given.items()],
        Capabilities=["CAPABILITY_NAMED_IAM"],
    )
    (stack,) = cloudformation.describe_stacks(StackName="auditor")["Stacks"]
    assert stack["StackStatus"] == "CREATE_COMPLETE"
    assert stack["Outputs"][0]["OutputValue"] == _arn(ROLE)


def _write_policy_as_text(iam: Any) -> None:  # noqa: ANN401
    """The embedded AWS keeps the documents of a template as Python shows them, and fails on them when it asks IAM."""
    (name,) = iam.list_role_policies(RoleName=ROLE)["PolicyNames"]
    document = ast.literal_eval(iam.get_role_policy(RoleName=ROLE, PolicyName=name)["PolicyDocument"])
    assert {one["Sid"]: one for one in document["Statement"]} == printed()
    # And it asks for the name that CloudWatch has in signatures.
    text = json.dumps(document).replace("cloudwatch:", "monitoring:")
    iam.put_role_policy(RoleName=ROLE, PolicyName=name, PolicyDocument=text)


def _user(iam: Any, granted: str) -> dict[str, str]:  # noqa: ANN401
    iam.create_user(UserName="auditor")
    iam.put_user_policy(UserName="auditor", PolicyName="auditor", PolicyDocument=granted)
    key = iam.create_access_key(UserName="auditor")["AccessKey"]
    return {"AWS_ACCESS_KEY_ID": key["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"]}


def _enforce(url: str) -> None:
    """From now on moto asks IAM."""
    request = urllib.request.Request(f"{url}/moto-api/reset-auth", b"0", {"Content-Type": "text/plain"})  # noqa: S310
    urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request).close()


def audited(guarded: tuple[Served, dict[str, str]], proxy: FaultProxy, monkeypatch: pytest.MonkeyPatch) -> Evidence:
    aws, user = guarded
    for name, value in (aws.environment_of(proxy.url) | user).items():
        monkeypatch.setenv(name, value)
    wanted = Selection(
        window=window_of(30, DEMO_NOW),
        generated_at=DEMO_NOW,
        regions=(REGION,),
        accounts=(MEMBER,),
        access=Access(ROLE, EXTERNAL_ID),
        live_prices=False,
    )
    return asyncio.run(collect(wanted))


def test_an_audit_runs_through_the_role_under_its_policy_alone(
    guarded: tuple[Served, dict[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    with FaultProxy(guarded[0].url) as proxy:
        evidence = audited(guarded, proxy, monkeypatch)
        (assumed,) = [call for call in proxy.calls if call.operation == "AssumeRole"]
    assert assumed.params["ExternalId"] == EXTERNAL_ID
    (scope,) = evidence.scopes
    assert [gap.reason for gap in (*scope.gaps, *evidence.gaps)] == []
    assert (scope.account_id, scope.status) == (MEMBER, "audited")
    assert len(scope.network.nat_gateways) == 1
