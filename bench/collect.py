"""How long a collection takes, from process start to evidence, beside plain aiobotocore, on a fake AWS.

    python bench/collect.py [--regions 30] [--vpcs 5] [--nats 6] [--latency 0.060] [--runs 5]

Both run in turn, so that a machine whose speed drifts does not favour one. `to evidence` counts from the start of
the process to the last answer parsed, `calls` from the first to the last call that the server saw.
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
    """Seconds of one run, its peak memory in MiB and its calls."""

    to_evidence: float
    whole: float
    first_to_last: float
    memory: float
    calls: int


@contextmanager
def fake_aws(options: argparse.Namespace) -> Iterator[str]:
    """The fake AWS as a process of its own; yields its URL."""
    with tempfile.TemporaryDirectory() as folder:
        port_file = Path(folder) / "port"
        words = [f"--{name}={getattr(options, name)}" for name in ("regions", "vpcs", "nats", "latency")]
        command = [sys.executable, str(HERE / "fake_aws.py"), "--port=0", f"--port-file={port_file}", *words]
        server = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        try:
            while not (port_file.exists() and port_file.read_text().strip()):
                time.sleep(0.02)
            yield f"http://127.0.0.1:{port_file.read_text().strip()}"
        finally:
            server.terminate()
            server.wait()


def timed(script: str, url: str) -> Timing:
    """One run of a script against the fake AWS."""
    urllib.request.urlopen(urllib.request.Request(f"{url}/_reset", method="POST")).close()  # noqa: S310
    environment = {**os.environ, "AWS_ENDPOINT_URL": url, "AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "y"}
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
    return Timing(complete - start, end - start, spread, usage.ru_maxrss / 1024, stats["calls"])


def row(name: str, timings: list[Timing]) -> str:
    """Medians of some runs as a row of a Markdown table."""
    median = [statistics.median(getattr(t, key) for t in timings) for key in Timing.__annotations__]
    return f"| {name} | {median[0]:.2f} | {median[1]:.2f} | {median[2]:.2f} | {median[3]:.0f} | {median[4]:.0f} |"


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--regions", type=int, default=30)
    parser.add_argument("--vpcs", type=int, default=5)
    parser.add_argument("--nats", type=int, default=6)
    parser.add_argument("--latency", type=float, default=0.060)
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args()
    scripts = {"auditor": "collect_once.py", "plain aiobotocore": "baseline_aiobotocore.py"}
    found: dict[str, list[Timing]] = {name: [] for name in scripts}
    with fake_aws(options) as url:
        for _ in range(options.runs):
            for name, script in scripts.items():
                found[name].append(timed(script, url))
    size = f"{options.regions} regions, {options.vpcs} VPCs and {options.nats} NAT gateways each"
    print(f"{size}, {options.latency * 1000:.0f} ms a call\n")
    print("| | to evidence, s | whole process, s | first to last call, s | MiB | calls |\n|---|---|---|---|---|---|")
    for name, timings in found.items():
        print(row(name, timings))


if __name__ == "__main__":
    main()
