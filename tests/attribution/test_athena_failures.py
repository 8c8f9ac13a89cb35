"""Athena is asked only where it is bounded; whatever goes wrong has a reason with a next step, and nothing stays."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from botocore.validate import ParamValidator

from auditor.attribution.athena.reader import AthenaReader
from auditor.attribution.tally import counting
from auditor.aws.operations import ATHENA_OPERATIONS
from tests.attribution.athena_stub import OVER_CUTOFF, Fate
from tests.attribution.athena_world import DATABASE, RESULTS, World, filled, read, refused, with_reader, world_of
from tests.attribution.test_oracle import agree
from tests.embedded import Served, served
from tests.models import model


@pytest.fixture(scope="module")
def blank() -> Iterator[Served]:
    with served("blank") as aws:
        yield aws


@pytest.fixture
def world(blank: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    with world_of(blank.environment, tmp_path, monkeypatch) as here:
        yield here


UPDATE = "aws athena update-work-group --work-group audits"
LIMIT_IT = f"`{UPDATE} --configuration-updates BytesScannedCutoffPerQuery=10000000 --region eu-west-1`"
TEN_MB = {"BytesScannedCutoffPerQuery": 10_000_000}
MANAGED = {"ResultConfiguration": {}, "ManagedQueryResultsConfiguration": {"Enabled": True}}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"BytesScannedCutoffPerQuery": 0}, f"does not limit the bytes that a query scans, so nothing .*: {LIMIT_IT}$"),
        ({"BytesScannedCutoffPerQuery": 99}, f"stops a query at 99 bytes, and this one may scan .*: {LIMIT_IT}$"),
        (MANAGED, f"has no bucket for results: .*: `{UPDATE} [^`]*OutputLocation=[^`]* --region eu-west-1`$"),
    ],
)
def test_nothing_starts_in_a_workgroup_that_is_not_fit(world: World, changes: dict[str, Any], said: str) -> None:
    """Unbounded, bounded below the estimate, or without a bucket: the reason is the command that mends it."""
    task, _ = filled(world)
    world.athena.configuration |= changes
    assert re.search(said, refused(task))
    assert not world.athena.asked("StartQueryExecution")
    assert "CreateTable" not in {call.operation for call in world.proxy.calls}


def test_a_disabled_workgroup_is_said_to_be_so(world: World) -> None:
    task, _ = filled(world)
    world.athena.state = "DISABLED"
    assert refused(task).endswith(f"is disabled: enable it: `{UPDATE} --state ENABLED --region eu-west-1`")


def test_the_settings_in_the_commands_are_those_of_the_api() -> None:
    """The command line takes them as the API's model has them."""
    athena = model("athena")
    update = athena.shape_for("WorkGroupConfigurationUpdates")
    for settings in (TEN_MB, {"ResultConfigurationUpdates": {"OutputLocation": "s3://b/p/"}}):
        assert not ParamValidator().validate(settings, update).has_errors()
    assert "ENABLED" in athena.shape_for("WorkGroupState").enum


@pytest.mark.parametrize(
    ("fate", "said"),
    [
        (Fate(reason="Access Denied (Service: Amazon S3)"), "failed: Access Denied .*: grant the caller s3:GetObject"),
        (Fate(reason="HIVE_CURSOR_ERROR: Unexpected end"), "failed: HIVE_CURSOR_ERROR.*: read it here instead"),
        (Fate(reason="GENERIC_INTERNAL_ERROR: no"), "failed: GENERIC_INTERNAL_ERROR: no: run again, or read"),
        (Fate("CANCELLED", OVER_CUTOFF, scanned=11_000_000), f"cancelled after 11,000,000 bytes: Bytes.*: {LIMIT_IT}"),
        (Fate("CANCELLED", "Query cancelled by user"), "cancelled: Query cancelled by user: run again"),
    ],
)
def test_a_query_that_fails_says_why_and_what_to_do(world: World, fate: Fate, said: str) -> None:
    task, _ = filled(world)
    world.athena.fates = [fate]
    assert re.search(f"^athena:StartQueryExecution: query [0-9a-f-]+ .*{said}", refused(task))
    assert len(world.athena.asked("StartQueryExecution")) == 1
    assert world.is_clean()


def test_what_athena_calls_retryable_is_tried_once_more(world: World) -> None:
    task, want = filled(world)
    world.athena.fates = [Fate(is_retryable=True)]
    seen, _ = read(task)
    agree(seen, want)
    first, second = (body["ClientRequestToken"] for body in world.athena.asked("StartQueryExecution"))
    assert first != second, "the same token would give the same failed query again"
    world.athena.fates = [Fate(is_retryable=True)] * 5
    assert "exhausted resources" in refused(task)
    assert len(world.athena.asked("StartQueryExecution")) == 4
    assert world.is_clean()


def test_a_query_that_takes_too_long_is_stopped(world: World) -> None:
    task, _ = filled(world)
    world.athena.fates = [Fate("QUEUED")]
    assert "took more than 1 s and was stopped: run again" in refused(task, timeout=1)
    assert len(world.athena.asked("StopQueryExecution")) == 1
    assert len(world.athena.asked("GetQueryExecution")) < 15, "it is asked less and less often"
    assert world.is_clean()


def test_a_reading_that_is_cancelled_leaves_nothing(world: World) -> None:
    task, _ = filled(world)
    world.athena.fates = [Fate("QUEUED")]

    async def cancelled(reader: AthenaReader) -> None:
        with counting(task.gateways) as tally:
            reading = asyncio.create_task(reader.read(tally))
            await asyncio.to_thread(world.athena.is_followed.wait, 30)
            assert world.tables()
            reading.cancel()
            with pytest.raises(asyncio.CancelledError):
                await reading

    with_reader(task, cancelled)
    assert len(world.athena.asked("StopQueryExecution")) == 1
    assert world.is_clean()


@pytest.mark.parametrize("operation", ["GetWorkGroup", "StartQueryExecution", "GetQueryExecution"])
def test_a_refused_call_names_the_permission(world: World, operation: str) -> None:
    task, _ = filled(world)
    world.athena.refused[operation] = ("AccessDeniedException", "You are not authorized")
    assert refused(task) == f"athena:{operation}: AccessDeniedException: grant athena:{operation} to the caller"
    assert world.is_clean()
    stopped = len(world.athena.asked("StopQueryExecution"))
    assert stopped == (operation == "GetQueryExecution"), "nobody follows the query any more"


def test_throttling_ends_in_a_reason(world: World) -> None:
    task, _ = filled(world)
    world.athena.refused["StartQueryExecution"] = ("TooManyRequestsException", "Rate exceeded")
    assert "TooManyRequestsException: AWS asked to slow down" in refused(task)
    assert world.is_clean()


def test_a_database_that_is_not_there_is_named_with_the_command(world: World) -> None:
    task, _ = filled(world)
    made = "`aws glue create-database --database-input 'Name=no such' --region eu-west-1`"
    assert refused(task, database="no such") == f"glue:CreateTable: no database no such: make it: {made}"


def test_what_cannot_be_deleted_is_told(world: World) -> None:
    """The figures stand; the notes say what is left and how to drop it. After a failure its reason says it."""
    task, want = filled(world)
    world.proxy.deny("DeleteTable")
    seen, used = read(task)
    agree(seen, want)
    assert len(used.notes) == 1
    assert f"the table {world.tables()[0]} is left: `aws glue delete-table --name" in used.notes[0]
    world.glue.delete_table(DatabaseName=DATABASE, Name=world.tables()[0])
    world.athena.fates = [Fate()]
    assert re.search("exhausted resources .*; glue:DeleteTable: .* is left: `aws", refused(task))


def test_a_result_that_cannot_be_had_is_a_failure(world: World) -> None:
    """And then nobody could read it later: it is deleted all the same."""
    task, _ = filled(world)
    world.proxy.deny(f"GET /{RESULTS}/audits/{UUID(int=1)}.csv")
    assert f"s3:GetObject: bucket {RESULTS}: AccessDenied: grant s3:ListBucket, s3:GetObject" in refused(task)
    assert world.is_clean()


def test_athena_answers_have_the_shapes_of_its_api(world: World) -> None:
    """What the stand-in for Athena says, and what it is told, is valid by AWS's own model."""
    task, _ = filled(world)
    world.athena.fates = [Fate(is_retryable=True)]
    read(task)
    world.athena.fates = [Fate("QUEUED")]
    refused(task, timeout=0.3)
    assert {name for name, _ in world.athena.answers} == {op.name for op in ATHENA_OPERATIONS if op.service == "athena"}
    for kind, said in (("input_shape", world.athena.calls), ("output_shape", world.athena.answers)):
        for name, body in said:
            report = ParamValidator().validate(body, getattr(model("athena").operation_model(name), kind))
            assert not report.has_errors(), report.generate_report()
