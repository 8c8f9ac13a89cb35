"""What leads the command line to the company over the proxy."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.command import Auditor, Done, auditor
from tests.embedded import Served, clean_environment
from tests.fault_proxy import FaultProxy


@pytest.fixture
def environment(seeded: Served, proxy: FaultProxy, tmp_path: Path) -> dict[str, str]:
    """What leads to the company, over the proxy, and to nothing of the user's."""
    return clean_environment(HOME=str(tmp_path), **seeded.environment_of(proxy.url))


@pytest.fixture
def run(environment: dict[str, str], tmp_path: Path) -> Auditor:
    """`auditor run` into the folder `report`, as JSON alone and without flow logs: pages and records take longer."""
    brief = ("--output", str(tmp_path / "report"), "--format", "json", "--flow-logs", "off")

    def run_it(*args: str, **more: str) -> Done:
        return auditor("run", *brief, *args, **environment | more)

    return run_it
