"""Mail over SMTP: one connection a message, encrypted and checked unless the configuration says otherwise."""

from __future__ import annotations

from asyncio import WriteTransport
from contextlib import suppress
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import TYPE_CHECKING

from aiosmtplib import SMTP, SMTPException

from auditor.delivery.failures import of_smtp
from auditor.delivery.settings import Tls

if TYPE_CHECKING:
    from pydantic import SecretStr

_GOODBYE = 2
LOCAL_NAME = "[127.0.0.1]"
"""How we greet. The machine's own name may be long, odd, or nobody's business."""


@dataclass(frozen=True, slots=True)
class Smtp:
    """A mail server and how it is spoken to. Certificates are checked against the system's authorities."""

    host: str
    port: int
    tls: Tls = Tls.STARTTLS
    user: str | None = None
    password: SecretStr | None = field(default=None, repr=False)
    timeout: float = 60

    async def send(self, message: EmailMessage, sender: str, recipient: str) -> None:
        """Hand the message over; `NotSentError` where the server does not take it.

        It counts as delivered once the server has said so: what goes wrong while parting is no matter.
        """
        client = SMTP(
            hostname=self.host,
            port=self.port,
            timeout=self.timeout,
            local_hostname=LOCAL_NAME,
            use_tls=self.tls is Tls.IMPLICIT,
            start_tls=self.tls is Tls.STARTTLS,
        )
        try:
            await client.connect()
            if self.user is not None and self.password is not None:
                await client.login(self.user, self.password.get_secret_value())
            await client.send_message(message, sender=sender, recipients=[recipient])
        except (SMTPException, OSError, ValueError) as error:
            raise of_smtp(error, f"{self.host}:{self.port}") from None
        finally:
            await _part(client)


async def _part(client: SMTP) -> None:
    """Say goodbye where that is still possible, and leave nothing open in any case."""
    transport = client.transport
    with suppress(SMTPException, OSError):
        await client.quit(timeout=_GOODBYE)
    if isinstance(transport, WriteTransport):
        transport.abort()
