"""Processes that tests start: each ends with its block, whatever ends that.

`subprocess.Popen` as a context waits for its process, also for one that nobody has told to end.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]


@contextmanager
def running(command: Sequence[str], **options: Any) -> Iterator[subprocess.Popen[str]]:
    """The process, in the root folder and with text in its pipes; it is killed if it is still there at the end."""
    with subprocess.Popen(command, cwd=ROOT, text=True, **options) as process:
        try:
            yield process
        finally:
            process.kill()


def line_of(process: subprocess.Popen[str]) -> str:
    """The next line that it says; it fails where the process has ended instead."""
    assert process.stdout
    line = process.stdout.readline()
    assert line, f"the process ended with {process.wait()}"
    return line
