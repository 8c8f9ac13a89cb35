"""A link opens one file of a run for whoever has it, and says honestly how long."""

from __future__ import annotations

import secrets
import urllib.request
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

from auditor.errors import Exit
from auditor.store.manifest import Draft
from auditor.store.place import Place, open_place
from auditor.store.runs import Run, Store
from tests.delivery.mail_server import Mailbox, mail_server
from tests.store.conftest import BUCKET
from tests.weeks import ONE, TWO, Weeks, settings

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from tests.fault_proxy import FaultProxy

WEEK = timedelta(days=7)
MINUTE = timedelta(minutes=1)
PDF = b"%PDF-1.7 the whole"


def run_in(place: Place) -> Run:
    now = datetime.now(UTC)
    return Store(place).keep(Draft(now, now, 0, {"report.pdf": PDF, "audit.json": b"{}"}))


def opened(url: str) -> bytes:
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(url) as answer:
        content: bytes = answer.read()
        return content


def test_a_link_opens_without_credentials_for_seven_days(in_s3: Place) -> None:
    link = run_in(in_s3).link("report.pdf")
    assert link
    assert opened(link.url) == PDF
    assert parse_qs(urlsplit(link.url).query)["X-Amz-Expires"] == ["604800"]
    assert abs(link.until - datetime.now(UTC) - WEEK) < MINUTE
    assert not link.may_end_sooner


def test_a_role_signs_no_longer_than_its_credentials_live(
    s3: FaultProxy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The role is assumed by a profile; its credentials end in an hour, as STS's default is, and the link says so."""
    role = (
        "[profile role]\nrole_arn = arn:aws:iam::123456789012:role/ops\nsource_profile = ops\nduration_seconds = 3600\n"
    )
    config = tmp_path / "aws-config"
    config.write_text(config.read_text("utf-8") + role)
    monkeypatch.setenv("AWS_PROFILE", "role")
    link = run_in(open_place(f"s3://{BUCKET}/{secrets.token_hex(4)}")).link("report.pdf")
    assert "AssumeRole" in {call.operation for call in s3.calls}
    assert link
    assert abs(link.until - datetime.now(UTC) - timedelta(hours=1)) < MINUTE
    assert not link.may_end_sooner
    (seconds,) = parse_qs(urlsplit(link.url).query)["X-Amz-Expires"]
    assert 3500 < int(seconds) <= 3600
    assert opened(link.url) == PDF


def test_of_a_token_that_was_given_nobody_knows_when_it_ends(s3: FaultProxy, monkeypatch: pytest.MonkeyPatch) -> None:
    assert s3.url
    monkeypatch.delenv("AWS_PROFILE")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.setenv(name, "test")
    link = run_in(open_place(f"s3://{BUCKET}/{secrets.token_hex(4)}")).link("report.pdf")
    assert link
    assert link.may_end_sooner


def test_a_disk_has_no_links_and_no_run_links_to_what_it_has_not(tmp_path: Path, in_s3: Place) -> None:
    assert run_in(open_place(str(tmp_path / "store"))).link("report.pdf") is None
    assert run_in(in_s3).link("report-111122223333.pdf") is None


def test_a_report_that_is_too_large_is_linked_and_an_owner_gets_the_link_of_their_part(
    s3: FaultProxy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both PDFs lie in the store; what each link opens is what its reader may see."""

    def large(html: str) -> bytes:
        return html.encode() + bytes(2**21)

    papers: list[str] = []
    monkeypatch.setattr("auditor.report.press.Press.begin", lambda _, paper: papers.append(paper))
    monkeypatch.setattr("auditor.report.press.Press.pdf", lambda _: large(papers[-1]))
    monkeypatch.setattr("auditor.dispatch.render_pdf", large)
    where, owners = f"s3://{BUCKET}/{secrets.token_hex(4)}", {ONE: ["pay@example.com"]}
    assert s3.url
    with mail_server(Mailbox()) as mailbox:
        config = settings(
            mailbox.port, mail={"size_limit_mb": 1}, formats=("pdf",), owners=owners, store=where, output=tmp_path
        )
        assert Weeks().code(config, 0) is Exit.REPORTED
    pages = {}
    for recipient, message in mailbox.taken:
        part = message.get_body(("plain",))
        assert part
        pages[recipient] = opened(part.get_content().partition("Open it: ")[2].split()[0])
    assert ONE.encode() in pages["net@example.com"]
    assert TWO.encode() in pages["net@example.com"]
    assert ONE.encode() in pages["pay@example.com"]
    assert TWO.encode() not in pages["pay@example.com"]
