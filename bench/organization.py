"""A whole organization in one run on a fake AWS: accounts by 17 regions, roles assumed, parts written to a store.

    python bench/organization.py 20 100 200 [--regions 17] [--vpcs 5] [--nats 6] [--latency 0.060] [--no-report]
    python bench/organization.py 100 --keep FOLDER     # AUDITOR_STORE=FOLDER/store auditor report bench

For each number of accounts one process collects into the parts of a run, and another puts them together and renders
the report as JSON. `MiB` is the peak of the collecting process, which must not grow with the accounts; `grown` is by
how much it grew after the first tenth of them.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))  # started as a file, it sees its own folder only

from bench.collect import fake_aws

HERE = Path(__file__).parent
FIRST = 100_000_000_000


@dataclass(frozen=True)
class Used:
    """Seconds on the wall and of CPU, peak MiB, and what the process said last."""

    wall: float
    cpu: float
    memory: float
    said: str


def used(words: list[str], environment: dict[str, str]) -> Used:
    """Run a command of Python to its end."""
    start = time.monotonic()
    process = subprocess.Popen([sys.executable, *words], env=environment, stdout=subprocess.PIPE, text=True)
    said = process.stdout.read() if process.stdout else ""
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"{words} failed with {process.returncode}")
    wall = time.monotonic() - start
    return Used(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, said)


def measured(accounts: int, options: argparse.Namespace, url: str, folder: Path) -> str:
    """One run as a row of a Markdown table."""
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "AUDITOR_"))},
        "PYTHONPATH": str(HERE.parent),
        "AWS_ENDPOINT_URL": url,
        "AWS_ACCESS_KEY_ID": "x",
        "AWS_SECRET_ACCESS_KEY": "y",
        "AUDITOR_ACCOUNTS": ",".join(f"{FIRST + n:012d}" for n in range(accounts)),
        "AUDITOR_ROLE": "AuditorReadOnly",
        "AUDITOR_STORE": str(folder / "store"),
        "AUDITOR_OUTPUT": str(folder / "report"),
        "AUDITOR_FLOW_LOGS": "off",
        "AUDITOR_FORMATS": "json",
    }
    read = used([str(HERE / "organization_once.py"), str(accounts * options.regions)], environment)
    with urllib.request.urlopen(f"{url}/_stats") as answer:  # noqa: S310
        calls = json.load(answer)["calls"]
    size = sum(path.stat().st_size for path in folder.rglob("*.json.gz")) / 2**20
    made = None if options.no_report else used(["-m", "auditor", "report", "bench", "--quiet"], environment)
    found = findings(folder / "report" / "audit.json") if made else 0
    cells = (
        f"{accounts:,}",
        f"{calls:,}",
        f"{read.wall:.1f}",
        f"{read.cpu:.1f}",
        f"{calls / read.cpu:.0f}",
        f"{read.memory:.0f}",
        read.said.strip(),
        f"{size:.1f}",
        *((f"{made.wall:.1f}", f"{made.cpu:.1f}", f"{made.memory:.0f}", f"{found:,}") if made else ("–",) * 4),
    )
    return f"| {' | '.join(cells)} |"


def findings(audit: Path) -> int:
    """How many a report has; it may be larger than memory."""
    with audit.open() as lines:
        return sum(line.startswith('   "severity":') for line in lines)


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("accounts", type=int, nargs="+")
    parser.add_argument("--regions", type=int, default=17)
    parser.add_argument("--vpcs", type=int, default=5)
    parser.add_argument("--nats", type=int, default=6)
    parser.add_argument("--latency", type=float, default=0.060)
    parser.add_argument("--no-report", action="store_true", help="collect only")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="leave store and report there; for one number")
    options = parser.parse_args()
    size = f"{options.regions} regions, {options.vpcs} VPCs and {options.nats} NAT gateways each"
    print(f"{size}, {options.latency * 1000:.0f} ms a call\n")
    collecting = "accounts | calls | wall, s | CPU, s | calls a CPU second | MiB | grown | parts, MiB"
    print(f"| {collecting} | report, s | CPU, s | MiB | findings |")
    print(f"|{'---|' * 12}")
    for accounts in options.accounts:
        with fake_aws(options) as url, tempfile.TemporaryDirectory() as folder:
            print(measured(accounts, options, url, options.keep or Path(folder)), flush=True)


if __name__ == "__main__":
    main()
