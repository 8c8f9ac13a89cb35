"""The product agrees exactly with the slow oracle, on logs of every shape."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest

from auditor.attribution.files import find_files
from auditor.attribution.ranges import load_ranges
from auditor.attribution.record_format import RecordFormat
from auditor.attribution.tally import counting
from auditor.collectors.described import load_nat_gateways
from auditor.model.attributed import Attributed
from tests.attribution import oracle
from tests.attribution.logs import V2, Network, Row, shuffled, text, write

RANGES = load_ranges()
SEEDS = range(4)
SHAPES = ("default", "custom", "custom with packets", "custom with resource", "custom with packets and resource")


def found(paths: Sequence[Path], folder: Path, network: Network, log_format: list[str] | None = None) -> Attributed:
    described = write(folder / "described.json", network.described())
    form = RecordFormat(tuple(log_format)) if log_format else None
    gateways = load_nat_gateways(described, "eu-west-1")
    with counting(gateways) as tally:
        tally.add_files(find_files([str(path) for path in paths], form))
        return tally.result(RANGES).result


def agree(seen: Attributed, want: oracle.Totals) -> None:
    """Every figure of both is the same."""
    for gateway in seen.nat_gateways:
        expected = want.sums[gateway.id]
        rows = {(one.service, one.region): [one.bytes_up, one.bytes_down] for one in gateway.destinations}
        assert rows == expected, gateway.id
        assert gateway.bytes_up == sum(up for up, _ in expected.values())
        assert gateway.bytes_down == sum(down for _, down in expected.values())
        assert gateway.clients_known == (bool(expected) and gateway.id not in want.anonymous)
        sizes = [one.bytes_up + one.bytes_down for one in gateway.destinations]
        assert sizes == sorted(sizes, reverse=True)
    for name in ("records", "nodata", "skipdata", "rejected", "unreadable"):
        assert getattr(seen, name) == want.counts[name], name
    times = [datetime.fromtimestamp(second, UTC) for second in want.times]
    assert (seen.first, seen.last) == ((min(times), max(times)) if times else (None, None))


def format_of(chance: random.Random, shape: str) -> list[str]:
    if shape == "default":
        return V2.split()
    return shuffled(chance, packet="packets" in shape, resource="resource" in shape)


def some_files(chance: random.Random, folder: Path, rows: list[Row], fields: list[str]) -> list[Path]:
    """The records in a few files, gzip and plain, in nested folders."""
    count = chance.randint(1, 5)
    names = [f"2026/11/{number:02}/log{number}.log{chance.choice(['', '.gz'])}" for number in range(count)]
    return [write(folder / name, text(rows[number::count], fields)) for number, name in enumerate(names)]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("seed", SEEDS)
def test_every_format_gives_the_oracles_totals(seed: int, shape: str, tmp_path: Path) -> None:
    """Clients' own rows mixed in, several NAT gateways and addresses, peers, NAT64, a regional one, odd rows."""
    chance = random.Random(f"{shape} {seed}")
    network = Network(chance)
    fields = format_of(chance, shape)
    files = some_files(chance, tmp_path / "logs", network.records(60), fields)
    want = oracle.count(files, network.nats, None)
    assert want.counts["records"] > 100
    assert want.sums
    agree(found([tmp_path / "logs"], tmp_path, network), want)


@pytest.mark.parametrize("seed", SEEDS)
def test_all_at_once_in_one_prefix(seed: int, tmp_path: Path) -> None:
    """Files of several formats, without header, empty, of another account, cut off, listed twice."""
    chance = random.Random(seed)
    network = Network(chance)
    logs = tmp_path / "logs"
    unnamed = shuffled(chance, packet=True, resource=False)
    files = [write(logs / f"{shape}.log.gz", text(network.records(20), format_of(chance, shape))) for shape in SHAPES]
    files.append(write(logs / "no-header.log.gz", text(network.records(20), unnamed, header=False)))
    others = [{**row, "interface-id": "eni-ffff", "resource-id": "nat-ffff"} for row in network.records(20)]
    files.append(write(logs / "other-account.log", text(others, V2.split())))
    files.append(write(logs / "empty.log", ""))
    files.append(write(logs / "empty.log.gz", ""))
    files.append(write(logs / "only-a-header.log.gz", text([], V2.split())))
    cut = write(logs / "cut.log.gz", text(network.records(60), V2.split()))
    cut.write_bytes(cut.read_bytes()[: -chance.randint(5, 900)])
    want = oracle.count([*files, cut], network.nats, unnamed)
    twice = [logs, *files, logs / ".." / "logs" / "cut.log.gz"]
    assert want.counts["unreadable"] > 1
    agree(found(twice, tmp_path, network, unnamed), want)


@pytest.mark.parametrize("shape", SHAPES)
def test_parquet_gives_the_same_as_text(shape: str, tmp_path: Path) -> None:
    """Columns by their names with underscores, '-' as text and as NULL, numbers as numbers."""
    chance = random.Random(shape)
    network = Network(chance)
    fields = format_of(chance, shape)
    rows = [row for row in network.records(60) if row.get("bytes") != "many"]
    plain = write(tmp_path / "text/all.log", text(rows, fields))
    for number in range(3):
        to_parquet(tmp_path / f"parquet/{number}.parquet", rows[number::3], fields)
    want = oracle.count([plain], network.nats, None)
    agree(found([tmp_path / "parquet"], tmp_path, network), want)


def to_parquet(path: Path, rows: list[Row], fields: list[str]) -> None:
    path.parent.mkdir(exist_ok=True)
    numbers = {"bytes", "start", "end"}
    columns = [[row.get(name, "-") for row in rows] for name in fields]
    kinds = ["BIGINT" if name in numbers else "VARCHAR" for name in fields]
    values = [
        [None if text == "-" else int(text) for text in column] if kind == "BIGINT" else column
        for kind, column in zip(kinds, columns, strict=True)
    ]
    chosen = ", ".join(
        f'UNNEST(${n + 1}::{kind}[]) AS "{name.replace("-", "_")}"'
        for n, (name, kind) in enumerate(zip(fields, kinds, strict=True))
    )
    with duckdb.connect() as connection:
        connection.execute(f"CREATE TABLE t AS SELECT {chosen}", values)
        connection.execute(f"COPY t TO '{path}' (FORMAT parquet)")
