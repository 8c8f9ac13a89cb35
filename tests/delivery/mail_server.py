"""A real mail server on 127.0.0.1, which takes messages, or does what servers do on bad days."""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from ipaddress import ip_address
from pathlib import Path
from typing import Any, cast

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

USER, PASSWORD = "auditor", "MARKERPASSWORDMARKER"


@dataclass
class Mailbox:
    """What was taken, and what is answered instead: one reply for each attempt, then messages are taken.

    `slow` are the seconds before a message is taken, and again until that is answered.
    """

    replies: list[str] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)
    drop: str = ""
    hang: bool = False
    slow: float = 0
    attempts: int = 0
    port: int = 0
    taken: list[tuple[str, EmailMessage]] = field(default_factory=list)
    sizes: list[int] = field(default_factory=list)

    @property
    def recipients(self) -> list[str]:
        return [recipient for recipient, _ in self.taken]

    async def handle_RCPT(  # noqa: N802 -- aiosmtpd's names
        self, server: SMTP, session: Session, envelope: Envelope, address: str, rcpt_options: list[str]
    ) -> str:
        del server, session, rcpt_options
        if address in self.refused:
            return self.refused[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        del session
        self.attempts += 1
        if self.hang:
            await asyncio.sleep(30)
        if self.replies:
            return self.replies.pop(0)
        await asyncio.sleep(self.slow)
        content = cast("bytes", envelope.content)
        parsed = message_from_bytes(content, policy=default)
        self.taken += [(address, parsed) for address in envelope.rcpt_tos]
        self.sizes.append(len(content))
        await asyncio.sleep(self.slow)
        transport: Any = server.transport
        if self.drop == "before the answer":
            transport.abort()
        if self.drop == "after the answer":
            asyncio.get_running_loop().call_later(0.05, transport.abort)
        return "250 taken"


def _knows(_server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, login: Any) -> AuthResult:  # noqa: ANN401
    known = isinstance(login, LoginPassword) and (login.login, login.password) == (USER.encode(), PASSWORD.encode())
    return AuthResult(success=known, handled=False)


class _OnAnyPort(Controller):
    """aiosmtpd tries the port that it was given, and nobody listens on 0."""

    def _trigger_server(self) -> None:
        self.port = self.server.sockets[0].getsockname()[1]  # type: ignore[union-attr]
        super()._trigger_server()  # type: ignore[no-untyped-call]


@contextmanager
def mail_server(mailbox: Mailbox, context: ssl.SSLContext | None = None, **options: Any) -> Iterator[Mailbox]:
    """Serve the mailbox; with a context it offers STARTTLS."""
    options = {"tls_context": context, "data_size_limit": 2**27} | options
    controller = _OnAnyPort(mailbox, hostname="127.0.0.1", port=0, authenticator=_knows, **options)
    logging.getLogger("mail.log").setLevel(logging.ERROR)  # it logs each of a message's half a million lines
    controller.start()
    try:
        mailbox.port = controller.port
        yield mailbox
    finally:
        controller.stop()


def certificate(folder: Path, host: str = "127.0.0.1") -> tuple[Path, ssl.SSLContext]:
    """A certificate that signs itself, as a file to trust, and a server's context with it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "test")])
    names = [x509.IPAddress(ip_address(host)) if host[0].isdigit() else x509.DNSName(host)]
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), 1, now - timedelta(days=1), now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem, private = folder / "cert.pem", folder / "key.pem"
    pem.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    plain = serialization.NoEncryption()
    private.write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem, private)
    return pem, context
