"""A bucket that denies in the midst of delivery, and SES that throttles or denies: all is caught up with later."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

import boto3
import pytest

from auditor import past
from auditor.config import load
from auditor.errors import Exit
from auditor.recording import Occasion
from auditor.store.deliveries import key_of
from tests.delivery.mail_server import Mailbox, mail_server
from tests.store.conftest import BUCKET
from tests.weeks import MONDAY, ONE, Weeks, settings

if TYPE_CHECKING:
    from pathlib import Path

    from auditor.config import Config
    from tests.fault_proxy import FaultProxy

NET, SENDER, REGION = "net@example.com", "auditor@example.com", "eu-central-1"
SEND = "POST /v2/email/outbound-emails"
WEEKS = Weeks(accounts=(ONE,))


def states(config: Config) -> list[tuple[str, int]]:
    runs = past.store_of(config).listing().runs
    return [(str(one.state), one.unclear) for run in runs for one in run.deliveries()]


@pytest.mark.parametrize(
    ("number", "sent", "after"),
    [(1, [], [("pending", 0)]), (2, [NET], [("sending", 0)])],
    ids=["before it is sent", "after it is sent"],
)
def test_a_bucket_that_denies_a_record_is_caught_up_with(
    s3: FaultProxy, tmp_path: Path, number: int, sent: list[str], after: list[tuple[str, int]]
) -> None:
    """Where it denies to record that the message is out, nobody can know: the double has the same id."""
    prefix = secrets.token_hex(4)
    message = Occasion(MONDAY, "weekly", MONDAY).message
    with mail_server(Mailbox()) as mailbox:
        config = settings(mailbox.port, store=f"s3://{BUCKET}/{prefix}", output=tmp_path / "report")
        s3.deny(f"PUT /{BUCKET}/{prefix}/deliveries/{message}/{key_of(NET)}/{number:012d}.json")
        assert WEEKS.code(config, 0) is (Exit.NOT_DELIVERED if not sent else Exit.REPORTED)
        assert mailbox.recipients == sent
        assert states(config) == after
        s3.clear()
        assert WEEKS.code(config, 1) is Exit.REPORTED
    assert states(config) == [("delivered", len(sent)), ("delivered", 0)]
    ids = [one["Message-ID"] for _, one in mailbox.taken]
    assert len(ids) == len(sent) + 2
    assert len(set(ids)) == 2


@pytest.mark.parametrize("fault", ["throttle", "deny"])
def test_ses_that_throttles_or_denies_gets_the_report_with_the_next_run(
    s3: FaultProxy, tmp_path: Path, fault: str
) -> None:
    client = boto3.Session("test", "test", region_name=REGION).client("sesv2", endpoint_url=s3.url)
    client.create_email_identity(EmailIdentity=SENDER)
    client.close()
    config = load(
        mail={"from": SENDER, "to": [NET], "ses_region": REGION},
        formats=("json",),
        delivery_attempts=1,
        store=f"s3://{BUCKET}/{secrets.token_hex(4)}",
        output=tmp_path / "report",
    )
    getattr(s3, fault)(SEND)
    outcome = WEEKS.run(config, 0)
    assert outcome.exit_code(config) is Exit.NOT_DELIVERED
    assert ("TooManyRequests" if fault == "throttle" else "grant ses:") in str(outcome.deliveries[0].problem)
    assert states(config) == [("failed", 0)]
    s3.clear()
    assert WEEKS.code(config, 1) is Exit.REPORTED
    assert states(config) == [("delivered", 0)] * 2
    assert len([call for call in s3.calls if call.operation == SEND]) == 2
