"""A table in AWS Glue's catalog for the time of a query: made where it is missing, and then deleted again."""

from __future__ import annotations

import shlex
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from auditor.attribution.athena.calls import send
from auditor.attribution.athena.table import FlowLogTable
from auditor.aws.calls import ScopeCalls
from auditor.aws.failures import AwsFailureError, Kind
from auditor.aws.operations import BATCH_CREATE_PARTITION, CREATE_TABLE, DELETE_TABLE, GET_PARTITIONS, GET_TABLE

_BATCH = 100
"""Partitions a call of BatchCreatePartition takes (Glue API reference, read 2026-11-20)."""

_NOT_FOUND = "EntityNotFoundException"


@asynccontextmanager
async def in_catalog(calls: ScopeCalls, table: FlowLogTable, notes: list[str]) -> AsyncIterator[None]:
    """Inside, the table and its partitions are there; one that was there before stays. Notes say what could not go."""
    found = await _found(calls, table)
    is_ours = found is None
    try:
        if found is None:
            try:
                await send(calls, CREATE_TABLE, DatabaseName=table.database, TableInput=table.definition())
            except AwsFailureError as failure:
                is_ours = False
                raise _said(calls, table, failure) from failure
        await _add_partitions(calls, table, {} if found is None else await _partitions(calls, table, found))
        yield
    finally:
        if is_ours:
            await _delete(calls, table, notes)


async def _found(calls: ScopeCalls, table: FlowLogTable) -> dict[str, Any] | None:
    try:
        answer = await calls.call(GET_TABLE, DatabaseName=table.database, Name=table.name)
    except AwsFailureError as failure:
        if failure.refusal.code == _NOT_FOUND:
            return None
        raise
    found: dict[str, Any] = answer["Table"]
    return found


async def _partitions(calls: ScopeCalls, table: FlowLogTable, found: dict[str, Any]) -> dict[str, str]:
    """Locations by the folders that a table has which was there; a failure where it is not what its name says."""
    items = await calls.items(
        GET_PARTITIONS, DatabaseName=table.database, TableName=table.name, ExcludeColumnSchema=True
    )
    there = {one["Values"][0]: one["StorageDescriptor"]["Location"] for one in items}
    is_strange = any(folder != location for folder, location in there.items())
    if is_strange or not _holds(found, table.definition()) or set(there) - set(table.folders):
        drop = _command(calls, table, f"delete-table --name {table.name}")
        raise AwsFailureError(Kind.UNKNOWN, f"glue:GetTable: {table.name} is not as it was made: drop it: `{drop}`")
    return there


async def _add_partitions(calls: ScopeCalls, table: FlowLogTable, there: dict[str, str]) -> None:
    missing = [one for one in table.partitions() if one["Values"][0] not in there]
    for start in range(0, len(missing), _BATCH):
        batch = missing[start : start + _BATCH]
        answer = await send(
            calls, BATCH_CREATE_PARTITION, DatabaseName=table.database, TableName=table.name, PartitionInputList=batch
        )
        if errors := answer.get("Errors"):
            said = errors[0].get("ErrorDetail", {}).get("ErrorCode", "error without a code")
            raise AwsFailureError(Kind.UNKNOWN, f"{BATCH_CREATE_PARTITION.action}: {said} in {table.name}: run again")


async def _delete(calls: ScopeCalls, table: FlowLogTable, notes: list[str]) -> None:
    try:
        await send(calls, DELETE_TABLE, DatabaseName=table.database, Name=table.name)
    except AwsFailureError as failure:
        if failure.refusal.code != _NOT_FOUND:
            drop = _command(calls, table, f"delete-table --name {table.name}")
            notes.append(f"{failure.reason}; the table {table.name} is left: `{drop}`")


def _said(calls: ScopeCalls, table: FlowLogTable, failure: AwsFailureError) -> AwsFailureError:
    if failure.refusal.code != _NOT_FOUND:
        return failure
    make = f"aws glue create-database --database-input {shlex.quote(f'Name={table.database}')} --region {calls.region}"
    return AwsFailureError(failure.kind, f"{CREATE_TABLE.action}: no database {table.database}: make it: `{make}`")


def _command(calls: ScopeCalls, table: FlowLogTable, what: str) -> str:
    return f"aws glue {what} --database-name {shlex.quote(table.database)} --region {calls.region}"


def _holds(theirs: Any, ours: Any) -> bool:  # noqa: ANN401 -- JSON
    """Whether AWS's description says all of ours; it says more."""
    if isinstance(ours, dict):
        return isinstance(theirs, dict) and all(_holds(theirs.get(key), value) for key, value in ours.items())
    return bool(theirs == ours)
