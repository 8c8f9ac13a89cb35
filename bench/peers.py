"""One other way to read the files of `bench/flow_logs.py`; prints the bytes that NAT gateways exchanged with others.

    python bench/peers.py isal|duckdb-rows|duckdb-summed|polars text|parquet FOLDER

None of these is the project's dependency, and none counts what the audit counts: damaged files, IPv6, rejected and
lost records, windows, other formats, several addresses of a gateway. They show what the machine can do.
"""

from __future__ import annotations

import json
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from auditor.model.flow_record import DEFAULT_FIELDS  # noqa: E402 -- found only from the project's root

KINDS = {"text": "*.gz", "parquet": "*.parquet"}
NUMBER = " + ".join(f"split_part(remote, '.', {part})::BIGINT * {256 ** (4 - part)}" for part in range(1, 5))
REMOTE = """
SELECT interface_id, CASE WHEN srcaddr LIKE '10.%' THEN dstaddr ELSE srcaddr END AS remote,
  srcaddr LIKE '10.%' AS is_up, bytes
FROM {records} SEMI JOIN gateways USING (interface_id)
WHERE log_status = 'OK' AND action = 'ACCEPT' AND NOT (srcaddr LIKE '10.%' AND dstaddr LIKE '10.%')
"""
SUMMED = "SELECT interface_id, remote, is_up, SUM(bytes) AS bytes FROM ({remote}) GROUP BY ALL"
PLACED = """
SELECT SUM(bytes) FROM (
  SELECT interface_id, is_up, place, SUM(bytes) AS bytes
  FROM (SELECT *, {number} AS number FROM ({remotes})) ASOF JOIN places ON number >= first GROUP BY ALL)
"""


def isal(folder: Path, kind: str) -> int:
    """Only unpacks, on all cores; no bytes are counted."""
    from isal import igzip  # noqa: PLC0415 -- another interpreter may lack it

    def unpack(path: Path) -> None:
        with igzip.open(path) as file:  # type: ignore[no-untyped-call]
            while file.read(1 << 20):
                pass

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(unpack, (folder / kind).glob(KINDS[kind])))
    return 0


def duckdb(folder: Path, kind: str, *, is_summed: bool) -> int:
    """Places each record, or each sum of the records of one gateway, direction and address."""
    import duckdb  # noqa: PLC0415 -- not needed for the others

    from auditor.attribution.ranges import load_ranges  # noqa: PLC0415 -- not needed for the others

    ranges = load_ranges().by_version[4]
    connection = duckdb.connect(config={"preserve_insertion_order": False})
    connection.execute("SET asof_loop_join_threshold = 0")
    places = [f"{one.service} {one.region}" for one in ranges.destinations]
    connection.execute(
        "CREATE TABLE places AS SELECT UNNEST($1) AS first, UNNEST($2) AS place", [ranges.starts, places]
    )
    connection.execute("CREATE TABLE gateways AS SELECT UNNEST($1) AS interface_id", [interfaces(folder)])
    remote = REMOTE.format(records=records(folder, kind))
    query = PLACED.format(number=NUMBER, remotes=SUMMED.format(remote=remote) if is_summed else remote)
    return int(connection.execute(query).fetchall()[0][0])


def records(folder: Path, kind: str) -> str:
    """What DuckDB reads, with names as Parquet has them."""
    files = f"{folder}/{kind}/{KINDS[kind]}"
    if kind == "parquet":
        return f"read_parquet('{files}')"
    numbers = {"bytes", "start", "end"}
    columns = {name.replace("-", "_"): "BIGINT" if name in numbers else "VARCHAR" for name in DEFAULT_FIELDS}
    return f"read_csv('{files}', delim = ' ', header = true, nullstr = '-', quote = '', columns = {columns})"


def polars(folder: Path, kind: str) -> int:
    """Its streaming engine; sums by interface and pair of addresses, and places none."""
    import polars as pl  # type: ignore[import-not-found,unused-ignore]  # noqa: PLC0415 -- no dependency of ours

    files = f"{folder}/{kind}/{KINDS[kind]}"
    if kind == "text":
        rows = pl.scan_csv(files, separator=" ", null_values="-", with_column_names=with_underscores)
    else:
        rows = pl.scan_parquet(files)
    source, destination = (pl.col(name).str.starts_with("10.") for name in ("srcaddr", "dstaddr"))
    is_known = pl.col("interface_id").is_in(interfaces(folder))
    is_counted = (pl.col("log_status") == "OK") & (pl.col("action") == "ACCEPT") & ~(source & destination)
    sums = rows.filter(is_known & is_counted).group_by("interface_id", "srcaddr", "dstaddr").agg(pl.sum("bytes"))
    return int(sums.collect(engine="streaming")["bytes"].sum())


def with_underscores(names: list[str]) -> list[str]:
    """Columns as Parquet names them."""
    return [name.replace("-", "_") for name in names]


def interfaces(folder: Path) -> list[str]:
    """Those of the NAT gateways."""
    described = json.loads((folder / "nat-gateways.json").read_text("utf-8"))["NatGateways"]
    return [address["NetworkInterfaceId"] for one in described for address in one["NatGatewayAddresses"]]


def main() -> None:
    """Run one and print its sum."""
    name, kind, folder = sys.argv[1], sys.argv[2], Path(sys.argv[3])
    if name == "isal":
        print(isal(folder, kind))
    elif name == "polars":
        print(polars(folder, kind))
    else:
        print(duckdb(folder, kind, is_summed=name == "duckdb-summed"))


if __name__ == "__main__":
    main()
