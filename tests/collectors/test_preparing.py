"""What is loaded while the first call is on its way ends with the run, whatever ends that."""

from __future__ import annotations

import asyncio
import gc
import logging

import pytest

from auditor.aws.session import AuditSession
from auditor.collectors.run import collect
from auditor.collectors.selection import Selection, window_of
from auditor.demo.company import DEMO_NOW
from auditor.errors import NoAccessError


@pytest.fixture
def nobody_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "x")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")


@pytest.mark.usefixtures("nobody_answers")
def test_a_run_without_access_leaves_nothing_to_say_but_that(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A client is being opened when the run ends: it must not be opened in a session that is closed."""

    async def late(_: AuditSession) -> None:
        await asyncio.sleep(1)
        raise AssertionError("it went on")

    monkeypatch.setattr(AuditSession, "prepare", late)
    caplog.set_level(logging.ERROR, logger="asyncio")

    async def run() -> None:
        with pytest.raises(NoAccessError):
            await collect(Selection(window_of(30, DEMO_NOW), DEMO_NOW, regions=("us-east-1",)))
        await asyncio.sleep(1)

    asyncio.run(run())
    gc.collect()
    assert not caplog.records
