"""An organization of many small accounts: the fake AWS of the benchmarks, and its count of calls.

with organization(latency=0.01) as aws: ...
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.embedded import clean_environment
from tests.processes import running

ACCOUNTS = tuple(f"{n:012d}" for n in range(100000000000, 100000000012))


@dataclass(frozen=True)
class Organization:
    """Where it listens, and the environment that leads an audit of all its accounts to it."""

    url: str

    @property
    def environment(self) -> dict[str, str]:
        """All accounts, by a role, two regions with two NAT gateways each; JSON alone, which is made in no time."""
        return clean_environment(
            AWS_ENDPOINT_URL=self.url,
            AWS_ACCESS_KEY_ID="x",
            AWS_SECRET_ACCESS_KEY="y",
            AUDITOR_ACCOUNTS=",".join(ACCOUNTS),
            AUDITOR_ROLE="AuditorReadOnly",
            AUDITOR_FLOW_LOGS="off",
            AUDITOR_FORMATS="json",
            AUDITOR_LIVE_PRICES="false",
        )

    def calls(self, operation: str) -> int:
        """How often an operation was called since the last question."""
        with urllib.request.urlopen(f"{self.url}/_stats") as answer:  # noqa: S310 -- of our own server
            regions = json.load(answer)["regions"].values()
        reset = urllib.request.Request(f"{self.url}/_reset", method="POST")  # noqa: S310 -- the same
        urllib.request.urlopen(reset).close()  # noqa: S310 -- the same
        return sum(int(seen[operation]["calls"]) for seen in regions if operation in seen)


@contextmanager
def organization(latency: float = 0.0) -> Iterator[Organization]:
    """Served by a process of its own, each answer after so many seconds."""
    with tempfile.TemporaryDirectory() as folder:
        port = Path(folder) / "port"
        size = ("--regions", "2", "--vpcs", "2", "--nats", "2", "--latency", str(latency))
        command = [sys.executable, "bench/fake_aws.py", "--port-file", str(port), *size]
        with running(command, stdout=subprocess.DEVNULL) as server:
            while not (port.exists() and port.read_text().strip()):
                assert server.poll() is None
                time.sleep(0.02)
            yield Organization(f"http://127.0.0.1:{port.read_text().strip()}")
