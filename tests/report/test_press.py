"""A PDF is laid out beside all other work: the same one, and what goes wrong there is told here."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from auditor.errors import AuditorError, UsageError
from auditor.report.pdf import render_pdf
from auditor.report.press import Press
from tests.processes import line_of, running

PAPER = "<html lang='en'><title>Paper</title><p>What it costs: $1.00</p></html>"


def test_it_is_the_pdf_that_is_made_here_and_ctrl_c_is_not_for_it() -> None:
    with Press() as press:
        until(lambda: int(status(press.pid)["SigIgn"], 16) >> (signal.SIGINT - 1) & 1)
        os.kill(press.pid, signal.SIGINT)
        press.begin(PAPER)
        assert press.pdf() == render_pdf(PAPER)


def test_what_is_wrong_there_is_an_error_of_this_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "weasyprint.py").write_text("raise OSError('cannot load library libpango-1.0-0')\n")
    monkeypatch.syspath_prepend(tmp_path)
    with Press() as press:
        press.begin(PAPER)
        with pytest.raises(UsageError, match="libpangoft2"):
            press.pdf()


def test_where_it_is_killed_the_error_says_so() -> None:
    """As by a kernel that runs out of memory."""
    with Press() as press:
        os.kill(press.pid, signal.SIGKILL)
        press.begin(PAPER)
        with pytest.raises(AuditorError, match=r"was ended by signal 9 .* perhaps for want of memory"):
            press.pdf()


def test_it_ends_with_its_block_and_with_the_process_that_started_it() -> None:
    with Press() as press:
        here = press.pid
    starts = "import time; from auditor.report.press import Press; print(Press().pid, flush=True); time.sleep(60)"
    with running([sys.executable, "-c", starts], stdout=subprocess.PIPE) as parent:
        there = int(line_of(parent))
        assert is_there(there)
        parent.kill()
    assert not is_there(here)
    until(lambda: not is_there(there))


def test_it_ends_with_that_process_in_the_midst_of_its_work() -> None:
    """As where a run is killed that does not end, perhaps for what the press is at: minutes of layout."""
    starts = (
        "import time; from auditor.report.press import Press; press = Press(); print(press.pid, flush=True)\n"
        "press.begin('<html><title>t</title>' + '<p>text</p>' * 200_000 + '</html>'); print('sent', flush=True)\n"
        "time.sleep(60)"
    )
    with running([sys.executable, "-c", starts], stdout=subprocess.PIPE) as parent:
        there = int(line_of(parent))
        assert line_of(parent) == "sent\n"
        parent.kill()
    until(lambda: not is_there(there))


def until(condition: Callable[[], object]) -> None:
    """Wait no longer than half a minute."""
    end = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


def status(pid: int) -> dict[str, str]:
    """What the kernel says of a process; empty where it is gone."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except (FileNotFoundError, ProcessLookupError):
        return {}
    return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}


def is_there(pid: int) -> bool:
    """Whether it is, and not only as a zombie that nobody has asked after."""
    return not status(pid).get("State", "Z").startswith("Z")
