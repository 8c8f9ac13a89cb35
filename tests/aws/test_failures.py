"""AWS's errors in plain words: what happened, to which call, and what to do next."""

from __future__ import annotations

import pytest
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    NoCredentialsError,
    ReadTimeoutError,
    UnauthorizedSSOTokenError,
)
from botocore.parsers import ResponseParserError

from auditor.aws.failures import AwsFailureError, Kind, failure
from auditor.aws.operations import DESCRIBE_VPCS

WHO = "arn:aws:sts::123456789012:assumed-role/ops/anna"


def told(error: BotoCoreError | ClientError) -> AwsFailureError:
    return failure(error, DESCRIBE_VPCS, WHO)


def client_error(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "User: secret-name is not …"}}, "DescribeVpcs")


@pytest.mark.parametrize(
    ("code", "kind", "next_step"),
    [
        ("UnauthorizedOperation", Kind.DENIED, f"grant ec2:DescribeVpcs to {WHO}"),
        ("AccessDenied", Kind.DENIED, f"grant ec2:DescribeVpcs to {WHO}"),
        ("AccessDeniedException", Kind.DENIED, f"grant ec2:DescribeVpcs to {WHO}"),
        ("403", Kind.DENIED, f"grant ec2:DescribeVpcs to {WHO}"),
        ("AuthFailure", Kind.DISABLED_REGION, "enable the region"),
        ("OptInRequired", Kind.DISABLED_REGION, "enable the region"),
        ("UnrecognizedClientException", Kind.DISABLED_REGION, "enable the region"),
        ("InvalidClientTokenId", Kind.DISABLED_REGION, "enable the region"),
        ("ExpiredToken", Kind.CREDENTIALS, "renew the credentials"),
        ("RequestExpired", Kind.CREDENTIALS, "renew the credentials"),
        ("SignatureDoesNotMatch", Kind.CREDENTIALS, "renew the credentials"),
        ("RequestLimitExceeded", Kind.THROTTLED, "at a quieter time"),
        ("Throttling", Kind.THROTTLED, "at a quieter time"),
        ("ThrottlingException", Kind.THROTTLED, "at a quieter time"),
        ("InternalError", Kind.UNKNOWN, "run again"),
        ("SomethingNew", Kind.UNKNOWN, "run again"),
    ],
)
def test_codes_of_aws(code: str, kind: Kind, next_step: str) -> None:
    found = told(client_error(code))
    assert found.kind is kind
    assert found.reason.startswith(f"ec2:DescribeVpcs: {code}: ")
    assert next_step in found.reason


def test_an_error_without_a_code_is_still_told() -> None:
    assert told(ClientError({}, "DescribeVpcs")).reason.startswith("ec2:DescribeVpcs: error without a code: ")


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (EndpointConnectionError(endpoint_url="https://ec2.xx-north-1.amazonaws.com"), Kind.UNREACHABLE),
        (ConnectTimeoutError(endpoint_url="https://ec2.eu-west-1.amazonaws.com"), Kind.UNREACHABLE),
        (ReadTimeoutError(endpoint_url="https://ec2.eu-west-1.amazonaws.com"), Kind.UNREACHABLE),
        (NoCredentialsError(), Kind.CREDENTIALS),
        (UnauthorizedSSOTokenError(), Kind.CREDENTIALS),
        (ResponseParserError("<html>"), Kind.UNREADABLE),
    ],
)
def test_what_fails_before_aws_answers(error: BotoCoreError, kind: Kind) -> None:
    assert told(error).kind is kind


def test_a_reason_is_one_line_and_shows_no_body() -> None:
    """An answer that nobody can read may hold anything."""
    assert "secret" not in told(ResponseParserError("<html>\nsecret\x1b[31m")).reason
    assert "secret" not in told(client_error("AccessDenied")).reason
    assert "\n" not in told(EndpointConnectionError(endpoint_url="https://a\nb")).reason


def test_what_aws_itself_said_is_kept_apart_from_the_reason() -> None:
    metadata = {"HTTPHeaders": {"x-amz-bucket-region": "eu-west-1"}}
    answer = {"Error": {"Code": "403", "Message": "Forbidden"}, "ResponseMetadata": metadata}
    refusal = told(ClientError(answer, "HeadBucket")).refusal
    assert (refusal.code, refusal.message) == ("403", "Forbidden")
    assert refusal.headers["x-amz-bucket-region"] == "eu-west-1"
    assert told(NoCredentialsError()).refusal.code == ""


@pytest.mark.parametrize(
    ("error", "attempts"),
    [
        (client_error("RequestLimitExceeded"), 6),
        (ReadTimeoutError(endpoint_url="https://ec2.eu-west-1.amazonaws.com"), 4),
        (ResponseParserError("<html>"), 4),
        (ClientError({"Error": {"Code": "Odd"}, "ResponseMetadata": {"HTTPStatusCode": 503}}, "DescribeVpcs"), 4),
        (ClientError({"Error": {"Code": "Odd"}, "ResponseMetadata": {"HTTPStatusCode": 400}}, "DescribeVpcs"), 1),
        (client_error("UnauthorizedOperation"), 1),
        (client_error("ExpiredToken"), 1),
        (NoCredentialsError(), 1),
    ],
)
def test_only_what_may_pass_is_tried_again(error: BotoCoreError | ClientError, attempts: int) -> None:
    assert told(error).attempts == attempts
