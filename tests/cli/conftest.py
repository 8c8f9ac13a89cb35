"""What leads the command line to the company over the proxy."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.command import Auditor, Done, auditor, in_process
from tests.embedded import Served, clean_environment
from tests.fault_proxy import FaultProxy


@pytest.fixture
def environment(seeded: Served, proxy: FaultProxy, tmp_path: Path) -> dict[str, str]:
    """What leads to the company, over the proxy, and to nothing of the user's."""
    return clean_environment(HOME=str(tmp_path), **seeded.environment_of(proxy.url))


@pytest.fixture
def run(environment: dict[str, str], tmp_path: Path) -> Auditor:
    """`auditor run` into the folder `report`, as JSON alone and without flow logs: pages and records take longer."""

    def run_it(*args: str, **more: str) -> Done:
        return in_process("run", *_briefly(tmp_path), *args, **environment | more)

    return run_it


@pytest.fixture
def run_apart(environment: dict[str, str], tmp_path: Path) -> Auditor:
    """The same in a process of its own, for what a process says by itself: its log, for one."""

    def run_it(*args: str, **more: str) -> Done:
        return auditor("run", *_briefly(tmp_path), *args, **environment | more)

    return run_it


def _briefly(folder: Path) -> tuple[str, ...]:
    return "--output", str(folder / "report"), "--format", "json", "--flow-logs", "off"
