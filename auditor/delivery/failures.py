"""Why a message was not taken, as a value for the log: what happened, what to do, and whether to try again."""

from __future__ import annotations

import re
import ssl

from aiosmtplib import (
    SMTPAuthenticationError,
    SMTPException,
    SMTPNotSupported,
    SMTPRecipientRefused,
    SMTPRecipientsRefused,
    SMTPResponseException,
    SMTPSenderRefused,
    SMTPServerDisconnected,
    SMTPTimeoutError,
)

from auditor.aws.failures import AwsFailureError, Kind

_PERMANENT = 500
_TOO_LARGE = {523, 552}  # RFC 1870 and RFC 5321
_SAID = 200
_SES_STEPS = {
    # SES API v2 reference, SendEmail, "Errors" (read 2026-11-20).
    "MessageRejected": "verify the sender in SES, and in its sandbox the recipient too",
    "MailFromDomainNotVerifiedException": "verify the sender's MAIL FROM domain in SES",
    "AccountSuspendedException": "sending is suspended for this account: see the SES console",
    "SendingPausedException": "sending is paused for this account or configuration set: see the SES console",
    "NotFoundException": "SES does not know the sender in this region: see ses_region in [mail]",
    "BadRequestException": "see from, to and size_limit_mb in [mail]",
}


class NotSentError(Exception):
    """One attempt that failed. It never leaves this layer."""

    def __init__(self, problem: str, next_step: str, *, again: bool) -> None:
        super().__init__(problem)
        self.problem = problem
        self.next_step = next_step
        self.again = again


def of_smtp(error: Exception, server: str) -> NotSentError:
    """What to tell of an error of SMTP or of the connection; only what may pass by itself is tried again."""
    if isinstance(error, SMTPRecipientsRefused):
        error = error.recipients[0]
    if isinstance(error, SMTPResponseException):
        return _answered(error, server)
    if cause := _certificate(error):
        return NotSentError(
            f"{server}: its certificate is not trusted: {_words(cause)}",
            "use the name in the certificate as smtp_host, or name your own authority with SSL_CERT_FILE",
            again=False,
        )
    if isinstance(error, SMTPNotSupported) or type(error) is SMTPException:  # no STARTTLS, no AUTH
        step = 'use a server that offers it, smtp_tls = "implicit" on port 465, or none in a network that you trust'
        return NotSentError(f"{server}: {_words(error)}", step, again=False)
    if isinstance(error, SMTPTimeoutError | TimeoutError):
        return NotSentError(f"{server}: no answer in time", "check host, port, firewall and smtp_tls", again=True)
    if isinstance(error, SMTPServerDisconnected):
        return NotSentError(f"{server}: closed the connection", "look into the server's log", again=True)
    return NotSentError(f"{server}: {_words(error)}", "check smtp_host, smtp_port, firewall and smtp_tls", again=True)


def of_ses(error: AwsFailureError) -> NotSentError:
    """What to tell of an error of SES or of the credentials."""
    refusal = error.refusal
    said = f"{error.reason.rstrip(':')}{f' ({_words(refusal.message)})' if refusal.message else ''}"
    again = error.kind in {Kind.THROTTLED, Kind.UNREACHABLE} or (error.kind is Kind.UNKNOWN and not refusal.code)
    otherwise = "it may pass by itself" if again else "`auditor iam --mail-from` prints the permission"
    step = _SES_STEPS.get(refusal.code, f"{otherwise}; see ses_region in [mail]")
    return NotSentError(said, step, again=again)


def _answered(error: SMTPResponseException, server: str) -> NotSentError:
    said = f"{server} answered {error.code}: {_words(error.message)}"
    return NotSentError(said, _step(error), again=error.code < _PERMANENT)


def _step(error: SMTPResponseException) -> str:
    if isinstance(error, SMTPAuthenticationError):
        return "check smtp_user and AUDITOR_SMTP_PASSWORD"
    if error.code in _TOO_LARGE:
        return "lower size_limit_mb in [mail]: larger reports are linked instead of attached"
    if isinstance(error, SMTPRecipientRefused):
        return "check the address, or whether the server may send to it"
    if isinstance(error, SMTPSenderRefused):
        return "check from in [mail]: the server must allow that sender"
    return "look into the server's log"


def _certificate(error: BaseException | None) -> ssl.SSLError | None:
    """The TLS error at the root, if there is one."""
    while error is not None:
        if isinstance(error, ssl.SSLError):
            return error
        error = error.__cause__ or error.__context__
    return None


def _words(said: object) -> str:
    """A server's words as one clean short line: anybody may answer on a port."""
    clean = re.sub(r"[^\w\s!-~]", "\N{REPLACEMENT CHARACTER}", str(said))
    return " ".join(clean.split())[:_SAID]
