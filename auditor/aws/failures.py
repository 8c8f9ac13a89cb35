"""AWS's errors in plain words: what happened, to which call, and the next step.

Whatever is not listed here is a bug and is raised as it came.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from http import HTTPStatus

from botocore.exceptions import (
    ClientError,
    ConnectionClosedError,
    ConnectTimeoutError,
    CredentialRetrievalError,
    EndpointConnectionError,
    HTTPClientError,
    NoCredentialsError,
    PartialCredentialsError,
    ReadTimeoutError,
    SSOError,
    TokenRetrievalError,
)
from botocore.parsers import ResponseParserError

from auditor.aws.operations import Operation
from auditor.errors import AuditorError

_ATTEMPTS, _ATTEMPTS_IF_THROTTLED = 4, 6


class Kind(StrEnum):
    """Why a call gave no answer."""

    DENIED = "denied"
    DISABLED_REGION = "disabled region"
    CREDENTIALS = "credentials"
    THROTTLED = "throttled"
    UNREACHABLE = "unreachable"
    UNREADABLE = "unreadable answer"
    UNKNOWN = "unknown answer"


@dataclass(frozen=True, slots=True)
class Refusal:
    """What AWS itself said: its error code, its words, the HTTP status, the headers by their names in lower case."""

    code: str = ""
    message: str = ""
    status: int = 0
    headers: Mapping[str, str] = field(default_factory=dict)


class AwsFailureError(AuditorError):
    """A call that gave no answer: `reason` is one line for the report, `refusal` is empty where AWS said nothing."""

    def __init__(self, kind: Kind, reason: str, refusal: Refusal | None = None) -> None:
        super().__init__(reason)
        self.kind = kind
        self.reason = reason
        self.refusal = refusal or Refusal()

    @property
    def attempts(self) -> int:
        """How often such a call is tried in all: only what may pass is tried again."""
        if self.kind is Kind.THROTTLED:
            return _ATTEMPTS_IF_THROTTLED
        is_broken = self.refusal.status >= HTTPStatus.INTERNAL_SERVER_ERROR
        return _ATTEMPTS if is_broken or self.kind in {Kind.UNREACHABLE, Kind.UNREADABLE} else 1


# EC2 API reference, "Error codes"; CloudWatch, STS and Price List API references, "Common errors" (read 2026-11-20).
# An answer to HEAD has no body: botocore takes its status for the code.
_CODES = {
    Kind.DENIED: {
        "UnauthorizedOperation",
        "AccessDenied",
        "AccessDeniedException",
        "NotAuthorized",
        "Forbidden",
        "403",
    },
    Kind.DISABLED_REGION: {
        "AuthFailure",
        "OptInRequired",
        "InvalidClientTokenId",
        "UnrecognizedClientException",
    },
    Kind.CREDENTIALS: {
        "ExpiredToken",
        "ExpiredTokenException",
        "RequestExpired",
        "SignatureDoesNotMatch",
        "InvalidSignatureException",
        "IncompleteSignature",
        "InvalidAccessKeyId",
    },
    Kind.THROTTLED: {
        "RequestLimitExceeded",
        "Throttling",
        "ThrottlingException",
        "ThrottledException",
        "TooManyRequestsException",
        "RequestThrottled",
        "LimitExceededException",
        "SlowDown",
    },
}
_KIND_OF_CODE = {code: kind for kind, codes in _CODES.items() for code in codes}
_CONNECTION = (
    EndpointConnectionError,
    ConnectTimeoutError,
    ReadTimeoutError,
    ConnectionClosedError,
    HTTPClientError,
)
_CREDENTIALS = (
    NoCredentialsError,
    PartialCredentialsError,
    CredentialRetrievalError,
    TokenRetrievalError,
    SSOError,
)
_HINTS = {
    Kind.DENIED: "grant {action} to {who}",
    Kind.DISABLED_REGION: "the credentials are not valid there: check them, or enable the region, or leave it out",
    Kind.CREDENTIALS: "renew the credentials and run again",
    Kind.THROTTLED: "AWS asked to slow down until the retries were used up: run again at a quieter time",
    Kind.UNREACHABLE: "no answer from the endpoint: check network, proxy and AWS_ENDPOINT_URL",
    Kind.UNREADABLE: "an answer that is not understood: run again, then report it",
    Kind.UNKNOWN: "an answer that is not understood: run again, then report it",
}

_PASSING = tuple(_HINTS[kind] for kind in Kind if kind not in {Kind.DENIED, Kind.DISABLED_REGION})


def may_pass(reason: str) -> bool:
    """Whether another attempt may succeed, by the reason of a gap; what is denied stays so until somebody grants it."""
    return reason.endswith(_PASSING)


NO_ANSWERS = (KeyError, ValueError, TypeError, AttributeError)
"""What botocore raises where an answer is well-formed and somebody else's, such as a proxy's page, or holds a time
that is none: it takes what it reads for what its models promise."""


def failure(error: Exception, operation: Operation, who: str) -> AwsFailureError:
    """What to tell of an error of botocore; `who` is the principal that was refused."""
    kind = _kind(error)
    hint = _HINTS[kind].format(action=operation.action, who=who)
    return AwsFailureError(kind, f"{operation.action}: {_said(error)}: {hint}", _refusal(error))


def _kind(error: Exception) -> Kind:
    if isinstance(error, ClientError):
        return _KIND_OF_CODE.get(error.response.get("Error", {}).get("Code", ""), Kind.UNKNOWN)
    if isinstance(error, _CREDENTIALS):
        return Kind.CREDENTIALS
    if isinstance(error, (ResponseParserError, *NO_ANSWERS)):
        return Kind.UNREADABLE
    return Kind.UNREACHABLE if isinstance(error, _CONNECTION) else Kind.UNKNOWN


def _refusal(error: Exception) -> Refusal:
    if not isinstance(error, ClientError):
        return Refusal()
    told = error.response.get("Error", {})
    sent = error.response.get("ResponseMetadata", {})
    headers = sent.get("HTTPHeaders", {})
    return Refusal(str(told.get("Code", "")), str(told.get("Message", "")), sent.get("HTTPStatusCode", 0), headers)


def _said(error: Exception) -> str:
    if isinstance(error, ClientError):
        return str(error.response.get("Error", {}).get("Code", "")) or "error without a code"
    if isinstance(error, (ResponseParserError, *NO_ANSWERS)):
        return "unreadable answer"
    return " ".join(str(error).split())[:200]
