"""`auditor run --mail` as a user meets it: who is told, what it ends with, and that no secret is shown."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest

from tests.cli.command import NO_ACCESS, OK, USAGE, Auditor, files, in_process, refused
from tests.delivery.mail_server import PASSWORD, USER, Mailbox, certificate, mail_server
from tests.fault_proxy import FaultProxy

NOT_DELIVERED = 5
TOKEN = "TOKENMARKERTOKEN"
SECRETS = {
    "AUDITOR_SMTP_PASSWORD": PASSWORD,
    "AUDITOR_NOTIFY_URLS": f"json://127.0.0.1:1/{TOKEN}",
    "AUDITOR_EXTERNAL_ID": "EXTERNALIDMARKER",
}


@pytest.fixture
def context(tmp_path: Path) -> ssl.SSLContext:
    return certificate(tmp_path)[1]


def settings(folder: Path, mailbox: Mailbox) -> tuple[str, str]:
    file = folder / "auditor.toml"
    file.write_text(f"""
        [mail]
        from = "auditor@example.com"
        to = ["net@example.com"]
        smtp_host = "127.0.0.1"
        smtp_port = {mailbox.port}
        smtp_user = "{USER}"
    """)
    return "--config", str(file)


def environment_of(folder: Path) -> dict[str, str]:
    return {"SSL_CERT_FILE": str(folder / "cert.pem"), "AUDITOR_SMTP_PASSWORD": PASSWORD}


def test_a_report_is_delivered(run: Auditor, context: ssl.SSLContext, tmp_path: Path) -> None:
    with mail_server(Mailbox(), context, require_starttls=True, auth_required=True) as mailbox:
        args = ("--region", "eu-west-1", "--format", "pdf", "--mail", *settings(tmp_path, mailbox))
        done = run(*args, **environment_of(tmp_path))
    assert done.returncode == OK, done.stderr
    assert "delivered to net@example.com" in done.stderr
    ((_, message),) = mailbox.taken
    (attached,) = message.iter_attachments()
    assert attached.get_content() == (tmp_path / "report" / "report.pdf").read_bytes()


def test_a_report_that_reached_nobody_is_kept_and_ends_with_5_and_no_secret_is_shown(
    run_apart: Auditor, context: ssl.SSLContext, tmp_path: Path
) -> None:
    """Neither in what it says, even verbosely, nor in any file."""
    with mail_server(Mailbox(replies=["550 no thanks"]), context, require_starttls=True) as mailbox:
        args = ("--region", "eu-west-1", "--verbose", "--mail", *settings(tmp_path, mailbox))
        done = run_apart(*args, **environment_of(tmp_path) | SECRETS, AUDITOR_DELIVERY_ATTEMPTS="1")
    assert done.returncode == NOT_DELIVERED, done.stderr
    assert "not delivered to net@example.com: 127.0.0.1:" in done.stderr
    assert "not delivered to notification 1 (json): " in done.stderr
    assert files(tmp_path / "report") == {"audit.json", "evidence.json"}
    written = "".join(path.read_text("utf-8") for path in (tmp_path / "report").iterdir())
    for secret in (PASSWORD, TOKEN, "EXTERNALIDMARKER"):
        assert secret not in done.stdout + done.stderr + written


def test_a_run_that_fails_is_told_of_and_ends_as_without_mail(
    run: Auditor, context: ssl.SSLContext, proxy: FaultProxy, tmp_path: Path
) -> None:
    proxy.expired()
    with mail_server(Mailbox(), context) as mailbox:
        done = run("--mail", *settings(tmp_path, mailbox), **environment_of(tmp_path))
    assert "ExpiredToken" in refused(done, NO_ACCESS)
    assert "delivered to net@example.com" in done.stderr
    ((_, message),) = mailbox.taken
    assert message["Subject"] == "Auditor: the run failed, there is no report"
    assert "ExpiredToken" in message.as_string()


def test_mail_without_anywhere_to_go_is_refused_before_anything_is_read(run: Auditor, proxy: FaultProxy) -> None:
    assert refused(run("--mail"), USAGE).startswith("nowhere to deliver to: a table [mail]")
    assert proxy.calls == []


def test_the_policy_for_mail_is_printed() -> None:
    done = in_process("iam", "--for", "mail,owners", "--mail-from", "auditor@example.com")
    assert '"ses:FromAddress": "auditor@example.com"' in done.stdout
    assert '"organizations:ListTagsForResource"' in done.stdout
