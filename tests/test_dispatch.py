"""Who is told what: everybody in [mail] the whole, owners their part, and of a failed run all of them."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from email.message import EmailMessage
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from pypdf import PdfReader

from auditor.addressees import addressed, addressed_of_failure, require_settings, services
from auditor.config import Config, load
from auditor.delivery.post import smtp_of
from auditor.delivery.retries import Backoff
from auditor.dispatch import Report, Way, deliver_failure, deliver_report, files_in, write_parts
from auditor.errors import Exit, NoAccessError, UsageError
from auditor.model.letter import Delivery, Failed, Link, Since
from auditor.recording import Failing
from tests.delivery.mail_server import Mailbox, mail_server
from tests.report.example import AUDIT, S3_FINDING

ONE, TWO = "111122223333", "444455556666"
NET, PAY, DATA = "net@example.com", "pay@example.com", "data@example.com"
AT = datetime(2026, 11, 20, 6, tzinfo=UTC)
QUICK = Backoff(attempts=2, first=0.01, most=0.02)
SECRET = "SECRETMARKERSECRET"


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    with mail_server(Mailbox()) as running:
        yield running


@pytest.fixture(autouse=True)
def _clean(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AUDITOR_NOTIFY_URLS", "AUDITOR_SMTP_PASSWORD", "AUDITOR_SMTP_PASSWORD_FILE"):
        monkeypatch.delenv(name, raising=False)


def config(mailbox: Mailbox, mail: dict[str, Any] | None = None, **more: Any) -> Config:
    server = {"smtp_host": "127.0.0.1", "smtp_port": mailbox.port, "smtp_tls": "none", "smtp_timeout": 5}
    return load(mail={"from": "auditor@example.com", "to": [NET]} | server | (mail or {}), **more)


def made(folder: Path, pdf: bytes | None = b"%PDF-1.7 the whole", **changes: Any) -> Report:
    if pdf is not None:
        (folder / "report.pdf").write_bytes(pdf)
    return replace(Report("run-1", AUDIT, files_in(folder), "s3://acme/runs/1"), **changes)


def tell(report: Report, config: Config, folder: Path) -> tuple[Delivery, ...]:
    """As a run does it: who is told is decided first, and what only owners get is written."""
    config = config.model_copy(update={"output": folder})
    found = addressed(report.audit, report.since, config)
    write_parts(report.audit, found.addressees, config)
    return (*deliver_report(report, found.addressees, Way(config, QUICK)), *found.not_found)


def tell_of_failure(failed: Failed, config: Config) -> tuple[Delivery, ...]:
    return deliver_failure("run-1", failed, addressed_of_failure(config), Way(config, QUICK))


def mails(mailbox: Mailbox) -> dict[str, EmailMessage]:
    found = dict(mailbox.taken)
    assert len(found) == len(mailbox.taken), "somebody got two"
    return found


def attachments(message: EmailMessage) -> dict[str | None, bytes]:
    return {one.get_filename(): one.get_content() for one in message.iter_attachments()}


def body(message: EmailMessage) -> str:
    part = message.get_body(("plain",))
    assert part
    return str(part.get_content())


def test_everybody_gets_the_report(mailbox: Mailbox, tmp_path: Path) -> None:
    done = tell(made(tmp_path), config(mailbox, {"to": [NET, DATA]}), tmp_path)
    assert [(one.recipient, one.is_delivered) for one in done] == [(NET, True), (DATA, True)]
    assert attachments(mails(mailbox)[NET]) == {"report.pdf": b"%PDF-1.7 the whole"}
    assert {message["Message-ID"] for message in mails(mailbox).values()} == {one.message_id for one in done}


def test_of_all_formats_the_pdf_alone_is_attached(mailbox: Mailbox, tmp_path: Path) -> None:
    for name in ("report.html", "report.xlsx", "findings.csv", "summary.md", "audit.json"):
        (tmp_path / name).write_text("not for the mail")
    tell(made(tmp_path), config(mailbox, formats=["pdf,html,xlsx,csv,md,json"]), tmp_path)
    assert set(attachments(mails(mailbox)[NET])) == {"report.pdf"}


def test_delivered_again_it_can_be_told_as_a_double(mailbox: Mailbox, tmp_path: Path) -> None:
    first = tell(made(tmp_path), config(mailbox), tmp_path)
    again = tell(made(tmp_path), config(mailbox), tmp_path)
    other = tell(made(tmp_path, run_id="run-2"), config(mailbox), tmp_path)
    assert first[0].message_id == again[0].message_id != other[0].message_id


def test_an_owner_gets_their_own_accounts_and_nothing_of_others(mailbox: Mailbox, tmp_path: Path) -> None:
    owners = {ONE: [PAY], TWO: [DATA], "999999999999": ["gone@example.com"]}
    done = tell(made(tmp_path), config(mailbox, owners=owners), tmp_path)
    assert {one.recipient for one in done} == {NET, PAY, DATA}
    found = mails(mailbox)
    for mine, other, address in ((ONE, TWO, PAY), (TWO, ONE, DATA)):
        message = found[address]
        ((name, pdf),) = attachments(message).items()
        assert name == "report.pdf"
        text = "".join(page.extract_text() for page in PdfReader(BytesIO(pdf)).pages)
        for shown in (body(message), text):
            assert mine in shown
            assert other not in shown
    assert ONE in body(found[NET])
    assert TWO in body(found[NET])


def test_an_owner_of_both_gets_one_mail_and_who_gets_all_gets_no_part(mailbox: Mailbox, tmp_path: Path) -> None:
    owners = {ONE: [PAY, NET.upper()], TWO: [PAY]}
    tell(made(tmp_path), config(mailbox, owners=owners), tmp_path)
    found = mails(mailbox)
    assert set(found) == {NET, PAY}
    assert ONE in body(found[PAY])
    assert TWO in body(found[PAY])


def test_what_is_too_large_is_linked_and_its_place_named(mailbox: Mailbox, tmp_path: Path) -> None:
    pdf, asked = bytes(2 * 2**20), []

    def link(name: str) -> Link:
        asked.append(name)
        return Link("https://acme.example/report.pdf", AT)

    (done,) = tell(made(tmp_path, pdf, link=link), config(mailbox, {"size_limit_mb": 2}), tmp_path)
    assert done.is_delivered
    assert asked == ["report.pdf"]
    message = mails(mailbox)[NET]
    assert attachments(message) == {}
    assert "Open it: https://acme.example/report.pdf" in body(message)
    assert "s3://acme/runs/1" in body(message)


def test_the_limit_counts_the_encoded_size(mailbox: Mailbox, tmp_path: Path) -> None:
    """1.7 MB are 2.3 MB encoded."""
    pdf = bytes(int(1.7 * 2**20))
    tell(made(tmp_path, pdf), config(mailbox, {"size_limit_mb": 2}), tmp_path)
    assert attachments(mails(mailbox)[NET]) == {}
    mailbox.taken.clear()
    tell(made(tmp_path, pdf), config(mailbox, {"size_limit_mb": 3}), tmp_path)
    assert attachments(mails(mailbox)[NET]) == {"report.pdf": pdf}
    assert max(mailbox.sizes) < 3 * 2**20


def test_without_a_link_the_place_is_named(mailbox: Mailbox, tmp_path: Path) -> None:
    tell(made(tmp_path, bytes(2 * 2**20)), config(mailbox, {"size_limit_mb": 1}), tmp_path)
    assert "too large to attach" in body(mails(mailbox)[NET])
    assert "It lies in s3://acme/runs/1" in body(mails(mailbox)[NET])


def test_without_a_pdf_the_place_is_named(mailbox: Mailbox, tmp_path: Path) -> None:
    tell(made(tmp_path, None), config(mailbox, formats=["html"], owners={ONE: [PAY]}), tmp_path)
    for message in mails(mailbox).values():
        assert attachments(message) == {}
        assert "It lies in s3://acme/runs/1" in body(message)


def test_a_folder_that_takes_no_part_keeps_no_mail_back(mailbox: Mailbox, tmp_path: Path) -> None:
    (tmp_path / f"report-{ONE}.pdf").mkdir()
    tell(made(tmp_path), config(mailbox, owners={ONE: [PAY]}), tmp_path)
    assert set(mails(mailbox)) == {NET, PAY}
    assert "It lies in s3://acme/runs/1" in body(mails(mailbox)[PAY])


def test_a_quiet_week_can_be_left_out_but_less_that_is_seen_never(mailbox: Mailbox, tmp_path: Path) -> None:
    settings = config(mailbox, {"when": "changes"}, owners={ONE: [PAY], TWO: [DATA]})
    quiet = Since(AT)
    assert tell(made(tmp_path, since=quiet), settings, tmp_path) == ()
    done = tell(made(tmp_path, since=replace(quiet, new=(S3_FINDING,))), settings, tmp_path)
    assert {one.recipient for one in done} == {NET, PAY}  # the new finding is in the first account
    lost = replace(AUDIT.scopes[0], account_id=TWO, status="failed")
    done = tell(made(tmp_path, since=replace(quiet, less_seen=(lost,))), settings, tmp_path)
    assert {one.recipient for one in done} == {NET, DATA}
    assert "saw less" in mailbox.taken[-1][1]["Subject"]


def test_a_failed_run_is_told_of_and_owners_learn_nothing_of_others(mailbox: Mailbox) -> None:
    failed = Failed(AT, f"nothing could be read: account {TWO}: denied")
    tell_of_failure(failed, config(mailbox, owners={ONE: [PAY]}))
    found = mails(mailbox)
    assert TWO in body(found[NET])
    assert TWO not in body(found[PAY])
    assert "no account could be audited" in body(found[PAY])


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (NoAccessError("no AWS credentials found"), "no AWS credentials found"),
        (ZeroDivisionError(SECRET), "a fault of Auditor itself (ZeroDivisionError)"),
    ],
)
def test_whatever_ends_a_run_is_told_and_goes_on(mailbox: Mailbox, error: Exception, said: str) -> None:
    told: list[Delivery] = []

    def tell(reason: str, code: Exit) -> None:
        assert code is (Exit.NO_ACCESS if isinstance(error, NoAccessError) else Exit.BUG)
        told.extend(tell_of_failure(Failed(AT, reason), config(mailbox)))

    with pytest.raises(type(error)), Failing(tell):
        raise error
    assert [one.recipient for one in told] == [NET]
    assert said in body(mails(mailbox)[NET])
    assert SECRET not in body(mails(mailbox)[NET])


def test_a_run_that_the_user_stops_is_not_told_of() -> None:
    told: list[str] = []
    with pytest.raises(KeyboardInterrupt), Failing(lambda reason, _: told.append(reason)):
        raise KeyboardInterrupt
    assert told == []


def test_what_is_missing_to_send_is_said_before_the_audit(mailbox: Mailbox, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"nowhere to deliver to: a table \[mail\]"):
        require_settings(load())
    with_user = config(mailbox, {"smtp_tls": "starttls", "smtp_user": "auditor"})
    with pytest.raises(UsageError, match="AUDITOR_SMTP_PASSWORD or AUDITOR_SMTP_PASSWORD_FILE"):
        require_settings(with_user)
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("AUDITOR_SMTP_PASSWORD_FILE", str(tmp_path / "none"))
        with pytest.raises(UsageError, match=r"AUDITOR_SMTP_PASSWORD_FILE: cannot read .*: No such file"):
            require_settings(with_user)
        (tmp_path / "password").write_text(f"{SECRET}\n")
        environment.setenv("AUDITOR_SMTP_PASSWORD_FILE", str(tmp_path / "password"))
        require_settings(with_user)
        environment.setenv("AUDITOR_SMTP_PASSWORD", SECRET)
        with pytest.raises(UsageError, match="are both set") as refused:
            require_settings(with_user)
    assert SECRET not in "".join(traceback.format_exception(refused.value))


def test_no_secret_is_in_what_is_shown_of_a_configuration(mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUDITOR_SMTP_PASSWORD", SECRET)
    monkeypatch.setenv("AUDITOR_NOTIFY_URLS", f"json://127.0.0.1/{SECRET}")
    settings = config(mailbox, {"smtp_tls": "starttls", "smtp_user": "auditor"})
    require_settings(settings)
    assert settings.mail
    shown = f"{settings!r} {settings.model_dump_json()} {smtp_of(settings.mail)!r} {services()}"
    assert SECRET not in shown
