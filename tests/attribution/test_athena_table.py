"""The table and the query that Athena gets: within what Trino reads, and safe whatever names come in."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
import sqlglot
from botocore.validate import ParamValidator
from sqlglot import exp
from sqlglot.optimizer.qualify import qualify

from auditor.attribution.athena.table import FlowLogTable
from auditor.attribution.record_format import RecordFormat
from auditor.attribution.task import Task
from auditor.aws.failures import AwsFailureError
from auditor.model.evidence import Window
from auditor.model.flow_record import DEFAULT_FIELDS
from auditor.model.resources import FlowLog, NatAddress, NatGateway
from tests.models import model

ALL = (*DEFAULT_FIELDS, "pkt-srcaddr", "pkt-dstaddr", "resource-id", "vpc-id")
WITHOUT = tuple(name for name in ALL if name not in {"log-status", "action", "start", "end"})
FORMS = {"default": DEFAULT_FIELDS, "all": ALL, "without": WITHOUT, "packets": (*ALL[:3], *ALL[9:])}
PORTABLE = {
    *(exp.Coalesce, exp.Nullif, exp.Cast, exp.TryCast, exp.StrPosition, exp.Sum, exp.Count, exp.Min, exp.Max),
    *(exp.Case, exp.If, exp.And, exp.Or),
}
WINDOW = Window(datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 11, 3, tzinfo=UTC))


def table(fields: tuple[str, ...], *, database: str = "audits", key: str = "eni-1", **changes: Any) -> FlowLogTable:
    log_format = " ".join(f"${{{name}}}" for name in fields)
    log = FlowLog("fl-0a", "123456789012", "eu-west-1", "vpc-1", "s3", "arn:aws:s3:::the-bucket/x", log_format)
    nat = NatGateway("nat-1", "123456789012", "eu-west-1", "vpc-1", addresses=(NatAddress(interface_id=key),))
    return FlowLogTable(Task(replace(log, **changes), RecordFormat(fields), (nat,), WINDOW), database)


@pytest.mark.parametrize("file_format", ["plain-text", "parquet"])
@pytest.mark.parametrize("fields", FORMS.values(), ids=FORMS.keys())
def test_the_query_is_in_the_sql_that_both_engines_read(fields: tuple[str, ...], file_format: str) -> None:
    """Both dialects read it alike, all its functions mean the same in both, all columns are in the table."""
    made = table(fields, file_format=file_format)
    tree = sqlglot.parse_one(made.query(), read="athena")
    assert tree.sql("duckdb") == sqlglot.parse_one(made.query(), read="duckdb").sql("duckdb")
    assert {type(one) for one in tree.find_all(exp.Func)} <= PORTABLE
    stored = made.definition()["StorageDescriptor"]["Columns"]
    columns = {one["Name"]: "varchar" if one["Type"] == "string" else "bigint" for one in stored} | {"$path": "varchar"}
    schema: dict[str, object] = {"audits": {made.name: columns}}
    qualify(tree, schema=schema, dialect="athena", validate_qualify_columns=True)


def test_names_stay_names() -> None:
    """Quotes in a database's or a gateway's name end no text and no name."""
    made = table(DEFAULT_FIELDS, database='a"b; DROP', key="eni'; --")
    tree = sqlglot.parse_one(made.query(), read="athena")
    assert [one.db for one in tree.find_all(exp.Table) if one.db] == ['a"b; DROP']
    assert "eni'; --" in [one.this for one in tree.find_all(exp.Literal)]


@pytest.mark.parametrize("file_format", ["plain-text", "parquet"])
def test_the_definition_is_one_that_glue_takes(file_format: str) -> None:
    made = table(ALL, file_format=file_format, hive_compatible=True)
    for shape, body in (("TableInput", made.definition()), ("PartitionInputList", made.partitions())):
        report = ParamValidator().validate(body, model("glue").shape_for(shape))
        assert not report.has_errors(), report.generate_report()
    names = [one["Name"] for one in made.definition()["StorageDescriptor"]["Columns"]]
    skipped = made.definition()["Parameters"].get("skip.header.line.count")
    assert skipped == {"plain-text": "1", "parquet": None}[file_format], "only text has a header line"
    if file_format == "parquet":
        assert set(names) < {name.replace("-", "_") for name in ALL}, "by name, only what is used"
    else:
        assert names == [name.replace("-", "_") for name in ALL], "by position, so all of them"


def test_what_differs_has_another_name() -> None:
    """Two flow logs, formats, kinds of file or windows never share a table; the same one does."""
    same = table(ALL)
    others = [table(ALL[::-1]), table(ALL, id="fl-0b"), table(ALL, file_format="parquet"), table(ALL, account_id="1")]
    later = replace(same.task, window=Window(WINDOW.start, datetime(2026, 11, 4, tzinfo=UTC)))
    names = {one.name for one in [same, *others, FlowLogTable(later, "audits")]}
    assert len(names) == 6
    assert table(ALL).name == same.name
    assert all(name.startswith("auditor_") for name in names)


def test_a_format_that_is_not_understood_is_not_read_by_position() -> None:
    """A field without a known name would shift all that follow it."""
    made = table(DEFAULT_FIELDS)
    log = replace(made.task.flow_log, log_format=made.task.flow_log.log_format + " ${Tags.Name}")
    with pytest.raises(AwsFailureError, match="fields that are not understood"):
        FlowLogTable(replace(made.task, flow_log=log), "audits").definition()
