"""A message is well-formed whatever stands in it, and the same run and recipient always have the same id."""

from __future__ import annotations

from dataclasses import replace
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.delivery.compose import Envelope, compose, delivery_key, encoded_size, message_id
from tests.delivery.letters import ANNA, AT, BEN, LETTER, SENDER

ENVELOPE = Envelope(SENDER, ANNA, "run-1", AT)
HEADERS = ["From", "To", "Subject", "Date", "Message-ID", "X-Auditor-Delivery", "X-Mailer", "Auto-Submitted"]


def parsed(message: EmailMessage) -> EmailMessage:
    return message_from_bytes(message.as_bytes(), policy=default)


def test_an_id_is_that_of_the_run_and_the_recipient() -> None:
    assert message_id("run-1", ANNA, SENDER) == f"<{delivery_key('run-1', ANNA)}@example.com>"
    assert delivery_key("run-1", ANNA) == delivery_key("run-1", "Anna@Example.com")
    keys = {delivery_key(run, to) for run in ("run-1", "run-2") for to in (ANNA, BEN)}
    assert len(keys) == 4
    again = Envelope(SENDER, ANNA, "run-1", AT.replace(year=2027))
    assert compose(LETTER, ENVELOPE)["Message-ID"] == compose(LETTER, again)["Message-ID"]


@given(st.text())
def test_no_subject_adds_a_header_or_a_recipient(text: str) -> None:
    hostile = replace(LETTER, subject=f"{text}\r\nBcc: evil@example.com\n\n<script>\x00{text}")
    clean = hostile.subject.encode("utf-8", "replace").decode()
    message = parsed(compose(replace(hostile, subject=clean), ENVELOPE))
    own = [name for name in message.keys() if not name.startswith(("MIME", "Content"))]  # noqa: SIM118 -- doubles too
    assert own == HEADERS
    assert message["To"] == ANNA
    assert message.get_body(("plain",)).get_content().replace("\r\n", "\n") == LETTER.text  # type: ignore[union-attr]


def test_a_recipient_can_be_no_header() -> None:
    with pytest.raises((ValueError, IndexError)):
        compose(LETTER, replace(ENVELOPE, recipient="a@example.com\r\nBcc: evil@example.com"))


def test_every_line_is_ascii_and_short_enough_for_any_server() -> None:
    long = replace(LETTER, html="<p>" + "ü" * 5000 + "</p>", text="名前 " * 2000, subject="Größe " * 60)
    content = compose(long, ENVELOPE, b"\xff" * 5000).as_bytes()
    content.decode("ascii")
    compose(LETTER, ENVELOPE).as_bytes().decode("ascii")  # a short text with an umlaut is tempted to go as 8 bits
    assert max(len(line) for line in content.split(b"\r\n")) <= 998
    assert parsed(compose(long, ENVELOPE))["Subject"].split() == long.subject.split()


def test_a_pdf_takes_a_third_more_on_the_wire() -> None:
    bare, pdf = encoded_size(compose(LETTER, ENVELOPE)), 57_000
    grown = encoded_size(compose(LETTER, ENVELOPE, bytes(pdf))) - bare
    assert pdf / 57 * 78 < grown < pdf / 57 * 78 + 1000
