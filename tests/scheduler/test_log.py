"""Records of the service: one line each, as text or as JSON, without anything that steers a terminal."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Iterator

import pytest

from auditor.scheduler.log import LogFormat, LogSettings, say
from tests.scheduler.fast import START

HOSTILE = "a\x1b[31mred\nb\u202eteg"


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    yield
    root.handlers[:] = before
    root.setLevel(level)


def logged(form: LogFormat, capsys: pytest.CaptureFixture[str]) -> list[str]:
    LogSettings(form).apply()
    say("run ended", logging.ERROR, {"schedule": "weekly", "due": START, "run": None}, problem=HOSTILE, exit_code=5)
    logging.getLogger("auditor.aws").info("a call, which is not asked for")
    logging.getLogger("some.library").warning("x %s", HOSTILE)
    return capsys.readouterr().err.splitlines()


def test_json_is_one_object_a_line_with_all_fields(capsys: pytest.CaptureFixture[str]) -> None:
    ended, library = (json.loads(line) for line in logged(LogFormat.JSON, capsys))
    assert ended.pop("time").endswith("Z")
    assert ended == {
        "level": "error",
        "logger": "auditor.scheduler",
        "message": "run ended",
        "schedule": "weekly",
        "due": "2026-11-30T06:00:30Z",
        "problem": "a\ufffd[31mred\nb\ufffdteg",
        "exit_code": 5,
    }
    assert library["message"] == "x a\ufffd[31mred\nb\ufffdteg"


def test_text_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    ended, _ = logged(LogFormat.TEXT, capsys)
    assert ended.endswith(
        "run ended schedule=weekly due=2026-11-30T06:00:30Z problem=a\ufffd[31mred b\ufffdteg exit_code=5"
    )


def test_where_nobody_reads_on_a_terminal_it_is_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert not sys.stderr.isatty()
    assert all(line.startswith("{") for line in logged(LogFormat.AUTO, capsys))
