"""Flow records -> the objects that AWS puts into a bucket: text or Parquet, by the time of their delivery."""

from __future__ import annotations

import gzip
from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha1
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
    """One text.gz file a day under plain keys, of the records that were delivered on it."""
    days: dict[str, list[datetime]] = defaultdict(list)
    for written in sorted(records):
        days[f"{written:%Y/%m/%d}"].append(written)
    for day, times in days.items():
        text = "".join(delivery.lines([record for written in times for record in records[written]]))
        folder = f"{delivery.account_id}/vpcflowlogs/{delivery.region}/{day}"
        delivery.store(folder, gzip.compress(text.encode(), 1, mtime=0), "gz", times[-1])


def store_parquet(delivery: Delivery, records: Mapping[datetime, list[Record]]) -> None:
    """One Parquet file an hour under Hive keys, with AWS's column names and types."""
    import duckdb  # noqa: PLC0415

    start = f"aws-account-id={delivery.account_id}/aws-service=vpcflowlogs/aws-region={delivery.region}"
    with TemporaryDirectory(prefix="auditor-demo-") as folder, duckdb.connect() as connection:
        for number, written in enumerate(sorted(records)):
            text, parquet = Path(folder, f"{number}.txt"), Path(folder, f"{number}.parquet")
            text.write_text("".join(delivery.lines(records[written])), encoding="ascii")
            connection.execute(_to_parquet(delivery.fields, text, parquet))
            hour = f"{written:year=%Y/month=%m/day=%d/hour=%H}"
            delivery.store(f"{start}/{hour}", parquet.read_bytes(), "parquet", written)


def _to_parquet(fields: Sequence[str], text: Path, parquet: Path) -> str:
    columns = ", ".join(f'{_typed(name)} AS "{name.replace("-", "_")}"' for name in fields)
    texts = dict.fromkeys(fields, "VARCHAR")
    read = f"read_csv('{text}', delim = ' ', header = true, auto_detect = false, columns = {texts})"
    return f"COPY (SELECT {columns} FROM {read}) TO '{parquet}' (FORMAT parquet)"  # noqa: S608 - all our own


def _typed(name: str) -> str:
    kind = _WHOLE_NUMBERS.get(name)
    return f"CAST(NULLIF(\"{name}\", '-') AS {kind})" if kind else f'"{name}"'
