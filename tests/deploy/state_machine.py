"""A state machine executed by moto's interpreter of Amazon's States Language; its tasks are recorded, and succeed."""

from __future__ import annotations

import json
import re
import time
from typing import TYPE_CHECKING, Any

import boto3
import moto

if TYPE_CHECKING:
    import pytest

REGION = "eu-central-1"
_MOTO = "moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service_ecs"
Task = dict[str, Any]


def substituted(definition: str, values: dict[str, str]) -> str:
    """The definition as CloudFormation hands it on; a name without a value is a `KeyError`."""
    return re.sub(r"\$\{(\w+)\}", lambda found: values[found[1]], definition)


def executed(definition: str, name: str, patch: pytest.MonkeyPatch) -> list[Task]:
    """The parameters of the tasks that an execution of that name starts, in their order; it must succeed."""
    started: list[Task] = []

    def start(_: object, env: Any, normalised_parameters: Task, **__: object) -> None:  # noqa: ANN401 -- moto's
        started.append(normalised_parameters)
        env.stack.append({})

    def ended(_: object, env: Any, **__: object) -> Any:  # noqa: ANN401 -- moto's
        submitted = env.stack.pop()
        return lambda: submitted or {"LastStatus": "STOPPED"}

    tasks = f"{_MOTO}.StateTaskServiceEcs"
    patch.setattr(f"{tasks}._eval_service_task", start)
    patch.setattr(f"{tasks}._build_sync_resolver", ended)
    with moto.mock_aws(config={"stepfunctions": {"execute_state_machine": True}}):
        client = boto3.client("stepfunctions", REGION)
        role = "arn:aws:iam::123456789012:role/machine"
        machine = client.create_state_machine(name="auditor", definition=_as_moto_reads(definition), roleArn=role)
        execution = client.start_execution(stateMachineArn=machine["stateMachineArn"], name=name)["executionArn"]
        deadline = time.monotonic() + 100
        while (found := client.describe_execution(executionArn=execution))["status"] == "RUNNING":
            assert time.monotonic() < deadline
            time.sleep(0.05)
        assert found["status"] == "SUCCEEDED", found
    return started


def _as_moto_reads(definition: str) -> str:
    """Its grammar wants a fraction where a percentage stands."""
    json.loads(definition)
    return definition.replace('"ToleratedFailurePercentage": 100', '"ToleratedFailurePercentage": 100.0')
