"""Mail reaches a real server, whatever it demands; where it does not, the result says why and what to do."""

from __future__ import annotations

import logging
import ssl
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from pydantic import SecretStr

from auditor.delivery.settings import Tls
from auditor.delivery.smtp import Smtp
from tests.delivery.letters import ANNA, BEN, LETTER, SENDER, send
from tests.delivery.mail_server import PASSWORD, USER, Mailbox, certificate, mail_server


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    with mail_server(Mailbox()) as running:
        yield running


@pytest.fixture
def trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ssl.SSLContext:
    """The context of a server whose certificate the user trusts, as the guide says: by SSL_CERT_FILE."""
    pem, context = certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(pem))
    return context


def plain(mailbox: Mailbox, timeout: float = 5) -> Smtp:
    return Smtp("127.0.0.1", mailbox.port, Tls.NONE, timeout=timeout)


def test_a_message_arrives_as_it_was_written(mailbox: Mailbox) -> None:
    pdf = b"%PDF-1.7\r\n\x00\xff.\r\n.\r\n"
    (done,) = send(plain(mailbox), pdf=pdf)
    assert (done.is_delivered, done.attempts, done.recipient) == (True, 1, ANNA)
    ((recipient, message),) = mailbox.taken
    assert (recipient, message["To"], message["From"]) == (ANNA, ANNA, f"Auditor <{SENDER}>")
    assert message["Subject"] == LETTER.subject
    assert message["Message-ID"] == done.message_id
    text, html, attached = (part for part in message.walk() if not part.is_multipart())
    assert text.get_content().replace("\r\n", "\n") == LETTER.text
    assert html.get_content().strip() == LETTER.html
    assert (attached.get_content(), attached.get_filename(), attached.get_content_type()) == (
        pdf,
        "report.pdf",
        "application/pdf",
    )


def test_starttls_with_a_password(trusted: ssl.SSLContext) -> None:
    with mail_server(Mailbox(), trusted, require_starttls=True, auth_required=True) as mailbox:
        server = Smtp("127.0.0.1", mailbox.port, Tls.STARTTLS, USER, SecretStr(PASSWORD), 5)
        (done,) = send(server)
    assert done.is_delivered, done.problem
    assert mailbox.recipients == [ANNA]


def test_tls_from_the_first_byte(trusted: ssl.SSLContext) -> None:
    with mail_server(Mailbox(), ssl_context=trusted) as mailbox:
        (done,) = send(Smtp("127.0.0.1", mailbox.port, Tls.IMPLICIT, timeout=5))
    assert done.is_delivered, done.problem


def test_a_wrong_password_is_told_once_and_shown_nowhere(
    trusted: ssl.SSLContext, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    wrong = SecretStr("WRONGMARKERPASSWORD")
    with mail_server(Mailbox(), trusted, require_starttls=True, auth_required=True) as mailbox:
        server = Smtp("127.0.0.1", mailbox.port, Tls.STARTTLS, USER, wrong, 5)
        (done,) = send(server)
    assert (done.is_delivered, done.attempts) == (False, 1)
    assert done.next_step == "check smtp_user and AUDITOR_SMTP_PASSWORD"
    assert "answered 535" in str(done.problem)
    shown = f"{done} {server} {server!r} {caplog.text}"
    assert "WRONGMARKER" not in shown


def test_a_server_without_starttls_gets_nothing(mailbox: Mailbox) -> None:
    server = replace(plain(mailbox), tls=Tls.STARTTLS, user=USER, password=SecretStr(PASSWORD))
    for one in (server, replace(server, user=None, password=None)):
        (done,) = send(one)
        assert (done.is_delivered, done.attempts, mailbox.attempts) == (False, 1, 0)
        assert "STARTTLS" in str(done.problem)
        assert "smtp_tls" in str(done.next_step)


def test_an_unknown_certificate_is_not_trusted(tmp_path: Path) -> None:
    _, context = certificate(tmp_path)
    with mail_server(Mailbox(), context) as mailbox:
        (done,) = send(Smtp("127.0.0.1", mailbox.port, Tls.STARTTLS, timeout=5))
    assert (done.is_delivered, done.attempts, mailbox.attempts) == (False, 1, 0)
    assert "its certificate is not trusted" in str(done.problem)
    assert "SSL_CERT_FILE" in str(done.next_step)


def test_a_certificate_of_another_name_is_not_trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pem, context = certificate(tmp_path, "mail.example.com")
    monkeypatch.setenv("SSL_CERT_FILE", str(pem))
    with mail_server(Mailbox(), context) as mailbox:
        (done,) = send(Smtp("127.0.0.1", mailbox.port, Tls.STARTTLS, timeout=5))
    assert (done.is_delivered, done.attempts, mailbox.attempts) == (False, 1, 0)


def test_a_server_that_is_busy_first_takes_it_later_under_the_same_id(mailbox: Mailbox) -> None:
    mailbox.replies = ["451 greylisted: come again", "421 busy"]
    (done,) = send(plain(mailbox))
    assert (done.is_delivered, done.attempts, mailbox.attempts) == (True, 3, 3)
    assert mailbox.recipients == [ANNA]


def test_a_server_that_stays_busy_is_given_up(mailbox: Mailbox) -> None:
    mailbox.replies = ["451 come again"] * 9
    (done,) = send(plain(mailbox))
    assert (done.is_delivered, done.attempts) == (False, 3)
    assert done.problem == f"127.0.0.1:{mailbox.port} answered 451: come again"


def test_a_final_refusal_is_not_tried_again(mailbox: Mailbox) -> None:
    mailbox.replies = ["552 too large"]
    (done,) = send(plain(mailbox))
    assert (done.is_delivered, done.attempts) == (False, 1)
    assert "size_limit_mb" in str(done.next_step)


def test_one_refused_recipient_loses_no_other(mailbox: Mailbox) -> None:
    mailbox.refused = {ANNA: "550 no such user"}
    anna, ben = send(plain(mailbox), ANNA, BEN)
    assert (anna.is_delivered, anna.problem) == (False, f"127.0.0.1:{mailbox.port} answered 550: no such user")
    assert anna.next_step == "check the address, or whether the server may send to it"
    assert ben.is_delivered
    assert mailbox.recipients == [BEN]


def test_a_server_that_takes_it_and_drops_the_connection_has_taken_it(mailbox: Mailbox) -> None:
    mailbox.drop = "after the answer"
    (done,) = send(plain(mailbox))
    assert (done.is_delivered, done.attempts) == (True, 1)
    assert mailbox.recipients == [ANNA]


def test_what_was_taken_without_an_answer_is_sent_again_as_a_double_that_can_be_told(mailbox: Mailbox) -> None:
    mailbox.drop = "before the answer"
    (done,) = send(plain(mailbox))
    assert (done.is_delivered, done.attempts) == (False, 3)
    assert "closed the connection" in str(done.problem)
    assert {message["Message-ID"] for _, message in mailbox.taken} == {done.message_id}
    assert len(mailbox.taken) == 3


def test_a_server_that_hangs_is_left(mailbox: Mailbox) -> None:
    mailbox.hang = True
    start = time.monotonic()
    (done,) = send(plain(mailbox, timeout=0.3))
    assert (done.is_delivered, done.attempts) == (False, 3)
    assert "no answer in time" in str(done.problem)
    assert time.monotonic() - start < 10


def test_nobody_listens() -> None:
    (done,) = send(Smtp("127.0.0.1", 1, Tls.NONE, timeout=2))
    assert (done.is_delivered, done.attempts) == (False, 3)
    assert "smtp_host" in str(done.next_step)


@pytest.mark.long
def test_a_pdf_of_30_mb_arrives_whole(mailbox: Mailbox) -> None:
    pdf = bytes(range(256)) * (30 * 4096)
    (done,) = send(replace(plain(mailbox), timeout=60), pdf=pdf)
    assert done.is_delivered, done.problem
    attached = list(mailbox.taken[0][1].iter_attachments())
    assert attached[0].get_content() == pdf


def test_what_a_server_says_is_shown_as_one_clean_line(mailbox: Mailbox) -> None:
    mailbox.replies = ["550 \x1b[31mgo\x1b[0m to http://evil.example\x07 " + "x" * 400]
    (done,) = send(plain(mailbox))
    assert done.problem is not None
    assert done.problem.isprintable()
    assert len(done.problem) < 300
