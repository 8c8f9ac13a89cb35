"""How long `auditor attribute` takes beside `zcat` on all cores, on the files of `bench/flow_logs.py`, in one run.

    python bench/attribute.py FOLDER [--runs 3] [--oracle 1] [--peers [--peers-python PYTHON]]

All take turns, so that a machine whose speed drifts favours none, and the best of the runs counts: what disturbs only
adds. `cpu` is user and system time; on a machine with other work it is the steadier of the two. Text and Parquet hold
the same records: the run fails unless both give the same result, and unless a loop in plain Python with `ipaddress`,
the tests' slow oracle, gives the same totals for the first few files. `--peers` adds other ways to read these files,
those of `bench/peers.py` that the named interpreter can import, and compares their sums too.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from tests.attribution import oracle  # noqa: E402 -- found only from the project's root


@dataclass(frozen=True, order=True)
class Timing:
    """Seconds of one run and its peak memory in MiB."""

    wall: float
    cpu: float
    memory: float


def timed(command: list[str], output: Path) -> Timing:
    """One run of a command, its children included."""
    before, start = os.times(), time.monotonic()
    with output.open("wb") as file:
        process = subprocess.Popen(command, stdout=file, cwd=ROOT)
        _, status, usage = os.wait4(process.pid, 0)
    end, after = time.monotonic(), os.times()
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"{command[0]} failed with {process.returncode}")
    cpu = sum(after[2:4]) - sum(before[2:4])
    return Timing(end - start, cpu, usage.ru_maxrss / 1024)


def commands(folder: Path) -> dict[str, list[str]]:
    """What is measured, by name."""
    cores = os.cpu_count() or 1
    zcat = f"printf '%s\\0' '{folder}'/text/*.gz | xargs -0 -P{cores} -n1 zcat >/dev/null"
    asked = [f"--nat-gateways={folder}/nat-gateways.json", "--region=eu-west-1"]
    auditor = [sys.executable, "-m", "auditor", "attribute"]
    return {
        f"`zcat` on {cores} cores, thrown away": ["sh", "-c", zcat],
        "`auditor attribute`, gzip text": [*auditor, f"{folder}/text", *asked],
        "`auditor attribute`, Parquet": [*auditor, f"{folder}/parquet", *asked],
    }


def peers(folder: Path, python: str) -> dict[str, list[str]]:
    """Other ways to read the same files, by name, as far as they can be imported."""
    script = str(ROOT / "bench/peers.py")
    found = {"ISA-L on all cores, thrown away": [sys.executable, script, "isal", "text", str(folder)]}
    ways = {"duckdb-summed": "DuckDB, summed, then placed", "duckdb-rows": "DuckDB, placed row by row"}
    for way, name in (ways | {"polars": "Polars, streaming, summed"}).items():
        module = way.partition("-")[0]
        if subprocess.run([python, "-c", f"import {module}"], stderr=subprocess.DEVNULL, check=False).returncode:
            print(f"{name}: left out, {python} has no {module}", file=sys.stderr)
            continue
        found |= {f"{name}, {kind}": [python, script, way, kind, str(folder)] for kind in ("text", "parquet")}
    return found


def main() -> None:
    """Run them all in turn and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--oracle", type=int, default=1, metavar="FILES")
    parser.add_argument("--peers", action="store_true")
    parser.add_argument("--peers-python", default=sys.executable, metavar="PYTHON")
    options = parser.parse_args()
    folder = options.folder.resolve()
    others = peers(folder, options.peers_python) if options.peers else {}
    measured = commands(folder) | others
    outputs = {name: folder / f"output-{number}" for number, name in enumerate(measured)}
    timings = {name: [] for name in measured}  # type: dict[str, list[Timing]]
    for _ in range(options.runs):
        for name, command in measured.items():
            timings[name].append(timed(command, outputs[name]))
    _, text, parquet, *sums = (path.read_bytes() for path in outputs.values())
    if text != parquet:
        sys.exit("text and Parquet give different results")
    total = sum(one["bytes_up"] + one["bytes_down"] for one in json.loads(text)["nat_gateways"])
    if any(int(one) != total for one in sums[1:]):
        sys.exit(f"a peer counts other bytes than {total}: {dict(zip(others, sums, strict=True))}")
    print_table(timings)
    if options.oracle:
        compare_with_oracle(folder, options.oracle)


def compare_with_oracle(folder: Path, count: int) -> None:
    """The same totals for some files from a loop in plain Python, and how long that takes for a million records."""
    files = sorted((folder / "text").glob("*.gz"))[:count]
    described = folder / "nat-gateways.json"
    start = time.monotonic()
    totals = oracle.count(files, oracle.nats_of(json.loads(described.read_text("utf-8"))), None)
    seconds = time.monotonic() - start
    output = folder / "output-oracle"
    asked = [f"--nat-gateways={described}", "--region=eu-west-1"]
    timed([sys.executable, "-m", "auditor", "attribute", *map(str, files), *asked], output)
    found = json.loads(output.read_bytes())
    sums = {
        nat["id"]: {
            (one["service"], one["region"]): [one["bytes_up"], one["bytes_down"]] for one in nat["destinations"]
        }
        for nat in found["nat_gateways"]
    }
    if sums != totals.sums or found["records"] != totals.counts["records"]:
        sys.exit(f"the slow oracle counts something else in {count} files")
    million = totals.counts["records"] / 1_000_000
    print(f"\nThe slow oracle agrees on {million:.2f} M records of {count} files: {seconds / million:.1f} s a million.")


def print_table(timings: dict[str, list[Timing]]) -> None:
    """Best times as a Markdown table, beside those of the first row."""
    first = next(iter(timings.values()))
    wall, cpu = min(one.wall for one in first), min(one.cpu for one in first)
    print("| | wall s | × | CPU s | × | MiB |\n|---|---|---|---|---|---|")
    for name, runs in timings.items():
        best, least, most = min(runs).wall, min(one.cpu for one in runs), max(one.memory for one in runs)
        print(f"| {name} | {best:.1f} | {best / wall:.2f} | {least:.1f} | {least / cpu:.2f} | {most:.0f} |")


if __name__ == "__main__":
    main()
