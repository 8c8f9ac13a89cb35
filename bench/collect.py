"""How long a collection takes, from process start to evidence, beside plain aiobotocore and boto3, on a fake AWS.

    python bench/collect.py [--regions 30] [--vpcs 5] [--nats 6] [--latency 0.060] [--setup 0] [--accounts 1] [--runs 5]

All run in turn, so that a machine whose speed drifts does not favour one, after one run each that is not counted: it
compiles what an installation has compiled. With `--accounts` only the auditor runs, which assumes a role in each.
`to evidence` counts from the start of the process to the last answer parsed, `calls` from the first to the last call
that the server saw. `--setup` are the seconds that a new connection takes.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Timing:
    """Seconds of one run, wall and processor's, its peak memory in MiB and its calls."""

    to_evidence: float
    whole: float
    first_to_last: float
    processor: float
    memory: float
    calls: int


@contextmanager
def fake_aws(options: argparse.Namespace) -> Iterator[str]:
    """The fake AWS as a process of its own; yields its URL."""
    with tempfile.TemporaryDirectory() as folder:
        port_file = Path(folder) / "port"
        words = [f"--{name}={getattr(options, name, 0)}" for name in ("regions", "vpcs", "nats", "latency", "setup")]
        command = [sys.executable, str(HERE / "fake_aws.py"), "--port=0", f"--port-file={port_file}", *words]
        server = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        try:
            while not (port_file.exists() and port_file.read_text().strip()):
                time.sleep(0.02)
            yield f"http://127.0.0.1:{port_file.read_text().strip()}"
        finally:
            server.terminate()
            server.wait()


def environment_of(url: str, accounts: int, compiled: str) -> dict[str, str]:
    """What leads a script to the fake AWS, and where it finds its modules compiled, as an installation has them."""
    own = {"AWS_ENDPOINT_URL": url, "AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "y"}
    own |= {"PYTHONPYCACHEPREFIX": compiled, "PYTHONDONTWRITEBYTECODE": "", "PYTHONPATH": str(HERE.parent)}
    if accounts > 1:
        ids = [str(100_000_000_000 + number) for number in range(accounts)]
        own |= {"AUDITOR_ACCOUNTS": ",".join(ids), "AUDITOR_ROLE": "Auditor"}
    return {**os.environ, **own}


def timed(script: str, url: str, environment: dict[str, str]) -> Timing:
    """One run of a script against the fake AWS."""
    urllib.request.urlopen(urllib.request.Request(f"{url}/_reset", method="POST")).close()  # noqa: S310
    start = time.monotonic()
    process = subprocess.Popen([sys.executable, str(HERE / script)], env=environment, stdout=subprocess.PIPE, text=True)
    said = process.stdout.read() if process.stdout else ""
    _, status, usage = os.wait4(process.pid, 0)
    end = time.monotonic()
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"{script} failed with {process.returncode}")
    with urllib.request.urlopen(f"{url}/_stats") as answer:  # noqa: S310
        stats = json.load(answer)
    complete = json.loads(said)["complete"] if said.startswith("{") else end
    seen = [one for operations in stats["regions"].values() for one in operations.values()]
    spread = max(one["last"] for one in seen) - min(one["first"] for one in seen)
    processor = usage.ru_utime + usage.ru_stime
    return Timing(complete - start, end - start, spread, processor, usage.ru_maxrss / 1024, stats["calls"])


def row(name: str, timings: list[Timing]) -> str:
    """Medians of some runs as a row of a Markdown table."""
    to_evidence, whole, spread, processor, memory, calls = (
        statistics.median(getattr(timing, key) for timing in timings) for key in Timing.__annotations__
    )
    seconds = " | ".join(f"{one:.2f}" for one in (to_evidence, whole, spread, processor))
    return f"| {name} | {seconds} | {memory:.0f} | {calls:.0f} | {calls / processor:.0f} |"


def measured(options: argparse.Namespace, scripts: dict[str, str]) -> dict[str, list[Timing]]:
    """All runs that count, by name."""
    found: dict[str, list[Timing]] = {name: [] for name in scripts}
    with fake_aws(options) as url, tempfile.TemporaryDirectory() as compiled:
        environment = environment_of(url, options.accounts, compiled)
        for number in range(options.runs + 1):
            for name, script in scripts.items():
                timing = timed(script, url, environment)
                if number:
                    found[name].append(timing)
    return found


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--regions", type=int, default=30)
    parser.add_argument("--vpcs", type=int, default=5)
    parser.add_argument("--nats", type=int, default=6)
    parser.add_argument("--latency", type=float, default=0.060)
    parser.add_argument("--setup", type=float, default=0.0)
    parser.add_argument("--accounts", type=int, default=1)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--slow-peers", action="store_true", help="plain boto3 too, which takes minutes")
    options = parser.parse_args()
    scripts = {"auditor": "collect_once.py"}
    if options.accounts == 1:
        scripts |= {"plain aiobotocore": "baseline_aiobotocore.py"}
        scripts |= {"plain boto3": "baseline_boto3.py"} if options.slow_peers else {}
    found = measured(options, scripts)
    size = f"{options.regions} regions, {options.vpcs} VPCs and {options.nats} NAT gateways each"
    way = f"{options.latency * 1000:.0f} ms a call, {options.setup * 1000:.0f} ms to connect"
    print(f"{options.accounts} accounts, {size}, {way}\n")
    heads = ("to evidence, s", "whole, s", "first to last call, s", "processor, s", "MiB", "calls", "calls a CPU s")
    print(f"| | {' | '.join(heads)} |\n|{'---|' * (len(heads) + 1)}")
    for name, timings in found.items():
        print(row(name, timings))


if __name__ == "__main__":
    main()
