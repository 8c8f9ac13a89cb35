"""Parquet that is read here counts exactly like Parquet that the engine reads, whatever stands in it."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.attribution import parquet, summing
from auditor.attribution.files import find_files
from auditor.attribution.parquet import ParquetSums
from auditor.attribution.parquet_footers import plain_files
from auditor.attribution.record_format import RecordFormat
from auditor.attribution.scan import Scan
from auditor.attribution.summing import Plan
from auditor.attribution.tally import counting
from auditor.model.attributed import Attributed
from auditor.model.evidence import Window
from tests.attribution import test_oracle
from tests.attribution.compiled import run_checked
from tests.attribution.logs import START, V2, Network
from tests.attribution.parquet_files import Value, flow_log
from tests.attribution.test_summing import ADDRESSES, FORMATS, GATEWAYS, PLAIN, RANGES, WINDOW

pytestmark = pytest.mark.usefixtures("compiled_now")
NUMBERS = {"bytes", "start", "end"}
SMALL = ["interface-id", "srcaddr", "dstaddr", "bytes", "start", "end"]

USUAL: dict[str, list[Value]] = {
    **{name: [*PLAIN[name], None] for name in ("interface-id", "resource-id", "action", "log-status")},
    "srcaddr": [*ADDRESSES, "-", None, "2600:1f18::5", "no-address"],
    "bytes": [None, 0, 1, 40, 1500, 2**31, 10**16 - 1],
    "start": [START + second for second in (-1, 0, 1, 7, 49, 50, 99)],
    "version": [2, None],
}
ODD: dict[str, list[Value]] = {
    "srcaddr": ["", " ", "8.8.8.8 8.8.8.8", "é", "\udcff", "x" * 65, "10.\n", "8.8.8.8\0"],
    "interface-id": ["", "é", "\udcff", "x" * 80],
    "bytes": [-1, -(2**63), 10**16, 2**62],
    "start": [None, -1, 10**16],
    "action": ["", "accept", "ACCEPTED"],
    "log-status": ["", "OKAY"],
}
LIKE = {"tgw-attachment-id": "interface-id", "end": "start"}
LIKE |= dict.fromkeys(("dstaddr", "pkt-srcaddr", "pkt-dstaddr"), "srcaddr")


def made(fields: Sequence[str], chance: random.Random, *, is_plain: bool) -> bytes:
    """A file of records, of which one is odd unless all are plain."""
    choices = [USUAL.get(LIKE.get(name, name), ["6", None]) for name in fields]
    rows = [[chance.choice(some) for some in choices] for _ in range(chance.choice([1, 9, 80, 1500]))]
    if not is_plain:
        place = chance.choice([n for n, name in enumerate(fields) if LIKE.get(name, name) in ODD])
        chance.choice(rows)[place] = chance.choice(ODD[LIKE.get(fields[place], fields[place])])
    return flow_log(fields, rows, chance)


Seen = tuple[Attributed, list[str], frozenset[str], tuple[str, ...]]


def counted(path: Path, window: Window | None = None) -> Seen:
    with counting(GATEWAYS) as tally:
        tally.add_files(find_files([str(path)], None), window)
        seen = tally.result(RANGES)
        return seen.result, sorted(map(repr, seen.clients)), tally.unnamed(RANGES), seen.notes


def by_the_engine(path: Path, window: Window | None = None) -> Seen:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("auditor.attribution.scan.library", lambda: None)
        return counted(path, window)


def read_here(path: Path, window: Window | None = None) -> Seen:
    """Fails where it is left to the engine."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Scan, "_count_parquet", None)
        return counted(path, window)


@settings(max_examples=25)
@given(st.sampled_from(FORMATS[:-1]), st.integers(0, 2**32), st.booleans(), st.sampled_from([None, WINDOW]))
def test_pages_read_here_count_like_those_that_the_engine_reads(
    fields: str,
    seed: int,
    is_plain: bool,  # noqa: FBT001 -- Hypothesis passes it by name
    window: Window | None,
) -> None:
    """Levels, dictionaries, both versions of pages, three codecs; a file with anything odd is the engine's."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "a.parquet"
        path.write_bytes(made(fields.split(), random.Random(seed), is_plain=is_plain))
        assert (read_here if is_plain else counted)(path, window) == by_the_engine(path, window)


@pytest.mark.parametrize("codec", ["uncompressed", "snappy", "gzip", "zstd"])
@pytest.mark.parametrize("version", ["v1", "v2"])
def test_files_of_another_writer_count_the_same(codec: str, version: str, tmp_path: Path) -> None:
    """DuckDB's; its version 2 has encodings that are left to it, and so is Zstandard."""
    network = Network(random.Random(codec))
    rows = [row for row in network.records(500) if row.get("bytes") != "many"]
    test_oracle.to_parquet(tmp_path / "parquet/plain.parquet", rows, V2.split())
    path = tmp_path / "logs" / "a.parquet"
    path.parent.mkdir()
    told = f"FORMAT parquet, COMPRESSION {codec}, PARQUET_VERSION {version}, ROW_GROUP_SIZE 2048"
    duckdb.sql(f"COPY (FROM '{tmp_path}/parquet/plain.parquet') TO '{path}' ({told})")
    read = read_here if version == "v1" and codec != "zstd" else counted
    assert read(path) == by_the_engine(path)


@pytest.mark.parametrize("seed", range(30))
def test_a_damaged_file_counts_as_the_engine_counts_it(seed: int, tmp_path: Path) -> None:
    """Not at all, most often; which of several damages it names is a matter of chance."""
    chance = random.Random(seed)
    content = bytearray(made(SMALL, chance, is_plain=True)[:30_000])
    while chance.random() < 0.7:
        content[chance.randrange(4, len(content))] ^= 1 << chance.randrange(8)
    path = tmp_path / "a.parquet"
    path.write_bytes(content)
    *figures, notes = counted(path)
    *expected, same = by_the_engine(path)
    assert figures == expected
    assert [one[:60] for one in notes] == [one[:60] for one in same]


def test_an_odd_record_leaves_nothing_of_its_file(tmp_path: Path) -> None:
    """By hand: the last of 3,000 rows is odd; the files before and behind it are read here, each once."""
    plain: list[list[Value]] = [["eni-nat", "10.0.0.220", "8.8.8.8", 7, START, START + 60]] * 3000
    odd: list[list[Value]] = [*plain[:-1], ["eni-nat", "10.0.0.220", "8.8.8.8", 7, -1, START + 60]]
    paths = [tmp_path / f"{number}.parquet" for number in range(3)]
    for path, rows in zip(paths, (plain, odd, plain), strict=True):
        path.write_bytes(flow_log(SMALL, rows, random.Random(1)))
    with tempfile.NamedTemporaryFile() as made_file, sums_of(made_file) as sums:
        assert parquet.sum_files(sums, plain_files(duckdb.connect(), paths)) == [paths[1]]
        line = f"eni-nat 10.0.0.220 8.8.8.8 21000 {START} {START + 60} 3000\n"
        assert Path(made_file.name).read_text("utf-8") == line * 2
        assert sums.count == 6000


def test_rows_that_were_written_early_are_taken_back(tmp_path: Path) -> None:
    """2^19 rows fill the table: those of an odd file are in the file by then."""
    many, last = tmp_path / "many.parquet", 2**19 + 2000
    connection = duckdb.connect()
    connection.execute(
        "COPY (SELECT 'eni-nat' AS interface_id, '10.0.0.220' AS srcaddr, '8.' || i AS dstaddr, 7 AS bytes, 1 AS start,"  # noqa: S608 -- numbers and a path
        f" CASE WHEN i < {last} THEN 2 ELSE -1 END AS end FROM range({last} + 1) AS t(i)) TO '{many}' (FORMAT parquet)"
    )
    few = tmp_path / "few.parquet"
    few.write_bytes(
        flow_log(SMALL, [["eni-nat", "10.0.0.220", f"8.{number}", 7, 1, 2] for number in range(5)], random.Random(1))
    )
    with tempfile.NamedTemporaryFile() as made_file, sums_of(made_file) as sums:
        small, large = plain_files(connection, [few, many])
        assert sums.add(small)
        sums.keep()
        kept = Path(made_file.name).stat().st_size
        assert not sums.add(large)
        assert Path(made_file.name).stat().st_size > 1000 * kept
        sums.forget()
        assert Path(made_file.name).stat().st_size == kept
        assert sums.add(small)
        sums.keep()
        assert (Path(made_file.name).stat().st_size, sums.count) == (2 * kept, 10)


def sums_of(file: IO[bytes]) -> ParquetSums:
    compiled = summing.library()
    assert compiled
    return ParquetSums(Plan(RecordFormat(tuple(SMALL)), ("eni-nat",)), compiled, file)


def test_a_full_disk_is_said(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    path.write_bytes(flow_log(SMALL, [["eni-nat", "10.0.0.220", "8.8.8.8", 7, 1, 2]], random.Random(1)))
    with Path("/dev/full").open("wb") as file, sums_of(file) as sums:
        assert sums.add(plain_files(duckdb.connect(), [path])[0])
        with pytest.raises(OSError, match="No space left"):
            sums.keep()


def test_files_that_vanish_or_change_while_they_are_read_are_left_to_the_engine(tmp_path: Path) -> None:
    paths = [tmp_path / f"{number}.parquet" for number in range(2)]
    for path in paths:
        path.write_bytes(flow_log(SMALL, [["eni-nat", "10.0.0.220", "8.8.8.8", 7, 1, 2]] * 50, random.Random(1)))
    files = plain_files(duckdb.connect(), paths)
    paths[0].unlink()
    paths[1].write_bytes(b"PAR1" * 20)
    with tempfile.NamedTemporaryFile() as made_file, sums_of(made_file) as sums:
        assert parquet.sum_files(sums, files) == paths
        assert sums.count == 0


SCHEMAS = {
    "nested": "SELECT {'a': 'eni-nat'} AS interface_id, 'x' AS srcaddr, 'y' AS dstaddr, 1 AS bytes",
    "a list": "SELECT 'eni-nat' AS interface_id, 'x' AS srcaddr, 'y' AS dstaddr, 1 AS bytes, [2] AS ports",
    "numbers as text": "SELECT 'eni-nat' AS interface_id, 'x' AS srcaddr, 'y' AS dstaddr, '1' AS bytes",
    "unsigned": "SELECT 'eni-nat' AS interface_id, 'x' AS srcaddr, 'y' AS dstaddr, 1::UBIGINT AS bytes",
    "bytes as text": "SELECT 'eni-nat'::BLOB AS interface_id, 'x' AS srcaddr, 'y' AS dstaddr, 1 AS bytes",
    "a moment": "SELECT 'eni-nat' AS interface_id, 'x' AS srcaddr, 'y' AS dstaddr, 1 AS bytes, now() AS start",
}


@pytest.mark.parametrize("schema", SCHEMAS)
def test_columns_stored_in_another_way_are_left_to_the_engine(schema: str, tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    with duckdb.connect() as connection:
        connection.execute(f"COPY ({SCHEMAS[schema]}) TO '{path}' (FORMAT parquet)")
        assert plain_files(connection, [path]) == []


def test_footers_that_cannot_be_read_hide_no_others(tmp_path: Path) -> None:
    paths = [tmp_path / f"{number}.parquet" for number in range(5)]
    for path in paths:
        path.write_bytes(flow_log(SMALL, [["eni-nat", "10.0.0.220", "8.8.8.8", 7, 1, 2]], random.Random(1)))
    paths[3].write_bytes(b"PAR1 and no more")
    assert [file.path for file in plain_files(duckdb.connect(), paths)] == [*paths[:3], paths[4]]


def test_no_pages_can_harm_the_compiled_part(tmp_path: Path) -> None:
    """Compiled with checks of every access, it meets files with bytes that were changed, cut off or put in."""
    run_checked("hostile_pages", tmp_path)
