"""An account with flow logs in S3 and an Athena beside it: what tests of reading them share."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar

import boto3
import pytest

from auditor.attribution.athena import run as athena_run
from auditor.attribution.athena.reader import AthenaReader
from auditor.attribution.athena.table import FlowLogTable
from auditor.attribution.ranges import load_ranges
from auditor.attribution.record_format import RecordFormat
from auditor.attribution.s3.keys import location_of_url
from auditor.attribution.s3.objects import Bucket
from auditor.attribution.tally import counting
from auditor.attribution.task import Task, Used
from auditor.aws.calls import ScopeCalls
from auditor.aws.failures import AwsFailureError
from auditor.aws.operations import ATHENA_OPERATIONS, OPERATIONS
from auditor.aws.session import AuditSession, Target
from auditor.collectors.described import load_nat_gateways
from auditor.model.attributed import Attributed
from auditor.model.evidence import Window
from auditor.model.money import Item, Price, Prices
from auditor.model.resources import FlowLog
from tests.attribution import oracle
from tests.attribution.athena_stub import AthenaStub
from tests.attribution.logs import Network, Row, text, write
from tests.attribution.test_oracle import format_of, to_parquet
from tests.embedded import OWN
from tests.fault_proxy import FaultProxy

REGION, LOGS, RESULTS, DATABASE = "eu-west-1", "flow-logs-bucket", "results-bucket", "audits"
WINDOW = Window(datetime(2025, 10, 9, tzinfo=UTC), datetime(2025, 10, 10, tzinfo=UTC))
"""The records begin in its morning, and end in that of the next day."""

RANGES = load_ranges()
FIVE = Prices((Price(REGION, Item.ATHENA_TB, Decimal(5), "TB", "a test", "2026-11-20"),))
LIMIT = 2**30

T = TypeVar("T")


@dataclass
class World:
    """Buckets of flow logs and of results, a database, an Athena; a proxy before all but Athena."""

    athena: AthenaStub
    proxy: FaultProxy
    s3: Any
    glue: Any
    folder: Path

    def keys(self, bucket: str) -> list[str]:
        return list(self.sizes(bucket))

    def sizes(self, bucket: str) -> dict[str, int]:
        """Of all objects, by key."""
        pages = self.s3.get_paginator("list_objects_v2").paginate(Bucket=bucket)
        return {one["Key"]: one["Size"] for page in pages for one in page.get("Contents", ())}

    def tables(self) -> list[str]:
        return [one["Name"] for one in self.glue.get_tables(DatabaseName=DATABASE)["TableList"]]

    def is_clean(self) -> bool:
        """No table, no result."""
        return not self.tables() and not self.keys(RESULTS)

    def upload(self, flow_log: FlowLog, folder: str, content: bytes) -> None:
        end = "log.parquet" if flow_log.file_format == "parquet" else "log.gz"
        file = f"{flow_log.account_id}_vpcflowlogs_{flow_log.region}_{flow_log.id}_20251009T0005Z_0f.{end}"
        self.s3.put_object(Bucket=LOGS, Key=location_of_url(folder).prefix + file, Body=content)


@contextmanager
def world_of(environment: dict[str, str], folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """The account, to which the environment of this process leads."""
    with FaultProxy(environment["AWS_ENDPOINT_URL"]) as proxy:
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr(athena_run, "_FIRST_DELAY", 0.01)
        s3, glue = (boto3.client(name, region_name=REGION) for name in ("s3", "glue"))
        with suppress(glue.exceptions.AlreadyExistsException):
            glue.create_database(DatabaseInput={"Name": DATABASE})
            for bucket in (LOGS, RESULTS):
                s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
        results = {"OutputLocation": f"s3://{RESULTS}/audits/"}
        configuration = {"ResultConfiguration": results, "BytesScannedCutoffPerQuery": LIMIT}
        with AthenaStub(glue, s3, configuration) as athena:
            monkeypatch.setenv("AWS_ENDPOINT_URL", proxy.url)
            monkeypatch.setenv("AWS_ENDPOINT_URL_ATHENA", athena.url)
            yield (here := World(athena, proxy, s3, glue, folder))
            _empty(here)


def _empty(world: World) -> None:
    for bucket in (LOGS, RESULTS):
        for key in world.keys(bucket):
            world.s3.delete_object(Bucket=bucket, Key=key)
    for table in world.tables():
        world.glue.delete_table(DatabaseName=DATABASE, Name=table)


def task_of(network: Network, fields: list[str], folder: Path, **changes: Any) -> Task:
    log_format = " ".join(f"${{{name}}}" for name in fields)
    log = FlowLog("fl-0a", OWN, REGION, "vpc-1", "s3", f"arn:aws:s3:::{LOGS}/here", log_format)
    gateways = load_nat_gateways(write(folder / "described.json", network.described()), REGION)
    return Task(replace(log, **changes), RecordFormat(tuple(fields)), tuple(gateways), WINDOW)


def filled(world: World, shape: str = "default", **changes: Any) -> tuple[Task, oracle.Totals]:
    """A flow log's random records in its folders, another's in the same; what the oracle says of the window's."""
    network = Network(random.Random(f"{shape} {changes}"))
    fields = format_of(network.chance, shape)
    task = task_of(network, fields, world.folder, **changes)
    rows = [row for row in network.records(60) if row.get("bytes") != "many"]
    folders = FlowLogTable(task, DATABASE).folders
    for number, folder in enumerate(folders):
        world.upload(task.flow_log, folder, _packed(world, task, rows[number :: len(folders)]))
    world.upload(replace(task.flow_log, id="fl-0ab"), folders[0], _packed(world, task, rows[:30]))
    inside = [row for row in rows if int(row["start"]) < WINDOW.end.timestamp()]
    assert len(inside) < len(rows) - 50
    return task, oracle.count([write(world.folder / "all.log", text(inside, fields))], network.nats, None)


def _packed(world: World, task: Task, rows: list[Row]) -> bytes:
    fields = list(task.form.fields)
    if task.flow_log.file_format != "parquet":
        return write(world.folder / "x.log.gz", text(rows, fields)).read_bytes()
    to_parquet(path := world.folder / "x/x.parquet", rows, fields)
    return path.read_bytes()


def with_reader(task: Task, use: Callable[[AthenaReader], Awaitable[T]], **changes: Any) -> T:
    """Use a reader in a session that was opened for Athena."""

    async def used() -> T:
        async with AuditSession(operations=(*OPERATIONS, *ATHENA_OPERATIONS)) as session:
            calls = ScopeCalls(session, Target(OWN, REGION, await session.own_credentials()))
            given: dict[str, Any] = {"workgroup": "audits", "database": DATABASE, "prices": FIVE} | changes
            return await use(AthenaReader(task, Bucket(LOGS, REGION, [calls]), calls, **given))

    return asyncio.run(used())


def read(task: Task, **changes: Any) -> tuple[Attributed, Used]:
    with counting(task.gateways) as tally:
        used = with_reader(task, lambda reader: reader.read(tally), **changes)
        return tally.result(RANGES).result, used


def refused(task: Task, **changes: Any) -> str:
    """Why a flow log was not read."""
    with pytest.raises(AwsFailureError) as found:
        read(task, **changes)
    return found.value.reason
