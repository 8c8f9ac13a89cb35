"""Flow-log files -> bytes per NAT gateway and destination, counted by DuckDB, exactly."""

from __future__ import annotations

import os
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from auditor.attribution.counting import FOLD, NODATA, REJECTED, SKIPDATA, UNREADABLE, WITHOUT_ADDRESS
from auditor.attribution.files import FlowLogFiles
from auditor.attribution.ranges import Ranges
from auditor.attribution.scan import Scan
from auditor.model.attributed import Attributed, AttributedNatGateway, ClientTraffic, DestinationBytes
from auditor.model.network import NatGateway

if TYPE_CHECKING:
    import duckdb

_MEMORY_MB, _MEMORY_MB_PER_THREAD, _MOST_THREADS = 160, 64, 16


@dataclass(frozen=True, slots=True)
class FilesAttributed:
    """The result, its clients, and what could not be read and why."""

    result: Attributed
    clients: tuple[ClientTraffic, ...]
    notes: tuple[str, ...]


def attribute(files: FlowLogFiles, gateways: Sequence[NatGateway], ranges: Ranges) -> FilesAttributed:
    """Count all files. `UsageError` where no file's format can tell any of the NAT gateways."""
    with _connection() as connection:
        scan = Scan(connection, gateways)
        scan.text(files.text)
        scan.parquet(files.parquet)
        _place_addresses(connection, gateways, ranges)
        clients = tuple(_clients(connection, gateways))
        unreadable = (*files.unreadable, *scan.unreadable)
        result = _result(connection, gateways, clients, scan.rejected_lines, len(unreadable))
        broken = (f"{one.path}: not read to its end: {one.reason}" for one in unreadable)
        return FilesAttributed(result, clients, (*scan.notes, *broken))


@contextmanager
def _connection() -> Iterator[duckdb.DuckDBPyConnection]:
    """A database in memory, which spills to a folder that is gone afterwards."""
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
            yield connection


def _place_addresses(connection: duckdb.DuckDBPyConnection, gateways: Sequence[NatGateway], ranges: Ranges) -> None:
    """The few distinct addresses of the sums, each looked up once; and the gateways' own."""
    found = connection.execute("SELECT source FROM sums UNION SELECT destination FROM sums").fetchall()
    texts = [text for (text,) in found if text is not None]
    places = [ranges.place(text) for text in texts]
    columns = [
        texts,
        [place and place.is_near for place in places],
        [place and place.destination.service for place in places],
        [place and place.destination.region for place in places],
    ]
    connection.execute(
        "CREATE TEMP TABLE places AS SELECT UNNEST($1::VARCHAR[]) AS address, UNNEST($2::BOOLEAN[]) AS near,"
        " UNNEST($3::VARCHAR[]) AS service, UNNEST($4::VARCHAR[]) AS region",
        columns,
    )
    own = [
        (number, ip)
        for number, one in enumerate(gateways)
        for a in one.addresses
        for ip in (a.private_ip, a.public_ip)
        if ip
    ]
    connection.execute(
        "CREATE TEMP TABLE own AS SELECT UNNEST($1::INTEGER[]) AS gateway, UNNEST($2::VARCHAR[]) AS address",
        [[number for number, _ in own], [ip for _, ip in own]],
    )


def _clients(connection: duckdb.DuckDBPyConnection, gateways: Sequence[NatGateway]) -> Iterator[ClientTraffic]:
    for number, client, service, region, up, down in connection.execute(FOLD).fetchall():
        yield ClientTraffic(gateways[number].id, client, service, region, up, down)


def _result(
    connection: duckdb.DuckDBPyConnection,
    gateways: Sequence[NatGateway],
    clients: Sequence[ClientTraffic],
    rejected_lines: int,
    unreadable_files: int,
) -> Attributed:
    rows = connection.execute("SELECT outcome, SUM(records) FROM sums GROUP BY 1").fetchall()
    counts = defaultdict(int, rows)
    first, last = connection.execute("SELECT MIN(first_second), MAX(last_second) FROM sums").fetchall()[0]
    no_address = connection.execute(WITHOUT_ADDRESS).fetchall()[0][0]
    return Attributed(
        nat_gateways=tuple(_nat_gateway(one, [c for c in clients if c.nat_gateway_id == one.id]) for one in gateways),
        records=sum(counts.values()) + rejected_lines,
        nodata=counts[NODATA],
        skipdata=counts[SKIPDATA],
        rejected=counts[REJECTED],
        unreadable=counts[UNREADABLE] + no_address + rejected_lines + unreadable_files,
        first=_instant(first),
        last=_instant(last),
    )


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
    return None if second is None else datetime.fromtimestamp(second, UTC)
