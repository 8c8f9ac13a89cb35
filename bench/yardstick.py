"""What a command would take on the machine of 2026-11-20, for which the bounds were set.

    python bench/yardstick.py [--runs 3] auditor report DIR/evidence.json --format html,pdf --output DIR

Plain aiobotocore over 17 regions of the fake AWS took 2.12 s there. Here it runs in turn with the command, so that a
machine whose speed drifts favours neither; how much longer it takes is how much slower this machine is.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from bench.collect import environment_of, fake_aws, timed

THERE = 2.12
"""Seconds of the yardstick, 17 regions with 5 VPCs and 6 NAT gateways each, 60 ms a call, on that machine."""


def seconds(command: list[str]) -> float:
    """One run; the exit codes of reports with gaps and of savings above a limit are no failures."""
    start = time.monotonic()
    done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=False)
    if done.returncode not in {0, 4, 10}:
        sys.exit(f"{command[0]} failed with {done.returncode}: {done.stderr}")
    return time.monotonic() - start


def main() -> None:
    """Measure both and print them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("command", nargs=argparse.REMAINDER)
    options = parser.parse_args()
    if not options.command:
        parser.error("which command?")
    size = argparse.Namespace(regions=17, vpcs=5, nats=6, latency=0.060, setup=0.0)
    yardstick, own = [], []  # type: list[float], list[float]
    with fake_aws(size) as url, tempfile.TemporaryDirectory() as compiled:
        environment = environment_of(url, 1, compiled)
        timed("baseline_aiobotocore.py", url, environment)  # compiles what an installation has compiled
        for _ in range(options.runs):
            yardstick.append(timed("baseline_aiobotocore.py", url, environment).whole)
            own.append(seconds(options.command))
    factor = statistics.median(yardstick) / THERE
    here = statistics.median(own)
    print(f"plain aiobotocore {statistics.median(yardstick):.2f} s: this machine is {factor:.2f} times as slow")
    print(f"the command {here:.2f} s, there {here / factor:.2f} s")


if __name__ == "__main__":
    main()
