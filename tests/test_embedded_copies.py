"""An embedded AWS that is a copy lives as long as whoever asked for it, not as long as who started the first one."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

import boto3

from tests.embedded import copied_in, served

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_a_copy_outlives_the_tests_that_started_what_is_copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with ExitStack() as ours:
        with copied_in(tmp_path):
            aws = ours.enter_context(served("blank"))
        for name, value in aws.environment.items():
            monkeypatch.setenv(name, value)
        assert boto3.Session().client("ec2").describe_regions()["Regions"]
