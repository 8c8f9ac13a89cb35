"""Starting the command line in a process of its own, and what it answers: exit codes, lines, files."""

from __future__ import annotations

import gc
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from datetime import UTC, datetime, tzinfo
from io import StringIO
from pathlib import Path
from typing import Self
from unittest.mock import patch

import pytest

from auditor.cli import main, runs
from tests.processes import ROOT, running

Done = subprocess.CompletedProcess[str]
Auditor = Callable[..., Done]

MOMENT = datetime.now(UTC)


class _OneMoment(datetime):
    @classmethod
    def now(cls, tz: tzinfo | None = None) -> Self:
        """Always the same."""
        return cls.fromtimestamp(MOMENT.timestamp(), tz)


def at_one_moment(patch: pytest.MonkeyPatch) -> None:
    """Runs begin at `MOMENT`, so that two of them have one window whenever midnight comes."""
    patch.setattr(runs, "datetime", _OneMoment)


OK, USAGE, NO_ACCESS, GAPS, ABOVE = 0, 2, 3, 4, 10


@contextmanager
def started(*args: str, **environment: str) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "auditor", *args]
    settings = environment | {"PYTHONPATH": str(ROOT), "COLUMNS": "200"}
    with running(command, env=settings, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        yield process


def auditor(*args: str, **environment: str) -> Done:
    with started(*args, **environment) as process:
        out, err = process.communicate()
        return subprocess.CompletedProcess(args, process.returncode, out, err)


def in_process(*args: str, **environment: str) -> Done:
    """The command as `auditor` runs it, without the second that a process of its own takes to start.

    In the environment that is given, or else in that of this process.
    """
    out, err = StringIO(), StringIO()
    words, variables = patch.object(sys, "argv", ["auditor", *args]), patch.dict(os.environ)
    with words, variables, redirect_stdout(out), redirect_stderr(err):
        if environment:
            os.environ.clear()
            os.environ.update(environment, COLUMNS="200")
        with pytest.raises(SystemExit) as ended:
            main()
        gc.enable()
    code = ended.value.code
    assert code is None or isinstance(code, int)
    return Done(args, code or OK, out.getvalue(), err.getvalue())


def refused(done: Done, code: int) -> str:
    """The one line that a failed command says, without its name."""
    assert (done.returncode, done.stdout) == (code, ""), done.stderr
    last = done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr
    assert last.startswith("auditor: ")
    return last.removeprefix("auditor: ")


def files(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()} if folder.exists() else set()


def audit_of(folder: Path) -> dict[str, list[dict[str, str]]]:
    read: dict[str, list[dict[str, str]]] = json.loads((folder / "audit.json").read_text("utf-8"))
    return read
