"""Delivery owes nothing: each message goes out once, late where it must, and what is given up says why."""

from __future__ import annotations

import json
import resource
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from email.message import EmailMessage
from pathlib import Path

import pytest

from auditor import past, pipeline
from auditor.collectors.run import Progress
from auditor.config import Config
from auditor.errors import Exit, NoAccessError
from auditor.model.evidence import Gap, Source
from auditor.recording import Occasion
from auditor.store.manifest import Draft
from auditor.store.runs import Run, Store
from tests.cli.command import in_process
from tests.delivery.mail_server import Mailbox, mail_server
from tests.weeks import MONDAY, ONE, TWO, WEEK, Weeks, evidence, settings

NET, PAY = "net@example.com", "pay@example.com"
DENIED = Gap(ONE, "", Source.ACCOUNT, "sts:AssumeRole", "denied")


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    with mail_server(Mailbox()) as running:
        yield running


@pytest.fixture(autouse=True)
def _clean(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AUDITOR_NOTIFY_URLS", raising=False)


@pytest.fixture
def config(mailbox: Mailbox, tmp_path: Path) -> Config:
    return settings(mailbox.port, store=str(tmp_path / "store"), output=tmp_path / "report")


def stored(config: Config) -> list[Run]:
    return list(past.store_of(config).listing().runs)


def states(config: Config) -> list[list[str]]:
    """Of each run, the states of its messages."""
    return [[str(one.state) for one in run.deliveries()] for run in stored(config)]


def subjects(mailbox: Mailbox) -> list[str]:
    return [str(message["Subject"]) for _, message in mailbox.taken]


def body(message: EmailMessage) -> str:
    part = message.get_body(("plain",))
    assert part
    return str(part.get_content())


def history(config: Config) -> str:
    return in_process("history", "--store", str(config.store)).stdout


def test_a_report_goes_out_once_for_an_occasion(config: Config, mailbox: Mailbox) -> None:
    weeks = Weeks()
    outcome = weeks.run(config, 0)
    assert [one.is_delivered for one in outcome.deliveries] == [True]
    again = weeks.run(config, 0)
    assert again.deliveries == ()
    assert again.exit_code(config) is Exit.REPORTED
    assert mailbox.recipients == [NET]
    assert states(config) == [["delivered"], ["delivered"]]
    assert str(config.store) in body(mailbox.taken[0][1]), "the place of the report is the store"


def test_of_two_at_the_same_moment_one_delivers(config: Config, mailbox: Mailbox, tmp_path: Path) -> None:
    with pytest.MonkeyPatch.context() as patch, ThreadPoolExecutor(2) as pool:
        patch.setattr(pipeline, "read", lambda *_: evidence(ONE))
        occasion = Occasion(MONDAY, "weekly", MONDAY)

        def run(number: int) -> pipeline.Outcome:
            own = config.model_copy(update={"output": tmp_path / str(number)})
            return pipeline.run_and_deliver(own, MONDAY, Progress(), print, occasion)

        outcomes = list(pool.map(run, range(2)))
    assert sorted(len(one.deliveries) for one in outcomes) == [0, 1]
    assert mailbox.recipients == [NET]
    assert len(stored(config)) == 2


def test_what_was_not_taken_goes_out_with_the_next_run_in_order_and_says_that_it_is_late(
    config: Config, mailbox: Mailbox
) -> None:
    weeks = Weeks()
    mailbox.replies = ["451 later", "451 later"]
    first = weeks.run(config, 0)
    assert first.exit_code(config) is Exit.NOT_DELIVERED
    assert states(config) == [["failed"]]
    assert weeks.code(config, 1) is Exit.NOT_DELIVERED  # the late one fails again, the new one is tried and taken
    assert subjects(mailbox) == ["Auditor: $65.70 a month to save, measured"]
    assert "2026-11-23 to net" in body(mailbox.taken[0][1])
    assert "answered 451: later" in body(mailbox.taken[0][1])
    third = weeks.run(config, 2)
    assert third.exit_code(config) is Exit.REPORTED
    assert [(one.of, one.is_delivered) for one in third.deliveries] == [(MONDAY, True), (None, True)]
    late = mailbox.taken[1][1]
    assert late["Subject"] == "Late, of 2026-11-23: Auditor: $65.70 a month to save, measured"
    assert "THIS MESSAGE IS LATE. It is that of 2026-11-23 06:00 UTC" in body(late)
    assert late["Message-ID"] == first.deliveries[0].message_id
    assert len({message["Message-ID"] for _, message in mailbox.taken}) == 3
    assert states(config) == [["delivered"]] * 3


def test_what_cannot_be_delivered_is_given_up_after_its_days_told_and_shown(config: Config, mailbox: Mailbox) -> None:
    config = config.model_copy(update={"delivery_days": 10})
    weeks = Weeks()
    mailbox.replies = ["550 no such user"] * 2
    assert weeks.code(config, 0) is Exit.NOT_DELIVERED
    assert weeks.code(config, 1) is Exit.NOT_DELIVERED
    assert states(config) == [["failed"], ["delivered"]]
    third = weeks.run(config, 2)
    assert third.exit_code(config) is Exit.NOT_DELIVERED
    (given_up, _) = third.deliveries
    assert given_up.of == MONDAY
    assert str(given_up.problem).startswith("given up: not delivered for 10 days; the last attempt: 127.0.0.1:")
    assert "given up" in body(mailbox.taken[-1][1])
    assert weeks.code(config, 3) is Exit.REPORTED
    assert states(config)[0] == ["given-up"]
    shown = history(config)
    assert "Messages that were not delivered" in shown
    assert "given-up" in shown
    assert "answered 550: no such user" in shown
    assert "1 of 1" in shown
    told = json.loads(in_process("history", "--store", str(config.store), "--format", "json").stdout)
    assert told["runs"][0]["deliveries"][0]["attempts"] == 2


def test_a_message_that_is_refused_for_good_keeps_back_no_other(config: Config, mailbox: Mailbox) -> None:
    weeks = Weeks()
    mailbox.replies = ["552 too large", "552 too large", "451 later", "552 too large"]
    for week in range(3):
        weeks.run(config, week)
    assert states(config) == [["failed"], ["delivered"], ["delivered"]]
    assert [subject.startswith("Late, of 2026-11-30") for subject in subjects(mailbox)] == [True, False]


def test_who_cannot_be_reached_gets_nothing_late_before_what_is_older(config: Config, mailbox: Mailbox) -> None:
    weeks = Weeks()
    mailbox.replies = ["451 later"] * 4  # the first week; it again, and the second; it again
    for week in range(3):
        weeks.run(config, week)
    assert states(config) == [["failed"], ["failed"], ["delivered"]]
    assert weeks.code(config, 3) is Exit.REPORTED
    late = [subject.partition(":")[0] for subject in subjects(mailbox)]
    assert late == ["Auditor", "Late, of 2026-11-23", "Late, of 2026-11-30", "Auditor"]


def test_whoever_left_the_configuration_gets_nothing_late_and_that_is_said(config: Config, mailbox: Mailbox) -> None:
    weeks = Weeks()
    mailbox.refused = {NET: "451 later"}
    weeks.run(config, 0)
    mailbox.refused = {}
    changed = settings(mailbox.port, mail={"to": ["other@example.com"]}, store=config.store, output=config.output)
    outcome = weeks.run(changed, 1)
    assert "given up: it is no longer in [mail]" in str(outcome.deliveries[0].problem)
    assert mailbox.recipients == ["other@example.com"]
    assert states(config) == [["given-up"], ["delivered"]]


def test_an_owner_gets_their_part_late_and_nothing_of_accounts_that_they_lost(config: Config, mailbox: Mailbox) -> None:
    def owning(account: str) -> Config:
        return config.model_copy(update={"owners": {account: (PAY,)}})

    weeks = Weeks()
    mailbox.refused = {PAY: "451 later"}
    assert weeks.code(owning(ONE), 0) is Exit.NOT_DELIVERED
    mailbox.refused = {}
    assert weeks.code(owning(ONE), 1) is Exit.REPORTED
    late, current = (message for recipient, message in mailbox.taken if recipient == PAY)
    assert late["Subject"] == "Late, of 2026-11-23: Auditor: $32.85 a month to save, measured"
    for message in (late, current):
        assert ONE in body(message)
        assert TWO not in body(message)
    mailbox.refused = {PAY: "451 later"}
    weeks.run(owning(ONE), 2)
    mailbox.taken.clear()
    mailbox.refused = {}
    outcome = weeks.run(owning(TWO), 3)
    assert f"it no longer belongs to account {ONE}" in str(outcome.deliveries[0].problem)
    (mine,) = (message for recipient, message in mailbox.taken if recipient == PAY)
    assert ONE not in body(mine)
    (whole,) = (message for recipient, message in mailbox.taken if recipient == NET)
    assert "no longer belongs" in body(whole)
    assert "no longer belongs" not in body(mine)


def test_other_schedules_are_told_to_other_people(config: Config, mailbox: Mailbox) -> None:
    mailbox.replies = ["451 later"]
    Weeks("weekly").run(config, 0)
    Weeks("monthly").run(config, 1)
    Weeks(None).run(config, 1)
    assert states(config) == [["failed"], ["delivered"], ["delivered"]]
    assert pipeline.deliver_owed(config, MONDAY + WEEK) == ()
    (sent,) = pipeline.deliver_owed(config, MONDAY + WEEK, "weekly")
    assert (sent.of, sent.is_delivered) == (MONDAY, True)


def test_a_failed_run_is_recorded_and_told_even_late(config: Config, mailbox: Mailbox) -> None:
    config = config.model_copy(update={"mail": config.mail and config.mail.model_copy(update={"when": "changes"})})
    weeks = Weeks()
    weeks.run(config, 0)
    weeks.run(config, 1)
    assert len(mailbox.taken) == 1, "a quiet week"
    mailbox.replies = ["451 later"]
    with pytest.raises(NoAccessError):
        weeks.run(config, 2, NoAccessError("no AWS credentials found"))
    assert [one.is_delivered for one in weeks.failures[0]] == [False]
    failed = stored(config)[-1].manifest
    assert (failed.exit_code, failed.reason, failed.is_good) == (Exit.NO_ACCESS, "no AWS credentials found", False)
    assert weeks.code(config, 3) is Exit.REPORTED
    late = mailbox.taken[1][1]
    assert late["Subject"] == "Late, of 2026-12-07: Auditor: the run failed, there is no report"
    assert "no AWS credentials found" in body(late)
    assert "The last run that made a report was that of 2026-11-30 06:00 UTC." in body(late)
    assert "Runs that made no report" in history(config)
    assert "no AWS credentials found" in history(config)


def test_after_a_failure_the_next_report_comes_even_where_it_is_quiet(config: Config, mailbox: Mailbox) -> None:
    config = config.model_copy(update={"mail": config.mail and config.mail.model_copy(update={"when": "changes"})})
    weeks = Weeks()
    weeks.run(config, 0)
    with pytest.raises(NoAccessError):
        weeks.run(config, 1, NoAccessError("no AWS credentials found"))
    weeks.run(config, 2)
    weeks.run(config, 3)
    assert [subject.partition(";")[0] for subject in subjects(mailbox)] == [
        "Auditor: $65.70 a month to save, measured",
        "Auditor: the run failed, there is no report",
        "Auditor: $65.70 a month to save, measured",
    ]


def test_a_run_whose_process_died_is_recorded_and_told_by_another(config: Config, mailbox: Mailbox) -> None:
    occasion = Occasion(MONDAY, "weekly", MONDAY)
    for told in ([True], []):
        sent = pipeline.tell_of_failure(config, MONDAY, occasion, "it took longer than its interval", Exit.BUG)
        assert [one.is_delivered for one in sent] == told
    assert "it took longer than its interval" in body(mailbox.taken[0][1])
    assert {run.manifest.reason for run in stored(config)} == {"it took longer than its interval"}


def test_a_failure_is_no_double_of_the_report_of_the_next_attempt(config: Config, mailbox: Mailbox) -> None:
    """Else a mail server that knows doubles would throw the report away."""
    weeks = Weeks()
    for _ in range(2):
        with pytest.raises(NoAccessError):
            weeks.run(config, 0, NoAccessError("no AWS credentials found"))
    weeks.run(config, 0)
    assert subjects(mailbox) == [
        "Auditor: the run failed, there is no report",
        "Auditor: $65.70 a month to save, measured",
    ]
    assert len({message["Message-ID"] for _, message in mailbox.taken}) == 2


def test_less_that_is_seen_is_told_even_where_only_changes_are(config: Config, mailbox: Mailbox) -> None:
    config = config.model_copy(update={"mail": config.mail and config.mail.model_copy(update={"when": "changes"})})
    weeks = Weeks()
    for week, read in enumerate((None, evidence(ONE, gaps=(DENIED,)), evidence(ONE, gaps=(DENIED,)), None)):
        weeks.run(config, week, read)
    assert subjects(mailbox)[1] == "Auditor: saw less than last time; $32.85 a month to save, measured"
    assert len(mailbox.taken) == 2, (
        "what could not be seen last time either is told once, and what is back is as before"
    )


def test_a_store_that_takes_no_records_is_caught_up_with(config: Config, mailbox: Mailbox, tmp_path: Path) -> None:
    """The run is stored, who may send it cannot be known: it is not sent now, but later."""
    in_the_way = tmp_path / "store" / "deliveries"
    in_the_way.parent.mkdir()
    in_the_way.write_text("a file where the folder should be")
    weeks = Weeks()
    outcome = weeks.run(config, 0)
    assert outcome.exit_code(config) is Exit.NOT_DELIVERED
    assert mailbox.taken == []
    assert outcome.paths[0].exists()
    in_the_way.unlink()
    assert weeks.code(config, 1) is Exit.REPORTED
    assert [subject.startswith("Late") for subject in subjects(mailbox)] == [True, False]


def test_a_store_that_takes_no_run_keeps_nobodys_report_back(config: Config, mailbox: Mailbox, tmp_path: Path) -> None:
    (tmp_path / "store").mkdir()
    (tmp_path / "store" / "runs").write_text("a file where the folder should be")
    outcome = Weeks().run(config, 0)
    assert outcome.exit_code(config) is Exit.NOT_DELIVERED
    assert "Cannot write runs/" in str(outcome.not_stored)
    assert mailbox.recipients == [NET]
    assert str(config.output) in body(mailbox.taken[0][1]), "the place of the report is the folder"


@pytest.mark.parametrize("drop", ["before the answer", "after the answer"])
def test_a_server_that_takes_and_drops_makes_doubles_only_where_its_answer_was_lost(
    config: Config, mailbox: Mailbox, drop: str
) -> None:
    mailbox.drop = drop
    weeks = Weeks()
    weeks.run(config, 0)
    mailbox.drop = ""
    weeks.run(config, 1)
    ids = [message["Message-ID"] for _, message in mailbox.taken]
    assert len(ids) == (3 if drop == "before the answer" else 2)
    assert len(set(ids)) == 2
    assert states(config) == [["delivered"]] * 2


@pytest.mark.parametrize(("limit", "attached"), [(1, 0), (5, 3_000_000)])
def test_a_report_is_attached_where_the_limit_allows_it(
    mailbox: Mailbox, tmp_path: Path, limit: int, attached: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("auditor.report.press.Press.pdf", lambda _: bytes(3_000_000))
    config = settings(
        mailbox.port,
        mail={"size_limit_mb": limit, "smtp_timeout": 120},
        formats=("pdf",),
        store=str(tmp_path / "store"),
        output=tmp_path / "report",
    )
    assert Weeks().code(config, 0) is Exit.REPORTED
    ((_, message),) = mailbox.taken
    assert sum(len(part.get_content()) for part in message.iter_attachments()) == attached
    if not attached:
        assert "The PDF is too large to attach (2.9 MB)." in body(message)
        assert f"It lies in {stored(config)[0].where}" in body(message)


def test_a_disk_that_is_full_when_the_run_is_stored_keeps_the_report_and_the_mail(
    config: Config, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The limit on file size fails a write in its midst, as a full disk does; the folder had room until then."""
    keep = Store.keep

    def full(store: Store, draft: Draft) -> Run:
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (1_000, hard))
        try:
            return keep(store, draft)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    weeks = Weeks()
    with monkeypatch.context() as patch:
        patch.setattr(Store, "keep", full)
        outcome = weeks.run(config, 0)
    assert outcome.exit_code(config) is Exit.NOT_DELIVERED
    assert "the file is larger than allowed there" in str(outcome.not_stored)
    assert all(path.exists() for path in outcome.paths)
    assert mailbox.recipients == [NET]
    assert stored(config) == []
    assert weeks.code(config, 1) is Exit.REPORTED
    assert len(mailbox.taken) == 2
