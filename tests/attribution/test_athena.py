"""Athena counts the same as the slow oracle, of one flow log alone, and leaves nothing behind."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from auditor.attribution.athena.table import FlowLogTable
from auditor.model.evidence import Window
from auditor.model.money import Prices
from tests.attribution.athena_world import (
    DATABASE,
    LOGS,
    RESULTS,
    WINDOW,
    World,
    filled,
    read,
    refused,
    with_reader,
    world_of,
)
from tests.attribution.test_oracle import SHAPES, agree
from tests.embedded import Served, served


@pytest.fixture(scope="module")
def blank() -> Iterator[Served]:
    with served("blank") as aws:
        yield aws


@pytest.fixture
def world(blank: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    with world_of(blank.environment, tmp_path, monkeypatch) as here:
        yield here


@pytest.mark.parametrize("file_format", ["plain-text", "parquet"])
@pytest.mark.parametrize("shape", SHAPES)
def test_athena_gives_the_oracles_totals(world: World, shape: str, file_format: str) -> None:
    """Those of the window alone, though another flow log's files lie in the same folders."""
    task, want = filled(world, shape, file_format=file_format)
    before = world.keys(LOGS)
    seen, used = read(task)
    assert want.sums
    assert want.counts["records"] > 100
    agree(seen, want)
    assert world.is_clean()
    assert world.keys(LOGS) == before
    assert used.notes == ()


@pytest.mark.parametrize("layout", [{"per_hour": True}, {"hive_compatible": True, "per_hour": True}])
def test_every_layout_of_keys_is_read(world: World, layout: dict[str, Any]) -> None:
    task, want = filled(world, **layout)
    assert len(FlowLogTable(task, DATABASE).folders) == 26, "the day's hours, and two in which the last files come"
    seen, _ = read(task)
    agree(seen, want)


def test_nothing_but_a_table_and_a_result_is_written(world: World) -> None:
    """Partitions come a hundred a call; all that was made is deleted again."""
    task, _ = filled(world, per_hour=True)
    world.proxy.calls.clear()
    read(replace(task, window=Window(WINDOW.start - timedelta(days=8), WINDOW.end)))
    writes = [call.operation for call in world.proxy.calls if not call.operation.upper().startswith("GET")]
    output = world.athena.outputs()[0].removeprefix("s3:/")
    assert writes == [
        *("CreateTable", "BatchCreatePartition", "BatchCreatePartition", "BatchCreatePartition", "DeleteTable"),
        *(f"DELETE {output}", f"DELETE {output}.metadata"),
    ]
    assert [name for name, _ in world.athena.calls if not name.startswith("Get")] == ["StartQueryExecution"]


def test_the_estimate_is_all_that_is_stored_in_the_folders(world: World) -> None:
    """Of other flow logs too, for Athena may read them."""
    task, _ = filled(world)
    sizes = world.sizes(LOGS).values()
    seen = with_reader(task, lambda reader: reader.estimate())
    assert (seen.bytes, seen.usd) == (sum(sizes), Decimal(5) * 10 / 2**20), "ten megabytes are billed at the least"
    assert seen.detail.startswith(f"{len(sizes)} objects, 0.0 GiB")
    _, used = read(task)
    assert used.bytes == seen.bytes
    assert with_reader(task, lambda reader: reader.estimate(), prices=Prices()).usd is None


def test_a_table_that_is_there_already_is_used_and_stays(world: World) -> None:
    """Also if a run that was killed left it without some of its partitions."""
    task, want = filled(world)
    table = FlowLogTable(task, DATABASE)
    world.glue.create_table(DatabaseName=DATABASE, TableInput=table.definition())
    batch = table.partitions()[:1]
    world.glue.batch_create_partition(DatabaseName=DATABASE, TableName=table.name, PartitionInputList=batch)
    seen, _ = read(task)
    agree(seen, want)
    assert world.tables() == [table.name]
    assert not world.keys(RESULTS)


def test_a_table_that_was_changed_is_not_used(world: World) -> None:
    task, _ = filled(world)
    table = FlowLogTable(task, DATABASE)
    changed = table.definition() | {"Parameters": {}}
    world.glue.create_table(DatabaseName=DATABASE, TableInput=changed)
    reason = refused(task)
    assert f"{table.name} is not as it was made" in reason
    assert f"`aws glue delete-table --name {table.name} --database-name audits --region eu-west-1`" in reason
    assert world.tables() == [table.name]


def test_a_day_without_records_gives_none(world: World) -> None:
    """Folders that are not there are empty ones."""
    task, _ = filled(world)
    early = Window(datetime(2025, 9, 1, tzinfo=UTC), datetime(2025, 9, 2, tzinfo=UTC))
    seen, _ = read(replace(task, window=early))
    assert (seen.records, seen.first) == (0, None)
