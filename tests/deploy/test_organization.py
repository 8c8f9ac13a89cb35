"""The state machine of deploy/organization.yaml: a task for each shard, then one that puts them together."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import boto3
import pytest

from auditor.aws.policy import Grants, Part, policy
from auditor.store import load_evidence
from tests.cli.command import OK, in_process
from tests.deploy.state_machine import Task, executed, substituted
from tests.embedded import OWN, ROOT, Served, served
from tests.remediation.languages import template

RUN = "9b1c1a52-weekly_48"
VALUES = {
    "Partition": "aws",
    "Shards": "3",
    "AtOnce": "2",
    "AssignPublicIp": "DISABLED",
    "Subnets": 'subnet-1","subnet-2',
    "Cluster": "arn:aws:ecs:eu-central-1:123456789012:cluster/auditor",
    "Task": "arn:aws:ecs:eu-central-1:123456789012:task-definition/auditor:7",
    "Firewall": "sg-1",
}


@cache
def parts(name: str, section: str = "Resources") -> dict[str, Any]:
    """A section of a template of the folder `deploy`."""
    found: dict[str, Any] = template((ROOT / f"deploy/{name}.yaml").read_text("utf-8"))[section]
    return found


def machine() -> dict[str, Any]:
    found: dict[str, Any] = parts("organization")["Machine"]["Properties"]
    return found


@pytest.fixture
def definition() -> dict[str, Any]:
    """What the machine does, with values for all names in it."""
    found: dict[str, Any] = json.loads(substituted(machine()["DefinitionString"], VALUES))
    return found


@pytest.fixture(scope="module")
def tasks() -> list[Task]:
    with pytest.MonkeyPatch.context() as patch:
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            patch.setenv(name, "test")
        for name in ("AWS_PROFILE", "AWS_ENDPOINT_URL"):  # an embedded AWS may have been started before
            patch.delenv(name, raising=False)
        return executed(substituted(machine()["DefinitionString"], VALUES), RUN, patch)


def command(task: Task) -> list[str]:
    (container,) = task["Overrides"]["ContainerOverrides"]
    words: list[str] = container["Command"]
    return words


def test_every_name_in_the_definition_is_substituted_and_no_other() -> None:
    assert set(machine()["DefinitionSubstitutions"]) == set(VALUES)


def test_what_it_imports_is_what_the_ops_account_exports() -> None:
    exported = {one["Export"]["Name"]["Fn::Sub"] for one in parts("ops-account", "Outputs").values() if "Export" in one}
    imported = {name.replace("${OpsStack}", "${AWS::StackName}") for name in _imports(parts("organization"))}
    assert imported == exported != set()


def _imports(node: Any) -> Iterator[str]:  # noqa: ANN401 -- YAML
    if isinstance(node, dict):
        for key, value in node.items():
            yield from [value["Fn::Sub"]] if key == "Fn::ImportValue" else _imports(value)
    elif isinstance(node, list):
        for one in node:
            yield from _imports(one)


def test_its_tasks_run_the_container_of_the_ops_account_there(definition: dict[str, Any]) -> None:
    (container,) = parts("ops-account")["Task"]["Properties"]["ContainerDefinitions"]
    for task in _tasks_of(definition):
        assert [one["Name"] for one in task["Overrides"]["ContainerOverrides"]] == [container["Name"]]
        assert (task["Cluster"], task["TaskDefinition"]) == (VALUES["Cluster"], VALUES["Task"])
        assert task["NetworkConfiguration"]["AwsvpcConfiguration"] == {
            "AssignPublicIp": "DISABLED",
            "SecurityGroups": ["sg-1"],
            "Subnets": ["subnet-1", "subnet-2"],
        }


def _tasks_of(machine: dict[str, Any]) -> list[dict[str, Any]]:
    (shard,) = machine["States"]["Read all shards"]["ItemProcessor"]["States"].values()
    return [shard["Parameters"], machine["States"]["Report"]["Parameters"]]


def test_shards_are_read_side_by_side_and_none_that_fails_keeps_the_others_from_a_report(
    definition: dict[str, Any],
) -> None:
    shards = definition["States"]["Read all shards"]
    assert shards["ItemProcessor"]["ProcessorConfig"]["Mode"] == "DISTRIBUTED"
    assert (shards["MaxConcurrency"], shards["ToleratedFailurePercentage"], shards["Next"]) == (2, 100, "Report")
    (retry,) = shards["ItemProcessor"]["States"]["Read a shard"]["Retry"]
    assert (retry["ErrorEquals"], retry["MaxAttempts"]) == (["States.ALL"], 2)


def test_it_may_list_the_accounts_by_what_auditor_iam_prints() -> None:
    granted = parts("organization")["FindsAccounts"]["Properties"]["PolicyDocument"]["Statement"]
    assert granted == json.loads(policy(Grants(frozenset({Part.ORGANIZATION}))))["Statement"]


def test_it_starts_every_shard_once_and_the_report_at_the_end(tasks: list[Task]) -> None:
    *shards, report = map(command, tasks)
    assert sorted(shards) == [
        ["run", "--organization", "--allow-gaps", "--run", RUN, "--shard", f"{n}/3"] for n in (1, 2, 3)
    ]
    assert report == ["report", RUN, "--mail", "--allow-gaps"]


@pytest.fixture(scope="module")
def organization() -> Iterator[tuple[Served, set[str]]]:
    """Ours and six accounts more; roles of any name can be assumed there."""
    with served("blank") as aws, pytest.MonkeyPatch.context() as patch:
        for name, value in aws.environment.items():
            patch.setenv(name, value)
        client = boto3.Session().client("organizations", region_name="us-east-1")
        client.create_organization(FeatureSet="ALL")
        made = (client.create_account(AccountName=f"a{n}", Email=f"a{n}@example.com") for n in range(6))
        yield aws, {OWN, *(str(one["CreateAccountStatus"]["AccountId"]) for one in made)}


def test_the_command_lines_of_its_tasks_audit_the_organization_and_tell_of_it(
    organization: tuple[Served, set[str]], tasks: list[Task], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As the container of the ops account runs them: with its variables, on the embedded AWS."""
    aws, accounts = organization
    set_in_container = {
        "AUDITOR_OUTPUT": str(tmp_path / "report"),
        "AUDITOR_STORE": str(tmp_path / "store"),
        "AUDITOR_ACCOUNTS": OWN,
        "AUDITOR_ROLE": "AuditorReadOnly",
        "AUDITOR_MAIL_FROM": "auditor@example.com",
        "AUDITOR_MAIL_TO": "network@example.com",
        "AUDITOR_MAIL_SES_REGION": "eu-central-1",
    }
    quick = {"AUDITOR_REGIONS": "eu-west-1", "AUDITOR_FORMATS": "json", "AUDITOR_LIVE_PRICES": "false"}
    for name, value in (aws.environment_of(aws.url) | set_in_container | quick).items():
        monkeypatch.setenv(name, value)
    boto3.Session().client("ses", region_name="eu-central-1").verify_email_identity(EmailAddress="auditor@example.com")
    done = [in_process(*command(task)) for task in tasks]
    assert [one.returncode for one in done] == [OK] * 4, [one.stderr for one in done]
    found = load_evidence(tmp_path / "report" / "evidence.json")
    assert {scope.account_id for scope in found.scopes} == accounts
    assert found.all_gaps == ()
    assert ["delivered to network@example.com" in one.stderr for one in done] == [False] * 3 + [True]
