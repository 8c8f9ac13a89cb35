"""Words and a PDF as a mail message of the standard library. Pure: the moment comes from outside."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from auditor import __version__
from auditor.model.letter import Letter

SENDER_NAME = "Auditor"
_POLICY = SMTP.clone(cte_type="7bit")  # not every server on the way takes 8-bit text
_BREAKS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")


@dataclass(frozen=True, slots=True)
class Envelope:
    """From whom, to whom, about which run, when."""

    sender: str
    recipient: str
    run_id: str
    at: datetime


def compose(letter: Letter, envelope: Envelope, pdf: bytes | None = None, name: str = "report.pdf") -> EmailMessage:
    """The message: plain text, HTML, and the PDF where one is given.

    SES puts in a Message-ID of its own, so the same words stand in `X-Auditor-Delivery` too.
    """
    message = EmailMessage(policy=_POLICY)
    message["From"] = Address(SENDER_NAME, addr_spec=envelope.sender)
    message["To"] = Address(addr_spec=envelope.recipient)
    message["Subject"] = _BREAKS.sub(" ", letter.subject)
    message["Date"] = format_datetime(envelope.at)
    message["Message-ID"] = message_id(envelope.run_id, envelope.recipient, envelope.sender)
    message["X-Auditor-Delivery"] = delivery_key(envelope.run_id, envelope.recipient)
    message["X-Mailer"] = f"Auditor {__version__}"
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: nobody's out-of-office note should answer
    message.set_content(letter.text)
    message.add_alternative(letter.html, subtype="html")
    if pdf is not None:
        message.add_attachment(pdf, maintype="application", subtype="pdf", filename=name)
    return message


def encoded_size(message: EmailMessage) -> int:
    """Bytes on the wire: base64 makes of a PDF more than a third again."""
    return len(message.as_bytes())


def delivery_key(run_id: str, recipient: str) -> str:
    """The same for the same run and recipient, whenever it is sent, so that a double can be recognised."""
    return hashlib.sha256(f"{run_id}\n{recipient.lower()}".encode()).hexdigest()[:32]


def message_id(run_id: str, recipient: str, sender: str) -> str:
    """The key as RFC 5322 wants it, in the sender's domain."""
    return f"<{delivery_key(run_id, recipient)}@{sender.partition('@')[2]}>"
