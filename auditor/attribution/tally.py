"""A count of flow records for some NAT gateways: sources add to it, then it says what they amount to."""

from __future__ import annotations

import os
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from auditor.attribution.counting import FOLD, NODATA, REJECTED, SKIPDATA, UNREADABLE, WITHOUT_ADDRESS
from auditor.attribution.files import FlowLogFiles
from auditor.attribution.lanes import Unreadable
from auditor.attribution.ranges import Place, Ranges
from auditor.attribution.record_format import RecordFormat
from auditor.attribution.scan import Row, Scan
from auditor.model.attributed import Attributed, AttributedNatGateway, ClientTraffic, DestinationBytes, Name, NamedBy
from auditor.model.evidence import Window
from auditor.model.resources import NatGateway
from auditor.model.traffic import UNNAMED

if TYPE_CHECKING:
    import duckdb

_LAST_SECOND = 253_402_300_799
"""The end of the year 9999."""

_AT_ONCE = 100_000
_DISTINCT = """
CREATE OR REPLACE TEMP TABLE addresses AS SELECT address
FROM (SELECT source AS address FROM sums UNION SELECT destination FROM sums) WHERE address IS NOT NULL
"""
_NO_PLACES = """
CREATE OR REPLACE TEMP TABLE places (address VARCHAR, near BOOLEAN, service VARCHAR, region VARCHAR, named_by VARCHAR)
"""
_MORE_PLACES = """
INSERT INTO places SELECT UNNEST($1::VARCHAR[]), UNNEST($2::BOOLEAN[]), UNNEST($3::VARCHAR[]), UNNEST($4::VARCHAR[]),
  UNNEST($5::VARCHAR[])
"""

_MEMORY_MB, _MEMORY_MB_PER_THREAD, _MOST_THREADS = 160, 64, 16


@dataclass(frozen=True, slots=True)
class Counted:
    """The result, its clients, and what could not be read and why."""

    result: Attributed
    clients: tuple[ClientTraffic, ...]
    notes: tuple[str, ...]


@contextmanager
def counting(gateways: Sequence[NatGateway]) -> Iterator[Tally]:
    """A tally in a database in memory, which spills to a folder that is gone afterwards."""
    import duckdb  # noqa: PLC0415

    threads = min(os.cpu_count() or 1, _MOST_THREADS)
    with tempfile.TemporaryDirectory(prefix="auditor-") as folder:
        config: dict[str, str | bool | int | float | list[str]] = {
            "threads": threads,
            "memory_limit": f"{_MEMORY_MB + _MEMORY_MB_PER_THREAD * threads}MB",
            "temp_directory": folder,
            "preserve_insertion_order": False,
        }
        with duckdb.connect(config=config) as connection:
            yield Tally(Scan(connection, gateways))


@dataclass
class Tally:
    """Sums by NAT gateway, direction and pair of addresses; all methods block, for seconds or minutes."""

    scan: Scan
    unreadable: list[Unreadable] = field(default_factory=list)

    @property
    def gateways(self) -> Sequence[NatGateway]:
        """For which NAT gateways records are counted."""
        return self.scan.gateways

    def add_files(self, files: FlowLogFiles, window: Window | None = None) -> None:
        """Count files on disk; `UsageError` where a format can tell none of the NAT gateways.

        With a window only records that start in it.
        """
        self.scan.window = window
        self.scan.text(files.text)
        self.scan.parquet(files.parquet)
        self.unreadable += files.unreadable

    def add_sums(self, path: Path) -> None:
        """Add what `count_query` gave elsewhere: CSV with a header, in the order of its columns, empty for NULL."""
        self.scan.sums(path)

    def add_rows(self, form: RecordFormat, rows: Sequence[Row]) -> None:
        """Count rows grouped elsewhere by the fields of the format; `records` says how many a row stands for."""
        self.scan.rows(form, rows)

    def unnamed(self, ranges: Ranges) -> frozenset[str]:
        """Addresses of NAT gateways' records that are AWS's, of no service that the ranges tell."""
        places = ((one, ranges.place(one)) for addresses in self._addresses() for one in addresses)
        return frozenset(address for address, place in places if place and place.destination.service == UNNAMED)

    def result(self, ranges: Ranges, names: Mapping[str, Name] | None = None) -> Counted:
        """What all that was added amounts to."""
        self._place(ranges, names or {})
        clients = tuple(self._clients())
        unreadable = (*self.unreadable, *self.scan.unreadable)
        broken = (f"{one.path}: not read to its end: {one.reason}" for one in unreadable)
        return Counted(self._counted(clients, len(unreadable)), clients, (*self.scan.notes, *broken))

    @property
    def _connection(self) -> duckdb.DuckDBPyConnection:
        return self.scan.connection

    def _addresses(self) -> Iterator[list[str]]:
        """The distinct ones of the sums, so that each is looked up once; some at a time, for there may be millions."""
        self._connection.execute(_DISTINCT)
        count = self._connection.execute("SELECT COUNT(*) FROM addresses").fetchall()[0][0]
        for first in range(0, count, _AT_ONCE):
            bounds = [first, first + _AT_ONCE]
            rows = self._connection.execute("SELECT address FROM addresses WHERE rowid >= $1 AND rowid < $2", bounds)
            yield [text for (text,) in rows.fetchall()]

    def _place(self, ranges: Ranges, names: Mapping[str, Name]) -> None:
        self._connection.execute(_NO_PLACES)
        for texts in self._addresses():
            rows = [_row(text, ranges.place(text), names.get(text)) for text in texts]
            columns = [list(column) for column in zip(*rows, strict=True)]
            self._connection.execute(_MORE_PLACES, columns)

    def _clients(self) -> Iterator[ClientTraffic]:
        for number, client, service, region, named_by, up, down in self._connection.execute(FOLD).fetchall():
            yield ClientTraffic(self.gateways[number].id, client, service, region, up, down, NamedBy(named_by))

    def _counted(self, clients: Sequence[ClientTraffic], unreadable_files: int) -> Attributed:
        rows = self._connection.execute("SELECT outcome, SUM(records) FROM sums GROUP BY 1").fetchall()
        counts = defaultdict(int, rows)
        first, last = self._connection.execute("SELECT MIN(first_second), MAX(last_second) FROM sums").fetchall()[0]
        no_address = self._connection.execute(WITHOUT_ADDRESS).fetchall()[0][0]
        rejected_lines = self.scan.rejected_lines
        by_gateway = defaultdict(list)
        for one in clients:
            by_gateway[one.nat_gateway_id].append(one)
        return Attributed(
            nat_gateways=tuple(_nat_gateway(one, by_gateway[one.id]) for one in self.gateways),
            records=sum(counts.values()) + rejected_lines,
            nodata=counts[NODATA],
            skipdata=counts[SKIPDATA],
            rejected=counts[REJECTED],
            unreadable=counts[UNREADABLE] + no_address + rejected_lines + unreadable_files,
            first=_instant(first),
            last=_instant(last),
        )


def _row(text: str, place: Place | None, name: Name | None) -> tuple[str, bool | None, str | None, str | None, str]:
    """An address as the table of places has it; without a service where it is no address."""
    if place is None:
        return text, None, None, None, NamedBy.ADDRESS
    if name and place.destination.service == UNNAMED:
        return text, place.is_near, name.service, name.region or place.destination.region, name.named_by
    return text, place.is_near, place.destination.service, place.destination.region, NamedBy.ADDRESS


def _nat_gateway(gateway: NatGateway, clients: Sequence[ClientTraffic]) -> AttributedNatGateway:
    sums: dict[tuple[str, str | None], list[int]] = defaultdict(lambda: [0, 0])
    for one in clients:
        both = sums[one.service, one.region]
        both[0] += one.bytes_up
        both[1] += one.bytes_down
    found = [DestinationBytes(service, region, up, down) for (service, region), (up, down) in sums.items()]
    found.sort(key=lambda one: (-one.bytes_up - one.bytes_down, one.service, one.region or ""))
    return AttributedNatGateway(
        id=gateway.id,
        region=gateway.region,
        bytes_up=sum(one.bytes_up for one in found),
        bytes_down=sum(one.bytes_down for one in found),
        destinations=tuple(found),
        clients_known=bool(clients) and all(one.client is not None for one in clients),
    )


def _instant(second: int | None) -> datetime | None:
    """`None` too for a second that no calendar has: a damaged record is no reason to lose all others."""
    is_time = second is not None and 0 <= second <= _LAST_SECOND
    return datetime.fromtimestamp(second, UTC) if second is not None and is_time else None
