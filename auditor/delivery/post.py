"""Letters to addresses: the way that the configuration names, and how large a message may be on it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from functools import partial
from typing import Protocol

from auditor.delivery.compose import Envelope, compose, message_id
from auditor.delivery.retries import Parcel
from auditor.delivery.ses import open_ses
from auditor.delivery.settings import SMTP_PASSWORD, MailSettings, secret
from auditor.delivery.smtp import Smtp
from auditor.errors import UsageError
from auditor.model.letter import Channel, Letter


class Carrier(Protocol):
    """What takes a message: a mail server, or SES."""

    async def send(self, message: EmailMessage, sender: str, recipient: str) -> None:
        """Hand it over; `NotSentError` where it is not taken."""


@dataclass(frozen=True, slots=True)
class Mail:
    """One letter with its PDF, to all who get the same."""

    letter: Letter
    recipients: tuple[str, ...]
    pdf: bytes | None = None


@asynccontextmanager
async def open_carrier(settings: MailSettings, profile: str | None) -> AsyncIterator[Carrier]:
    """The way that `[mail]` names; `UsageError` where its secret is missing or cannot be read."""
    if settings.ses_region:
        async with open_ses(profile, settings.ses_region) as ses:
            yield ses
    else:
        yield smtp_of(settings)


def smtp_of(settings: MailSettings) -> Smtp:
    """The mail server of `[mail]`, with the password of the environment."""
    password = secret(SMTP_PASSWORD)
    if settings.smtp_user and password is None:
        raise UsageError(f"[mail] names smtp_user: give its password in {SMTP_PASSWORD} or {SMTP_PASSWORD}_FILE")
    host = settings.smtp_host or ""
    return Smtp(host, settings.port, settings.smtp_tls, settings.smtp_user, password, settings.smtp_timeout)


def parcels(mails: Iterable[Mail], sender: str, run_id: str, at: datetime, carrier: Carrier) -> Iterator[Parcel]:
    """A message for each recipient; made when it is sent, so that large ones do not wait in memory side by side."""
    for mail in mails:
        for recipient in mail.recipients:
            envelope = Envelope(sender, recipient, run_id, at)
            send = partial(_send, carrier, mail, envelope)
            yield Parcel(Channel.MAIL, recipient, message_id(run_id, recipient, sender), send)


async def _send(carrier: Carrier, mail: Mail, envelope: Envelope) -> None:
    message = compose(mail.letter, envelope, mail.pdf)
    await carrier.send(message, envelope.sender, envelope.recipient)
