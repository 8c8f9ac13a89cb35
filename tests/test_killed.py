"""Killed at any moment of collecting, rendering, storing and mailing: no store is corrupt, no report is lost."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.killed import Story

KILLS = 25


@pytest.mark.long
def test_runs_that_are_killed_lose_no_report_and_send_doubles_only_where_nobody_could_know(tmp_path: Path) -> None:
    story = Story(tmp_path, seed=20261129)
    story.run(KILLS)
    story.check()
    assert story.runs + story.kills >= 50
