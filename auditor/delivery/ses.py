"""Mail by SES: SendEmail of API version 2 with the whole message, through a session that may do nothing else."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from email.message import EmailMessage

from auditor.aws.failures import AwsFailureError
from auditor.aws.operations import MAIL_OPERATIONS, SEND_EMAIL
from auditor.aws.session import AuditSession, Target
from auditor.delivery.failures import of_ses


@dataclass(frozen=True, slots=True)
class Ses:
    """SES of one region, with the caller's own credentials."""

    session: AuditSession
    region: str

    async def send(self, message: EmailMessage, sender: str, recipient: str) -> None:
        """Hand the message over; `NotSentError` where SES does not take it."""
        try:
            target = Target("", self.region, await self.session.own_credentials(), "the caller")
            params = {
                "FromEmailAddress": sender,
                "Destination": {"ToAddresses": [recipient]},
                "Content": {"Raw": {"Data": message.as_bytes()}},
            }
            await self.session.call(target, SEND_EMAIL, params)
        except AwsFailureError as failure:
            raise of_ses(failure) from None


@asynccontextmanager
async def open_ses(profile: str | None, region: str) -> AsyncIterator[Ses]:
    """SES through a session of its own, which the audit never sees."""
    async with AuditSession(profile, MAIL_OPERATIONS) as session:
        yield Ses(session, region)
