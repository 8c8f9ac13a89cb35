"""What is sent to S3: reads only, to the bucket's own region, signed for it by whoever reads."""

from __future__ import annotations

import asyncio
import re
from typing import Any

import pytest
from aiobotocore.credentials import AioCredentials

from auditor.aws.failures import AwsFailureError
from auditor.aws.operations import GET_OBJECT, HEAD_BUCKET, LIST_OBJECTS, Operation
from auditor.aws.session import AuditSession, Target
from auditor.errors import NotReadOnlyError

KEY = "AWSLogs/1/a b+c/../é.log.gz"


class SentError(Exception):
    """What was about to be sent."""


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ENDPOINT_URL", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)


def about_to_send(region: str, operation: Operation, **params: object) -> tuple[str, str, str, dict[str, str]]:
    """Method, URL, the scope of the signature, and the headers of a call; nothing leaves the process."""

    def stop(request: Any, **_: object) -> None:  # noqa: ANN401 -- botocore's own
        headers = {name: _text(value) for name, value in request.headers.items()}
        scope = re.search(r"Credential=(\w+/\d+/[\w-]+/\w+)/", headers["Authorization"])
        assert scope
        raise SentError(request.method, request.url, re.sub(r"/\d+/", " ", scope[1]), headers)

    async def call() -> None:
        async with AuditSession() as session:
            session._session.register("before-send", stop)
            # A call elsewhere before: what is sent must not depend on it.
            with pytest.raises(SentError):
                await session.call(
                    Target("1", "ap-south-1", AioCredentials("OTHER", "x")), HEAD_BUCKET, {"Bucket": "logs"}
                )
            await session.call(Target("2", region, AioCredentials("AKIA", "x")), operation, params)

    with pytest.raises(SentError) as sent:
        asyncio.run(call())
    method, url, scope, headers = sent.value.args
    return method, url, scope, headers


def _text(value: object) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


@pytest.mark.parametrize(
    ("region", "host"),
    [
        ("eu-west-1", "logs.s3.eu-west-1.amazonaws.com"),
        ("us-east-1", "logs.s3.amazonaws.com"),
        ("us-gov-west-1", "logs.s3.us-gov-west-1.amazonaws.com"),
        ("cn-north-1", "logs.s3.cn-north-1.amazonaws.com.cn"),
        ("eusc-de-east-1", "logs.s3.eusc-de-east-1.amazonaws.eu"),
    ],
)
def test_a_bucket_is_asked_in_its_region_and_the_call_signed_for_it(region: str, host: str) -> None:
    method, url, scope, _ = about_to_send(region, HEAD_BUCKET, Bucket="logs")
    assert (method, scope) == ("HEAD", f"AKIA {region}/s3")
    assert url.rstrip("/") == f"https://{host}"


def test_a_list_names_the_prefix_and_a_get_the_key_as_they_are() -> None:
    method, url, scope, _ = about_to_send("eu-west-1", LIST_OBJECTS, Bucket="logs", Prefix="a/b c")
    assert (method, scope) == ("GET", "AKIA eu-west-1/s3")
    assert "list-type=2" in url
    assert "prefix=a%2Fb%20c" in url or "prefix=a/b%20c" in url
    method, url, _, headers = about_to_send("eu-west-1", GET_OBJECT, Bucket="logs", Key=KEY)
    assert (method, url) == ("GET", "https://logs.s3.eu-west-1.amazonaws.com/AWSLogs/1/a%20b%2Bc/../%C3%A9.log.gz")
    assert headers["x-amz-checksum-mode"] == "ENABLED"
    assert not {"X-Amz-Trailer", "Transfer-Encoding", "Range"} & headers.keys()


def test_a_bucket_with_dots_is_asked_by_path_for_its_certificate_would_not_match() -> None:
    _, url, scope, _ = about_to_send("eu-west-1", GET_OBJECT, Bucket="logs.example.com", Key="k")
    assert (url, scope) == ("https://s3.eu-west-1.amazonaws.com/logs.example.com/k", "AKIA eu-west-1/s3")


def test_a_directory_bucket_would_need_a_session_which_the_guard_refuses() -> None:
    async def call() -> None:
        async with AuditSession() as session:
            target = Target("2", "us-east-1", AioCredentials("AKIA", "x"))
            await session.call(target, GET_OBJECT, {"Bucket": "logs--use1-az4--x-s3", "Key": "k"})

    with pytest.raises(NotReadOnlyError, match="refused s3:CreateSession"):
        asyncio.run(call())


@pytest.mark.parametrize("name", ["../x", "a b", "arn:aws:s3:::x"])
def test_a_name_that_no_bucket_can_have_is_not_asked(name: str) -> None:
    async def call() -> None:
        async with AuditSession() as session:
            target = Target("2", "us-east-1", AioCredentials("AKIA", "x"))
            await session.call(target, HEAD_BUCKET, {"Bucket": name})

    with pytest.raises(AwsFailureError):
        asyncio.run(call())
