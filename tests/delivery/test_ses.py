"""Mail by SES goes through a session that can do nothing else; what SES refuses is told in plain words."""

from __future__ import annotations

import asyncio
import json
import urllib.request
from collections.abc import Iterator
from email import message_from_string
from email.policy import default
from typing import Any

import pytest
from botocore import xform_name

from auditor.aws.operations import MAIL_OPERATIONS, OPERATIONS
from auditor.aws.policy import Grants, Part, policy
from auditor.aws.session import AuditSession
from auditor.delivery.post import Mail, open_carrier, parcels
from auditor.delivery.retries import deliver
from auditor.delivery.settings import MailSettings
from auditor.errors import NotReadOnlyError
from auditor.model.letter import Delivery
from tests.delivery.letters import ANNA, AT, BEN, LETTER, QUICK, SENDER
from tests.embedded import Served, served
from tests.fault_proxy import FaultProxy

REGION = "eu-central-1"
SEND = "POST /v2/email/outbound-emails"


@pytest.fixture(scope="module")
def blank() -> Iterator[Served]:
    with served("blank") as aws:
        yield aws


@pytest.fixture
def ses(blank: Served, monkeypatch: pytest.MonkeyPatch) -> Iterator[FaultProxy]:
    """SES over the proxy."""
    with FaultProxy(blank.url) as proxy:
        for name, value in blank.environment_of(proxy.url).items():
            monkeypatch.setenv(name, value)
        yield proxy


def verify(address: str) -> None:
    async def ask() -> None:
        from aiobotocore.session import AioSession  # noqa: PLC0415 -- the user's own session, without our guard

        async with AioSession().create_client("sesv2", region_name=REGION) as client:
            await client.create_email_identity(EmailIdentity=address)

    asyncio.run(ask())


def send(*recipients: str, pdf: bytes | None = None) -> tuple[Delivery, ...]:
    settings = MailSettings.model_validate({"from": SENDER, "ses_region": REGION})

    async def go() -> tuple[Delivery, ...]:
        async with open_carrier(settings, None) as carrier:
            return await deliver(parcels([Mail(LETTER, recipients, pdf)], SENDER, "run-1", AT, carrier), QUICK)

    return asyncio.run(go())


def sent(url: str) -> list[dict[str, Any]]:
    """What SES took, as moto shows it."""
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(f"{url}/moto-api/data.json") as answer:
        raw: list[dict[str, Any]] = json.load(answer)["ses"].get("RawMessage", [])
        return raw


def test_an_unverified_sender_is_told_with_what_to_do(ses: FaultProxy) -> None:
    (done,) = send(ANNA)
    assert (done.is_delivered, done.attempts) == (False, 1)
    assert "MessageRejected" in str(done.problem)
    assert done.next_step == "verify the sender in SES, and in its sandbox the recipient too"
    assert {call.operation for call in ses.calls} == {SEND}


def test_a_message_reaches_each_recipient_whole(ses: FaultProxy, blank: Served) -> None:
    verify(SENDER)
    before = len(sent(blank.url))
    pdf = bytes(range(256)) * 8000
    done = send(ANNA, BEN, pdf=pdf)
    assert [one.is_delivered for one in done] == [True, True], done
    taken = sent(blank.url)[before:]
    assert sorted(one["destinations"][0] for one in taken) == [ANNA, BEN]
    message = message_from_string(taken[0]["raw_data"], policy=default)
    assert message["Subject"] == LETTER.subject
    (attached,) = message.iter_attachments()
    assert attached.get_content() == pdf
    assert all(call.region == REGION for call in ses.calls if call.operation == SEND)


def test_a_denied_call_names_the_permission(ses: FaultProxy) -> None:
    ses.deny(SEND)
    (done,) = send(ANNA)
    assert (done.is_delivered, done.attempts) == (False, 1)
    assert "grant ses:SendRawEmail" in str(done.problem)
    assert "auditor iam --mail-from" in str(done.next_step)


def test_a_session_for_mail_can_do_nothing_but_send(ses: FaultProxy) -> None:
    async def attempt(service: str, name: str) -> None:
        async with AuditSession(operations=MAIL_OPERATIONS) as session:
            client = await session.client(service)
            await getattr(client, xform_name(name))()

    for service, name in [("sesv2", "DeleteEmailIdentity"), ("ec2", "DescribeVpcs"), ("s3", "ListBuckets")]:
        with pytest.raises(NotReadOnlyError):
            asyncio.run(attempt(service, name))
    assert ses.calls == []


def test_the_session_of_the_audit_cannot_send() -> None:
    assert not set(MAIL_OPERATIONS) & set(OPERATIONS)


def test_the_policy_for_mail_grants_one_sender() -> None:
    statements = {
        one["Sid"]: one for one in json.loads(policy(Grants(frozenset({Part.MAIL}), mail_from=SENDER)))["Statement"]
    }
    assert statements["AuditorSendsMail"] == {
        "Sid": "AuditorSendsMail",
        "Effect": "Allow",
        "Action": ["ses:SendEmail", "ses:SendRawEmail"],
        "Resource": ["arn:aws:ses:*:*:identity/*"],
        "Condition": {"StringEquals": {"ses:FromAddress": SENDER}},
    }
    assert not any("ses:" in action for one in json.loads(policy())["Statement"] for action in one["Action"])
