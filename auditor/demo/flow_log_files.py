"""Flow records -> the objects that AWS puts into a bucket: text or Parquet, by the time of their delivery."""

from __future__ import annotations

import gzip
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha1
from itertools import groupby
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from auditor.demo import moto_storage

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from auditor.demo.flow_records import Record

_WHOLE_NUMBERS = {
    **dict.fromkeys(("version", "srcport", "dstport", "protocol"), "INTEGER"),
    **dict.fromkeys(("packets", "bytes", "start", "end"), "BIGINT"),
}


@dataclass(frozen=True, slots=True)
class Delivery:
    """Where a flow log's files go, and what their lines hold; `owner` is the account of the bucket."""

    flow_log_id: str
    account_id: str
    region: str
    owner: str
    bucket: str
    prefix: str
    fields: tuple[str, ...]

    def store(self, folder: str, content: bytes, suffix: str, written: datetime) -> None:
        """Put one file, named as AWS names it: by account, region, flow log and minute, and a hash."""
        moment = f"{written:%Y%m%dT%H%MZ}"
        name = f"{self.account_id}_vpcflowlogs_{self.region}_{self.flow_log_id}_{moment}"
        mark = sha1(name.encode(), usedforsecurity=False).hexdigest()[:8]
        key = f"{self.prefix}AWSLogs/{folder}/{name}_{mark}.log.{suffix}"
        moto_storage.store(self.owner, self.bucket, key, content, written)

    def lines(self, records: Sequence[Record]) -> Iterator[str]:
        """A header line, and one line a record; '-' where a field does not apply."""
        yield " ".join(self.fields) + "\n"
        for record in records:
            yield " ".join([record.get(name, "-") for name in self.fields]) + "\n"


def store_text(delivery: Delivery, records: Mapping[datetime, list[Record]]) -> None:
    """A text.gz file an hour, under plain keys by day."""
    for written, delivered in _hours(records):
        folder = f"{delivery.account_id}/vpcflowlogs/{delivery.region}/{written:%Y/%m/%d}"
        text = "".join(delivery.lines(delivered))
        delivery.store(folder, gzip.compress(text.encode(), 1, mtime=0), "gz", written)


def store_parquet(delivery: Delivery, records: Mapping[datetime, list[Record]], *, per_hour: bool) -> None:
    """A Parquet file an hour with AWS's column names and types, under Hive keys by day or by hour."""
    import duckdb  # noqa: PLC0415

    start = f"aws-account-id={delivery.account_id}/aws-service=vpcflowlogs/aws-region={delivery.region}"
    parts = "year=%Y/month=%m/day=%d/hour=%H" if per_hour else "year=%Y/month=%m/day=%d"
    with TemporaryDirectory(prefix="auditor-demo-") as folder, duckdb.connect() as connection:
        text, parquet = Path(folder, "records.txt"), Path(folder, "records.parquet")
        for written, delivered in _hours(records):
            text.write_text("".join(delivery.lines(delivered)), encoding="ascii")
            connection.execute(_to_parquet(delivery.fields, text, parquet))
            delivery.store(f"{start}/{written.strftime(parts)}", parquet.read_bytes(), "parquet", written)


def _hours(records: Mapping[datetime, list[Record]]) -> Iterator[tuple[datetime, list[Record]]]:
    """The records delivered in an hour, and when the last of them were: AWS writes a file every five minutes."""
    for _, times in groupby(sorted(records), key=lambda written: written.replace(minute=0)):
        of_hour = list(times)
        yield of_hour[-1], [record for written in of_hour for record in records[written]]


def _to_parquet(fields: Sequence[str], text: Path, parquet: Path) -> str:
    columns = ", ".join(f'{_typed(name)} AS "{name.replace("-", "_")}"' for name in fields)
    texts = dict.fromkeys(fields, "VARCHAR")
    read = f"read_csv('{text}', delim = ' ', header = true, auto_detect = false, columns = {texts})"
    return f"COPY (SELECT {columns} FROM {read}) TO '{parquet}' (FORMAT parquet)"  # noqa: S608 - all our own


def _typed(name: str) -> str:
    kind = _WHOLE_NUMBERS.get(name)
    return f"CAST(NULLIF(\"{name}\", '-') AS {kind})" if kind else f'"{name}"'
