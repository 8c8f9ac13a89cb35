"""Chats and webhooks get the few lines; the tokens in their URLs stand nowhere."""

from __future__ import annotations

import asyncio
import json
import logging
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from pydantic import SecretStr

from auditor.delivery.notify import parcels, services
from auditor.delivery.retries import deliver
from auditor.errors import UsageError
from auditor.model.letter import Delivery
from tests.delivery.letters import LETTER, QUICK

TOKEN = "TOKENMARKERTOKENMARKER"


@dataclass
class Receiver:
    """A webhook: what it was sent, and what it answers."""

    url: str = ""
    answers: list[int] = field(default_factory=list)
    taken: list[dict[str, Any]] = field(default_factory=list)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    told = Receiver()

    class Hook(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            told.taken.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(told.answers.pop(0) if told.answers else 200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Hook) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        told.url = f"json://127.0.0.1:{server.server_port}/{TOKEN}"
        yield told
        server.shutdown()


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


def notify(urls: str) -> tuple[Delivery, ...]:
    return asyncio.run(deliver(parcels(LETTER, services(SecretStr(urls)), "run-1"), QUICK))


def test_a_webhook_gets_subject_and_brief(receiver: Receiver) -> None:
    (done,) = notify(receiver.url)
    assert (done.is_delivered, done.recipient) == (True, "notification 1 (json)")
    (taken,) = receiver.taken
    assert (taken["title"], taken["message"]) == (LETTER.subject, LETTER.brief)


def test_a_webhook_that_fails_first_is_tried_again(receiver: Receiver) -> None:
    receiver.answers = [503]
    (done,) = notify(receiver.url)
    assert (done.is_delivered, done.attempts) == (True, 2)


def test_one_that_fails_loses_no_other_and_no_token_is_shown(
    receiver: Receiver, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    bad, good = notify(f"json://127.0.0.1:1/{TOKEN}\n{receiver.url}\n")
    assert (bad.is_delivered, bad.attempts, good.is_delivered) == (False, 3, True)
    assert "AUDITOR_NOTIFY_URLS" in str(bad.next_step)
    found = services(SecretStr(receiver.url))
    out, err = capfd.readouterr()
    ours = "".join(record.getMessage() for record in caplog.records if not record.name.startswith("urllib3"))
    assert TOKEN not in f"{bad} {good} {found} {out} {err} {ours}"


@pytest.mark.parametrize("url", [f"nosuch://{TOKEN}", TOKEN, f"{TOKEN}://x", "slack://"])
def test_a_url_that_is_none_is_refused_without_being_shown(url: str) -> None:
    with pytest.raises(UsageError, match=r"^notification 1 \(\w+\) in AUDITOR_NOTIFY_URLS is no URL") as refused:
        services(SecretStr(url))
    assert TOKEN.lower() not in str(refused.value).lower()


def test_without_urls_there_is_nobody_to_tell() -> None:
    assert services(None) == ()
