"""The table through which Athena reads a flow log's folders, and the query over it: pure, as their APIs take them.

One partition a folder, by the day or the hour, so plain and Hive-style keys are one case. Text is read by position
(all columns, as text), Parquet by name (the columns that are used).
SerDe and format classes: Athena guide, "Lazy Simple SerDe" and "Parquet SerDe" (read 2026-11-20).
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any

from auditor.attribution.counting import USED, count_query, moment_of, record_keys, typed_columns
from auditor.attribution.s3.keys import location, prefixes
from auditor.attribution.task import Task
from auditor.aws.failures import AwsFailureError, Kind
from auditor.aws.operations import MADE_HERE

PARQUET = "parquet"
FOLDER = "folder"
_BIGINT = frozenset({"bytes", "start", "end"})
_TEXT_CLASSES = {
    "InputFormat": "org.apache.hadoop.mapred.TextInputFormat",
    "OutputFormat": "org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat",
    "SerdeInfo": {
        "SerializationLibrary": "org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe",
        "Parameters": {"field.delim": " ", "serialization.format": " "},
    },
}
_PARQUET_CLASSES = {
    "InputFormat": "org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat",
    "OutputFormat": "org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat",
    "SerdeInfo": {
        "SerializationLibrary": "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe",
        "Parameters": {"serialization.format": "1"},
    },
}


@dataclass(frozen=True, slots=True)
class FlowLogTable:
    """A flow log's records of a window, as a table in a database of AWS Glue."""

    task: Task
    database: str

    @property
    def name(self) -> str:
        """Told by the definition: what has this name and was not changed is this table."""
        definition = json.dumps([self._described(), self.partitions()], sort_keys=True)
        return MADE_HERE + hashlib.sha256(definition.encode()).hexdigest()[:24]

    @property
    def folders(self) -> tuple[str, ...]:
        """`s3://…/` of all folders that may hold records of the window."""
        bucket = location(self.task.flow_log).bucket
        keys = prefixes(self.task.flow_log, self.task.window)
        return tuple(dict.fromkeys(f"s3://{bucket}/{key.rpartition('/')[0]}/" for key in keys))

    def definition(self) -> dict[str, Any]:
        """The TableInput of CreateTable."""
        return {"Name": self.name, **self._described()}

    def partitions(self) -> list[dict[str, Any]]:
        """The PartitionInputs of BatchCreatePartition."""
        return [{"Values": [folder], "StorageDescriptor": self._stored(folder)} for folder in self.folders]

    def query(self) -> str:
        """The counting, over this flow log's files alone: a folder may hold those of others."""
        return count_query(self.task.form, self._records(), self._gateways()).strip()

    def _described(self) -> dict[str, Any]:
        # The flow log's id keeps apart two that are read at once from the same folders.
        kind = {"classification": PARQUET} if self._is_parquet else {"skip.header.line.count": "1"}
        return {
            "TableType": "EXTERNAL_TABLE",
            "Parameters": {"EXTERNAL": "TRUE", "auditor.flow-log": self.task.flow_log.id, **kind},
            "PartitionKeys": [{"Name": FOLDER, "Type": "string"}],
            "StorageDescriptor": self._stored(self.folders[0]),
        }

    def _stored(self, folder: str) -> dict[str, Any]:
        classes = _PARQUET_CLASSES if self._is_parquet else _TEXT_CLASSES
        return {"Columns": self._columns(), "Location": folder, **classes}

    @property
    def _is_parquet(self) -> bool:
        return self.task.flow_log.file_format == PARQUET

    def _columns(self) -> list[dict[str, str]]:
        fields = self.task.form.fields
        if self._is_parquet:
            return [_column(name, "bigint" if name in _BIGINT else "string") for name in fields if name in USED]
        if self.task.flow_log.log_format.count("${") not in {0, len(fields)}:
            reason = f"{self.task.flow_log.id}: its LogFormat has fields that are not understood: nothing was read"
            raise AwsFailureError(Kind.UNKNOWN, reason)
        return [_column(name, "string") for name in fields]

    def _records(self) -> str:
        window = self.task.window
        start, end = (int(moment.timestamp()) for moment in (window.start, window.end))
        chosen = typed_columns(self.task.form.fields)
        wanted = [f'STRPOS("$path", {_literal(f"_{self.task.flow_log.id}_")}) > 0']
        if moment := moment_of(self.task.form.fields):
            wanted += [f'TRY_CAST("{moment}" AS BIGINT) >= {start}', f'TRY_CAST("{moment}" AS BIGINT) < {end}']
        table = f"{_name(self.database)}.{_name(self.name)}"
        return f"(SELECT {chosen} FROM {table} WHERE {' AND '.join(wanted)})"  # noqa: S608

    def _gateways(self) -> str:
        rows = [f"({_literal(key)}, {number}, {regional})" for key, number, regional in record_keys(self.task.gateways)]
        return f"(SELECT * FROM (VALUES {', '.join(rows)}) AS listed (record_key, gateway, regional))"  # noqa: S608


def _column(name: str, kind: str) -> dict[str, str]:
    return {"Name": name.replace("-", "_"), "Type": kind}


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _name(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'
