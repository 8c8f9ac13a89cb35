"""Ctrl-C and SIGTERM end a run with a report of what was read so far; a second one ends it at once."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from auditor.model.evidence import STOPPED
from tests.embedded import OWN, Served, clean_environment
from tests.fault_proxy import FaultProxy
from tests.processes import running

FRANKFURT, VIRGINIA = "eu-central-1", "us-east-1"
STUCK = 25
"""Seconds."""


@pytest.fixture
def stuck(seeded: Served) -> Iterator[FaultProxy]:
    """One answer of Frankfurt takes its time."""
    with FaultProxy(seeded.url) as proxy:
        proxy.delay(STUCK, "DescribeNatGateways", region=FRANKFURT)
        yield proxy


@contextmanager
def begun(aws: Served, proxy: FaultProxy, folder: Path, *under: str) -> Iterator[subprocess.Popen[str]]:
    words = ["run", "--region", f"{FRANKFURT},{VIRGINIA}", "--format", "json", "--output", str(folder)]
    command = [*under, sys.executable, "-m", "auditor", *words, "--bundled-prices", "--flow-logs", "off"]
    environment = clean_environment(**aws.environment_of(proxy.url))
    with running(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        yield process


def until_virginia_is_read(process: subprocess.Popen[str]) -> None:
    assert process.stderr
    for line in process.stderr:
        if VIRGINIA in line:
            return
    pytest.fail("it ended before")


def audit(folder: Path) -> Any:  # noqa: ANN401 -- JSON
    return json.loads((folder / "audit.json").read_text("utf-8"))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_first_signal_ends_it_with_a_report_that_names_what_is_missing(
    seeded: Served, stuck: FaultProxy, tmp_path: Path, number: signal.Signals
) -> None:
    with begun(seeded, stuck, tmp_path) as process:
        until_virginia_is_read(process)
        process.send_signal(number)
        process.communicate(timeout=60)
    assert process.returncode == 4
    found = audit(tmp_path)
    assert {(one["region"], one["status"]) for one in found["scopes"]} == {(FRANKFURT, "failed"), (VIRGINIA, "audited")}
    (gap,) = found["gaps"]
    assert (gap["account_id"], gap["region"], gap["reason"]) == (OWN, FRANKFURT, STOPPED)
    assert {one["region"] for one in found["nat_gateways"]} == {VIRGINIA}


def test_in_the_background_of_a_script_it_heeds_sigterm_and_not_ctrl_c(
    seeded: Served, stuck: FaultProxy, tmp_path: Path
) -> None:
    """The shell has its processes there ignore Ctrl-C, which is for what stands in front."""
    ignoring = ("sh", "-c", "trap '' INT; exec \"$@\"", "sh")
    with begun(seeded, stuck, tmp_path, *ignoring) as process:
        until_virginia_is_read(process)
        process.send_signal(signal.SIGINT)
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(1)
        sent = time.monotonic()
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)
    assert process.returncode == 4
    assert time.monotonic() - sent < STUCK / 2
    assert {gap["reason"] for gap in audit(tmp_path)["gaps"]} == {STOPPED}


def test_a_second_signal_ends_it_at_once(seeded: Served, stuck: FaultProxy, tmp_path: Path) -> None:
    with begun(seeded, stuck, tmp_path) as process:
        assert process.stderr
        until_virginia_is_read(process)
        process.send_signal(signal.SIGTERM)
        process.send_signal(signal.SIGTERM)
        _, said = process.communicate(timeout=60)
    assert process.returncode in {4, 130}
    assert "Traceback" not in said
