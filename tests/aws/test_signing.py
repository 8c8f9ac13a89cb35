"""Signatures are those that botocore makes."""

from __future__ import annotations

from datetime import UTC, datetime
from unittest.mock import patch

import botocore.auth
import pytest
from botocore.awsrequest import AWSRequest
from botocore.credentials import ReadOnlyCredentials
from hypothesis import given
from hypothesis import strategies as st

from auditor.aws.signing import Place, Post, Signer

MOMENT = datetime(2026, 11, 30, 14, 5, 9, tzinfo=UTC)
PLACE = Place("eu-central-1", "monitoring")
TEXTS = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=20)


def by_botocore(
    url: str, headers: dict[str, str], body: bytes, credentials: ReadOnlyCredentials, place: Place
) -> dict[str, str]:
    request = AWSRequest("POST", url, headers, body)
    with patch.object(botocore.auth, "get_current_datetime", lambda: MOMENT):
        botocore.auth.SigV4Auth(credentials, place.service, place.region).add_auth(request)
    return {name: value if isinstance(value, str) else value.decode() for name, value in request.headers.items()}


def ours(
    url: str, headers: dict[str, str], body: bytes, credentials: ReadOnlyCredentials, place: Place
) -> dict[str, str]:
    return Signer().signed(Post(url, headers, body), credentials, place, "20261130T140509Z")


@given(
    st.sampled_from([None, "session-token=="]),
    TEXTS,
    TEXTS,
    st.binary(max_size=40),
    st.dictionaries(st.sampled_from(["X-Amz-Target", "Content-Type", "User-Agent"]), TEXTS),
)
def test_any_call_is_signed_as_botocore_signs_it(
    token: str | None, secret: str, region: str, body: bytes, headers: dict[str, str]
) -> None:
    call = ("https://ec2.eu-central-1.amazonaws.com/", headers, body, ReadOnlyCredentials("AKIA", secret, token))
    assert ours(*call, Place(region, "ec2")) == by_botocore(*call, Place(region, "ec2"))


@pytest.mark.parametrize(
    "url",
    [
        "https://ec2.eu-west-1.amazonaws.com",
        "http://127.0.0.1:5000/",
        "http://LOCALHOST:80/aws",
        "https://[::1]:4566/a b/~x",
        "https://proxy.example:443/",
    ],
)
def test_so_are_calls_to_any_endpoint(url: str) -> None:
    call = (url, {"Content-Type": "application/x-amz-json-1.0"}, b"{}", ReadOnlyCredentials("AKIA", "secret", None))
    assert ours(*call, PLACE) == by_botocore(*call, PLACE)


def test_a_remembered_key_is_that_of_its_secret_place_and_day() -> None:
    signer, seen, post = Signer(), set(), Post("https://x/", {}, b"")
    for secret in ("one", "two"):
        for place in (PLACE, Place("eu-west-1", "monitoring"), Place("eu-central-1", "ec2")):
            for moment in ("20261130T140509Z", "20261201T140509Z"):
                headers = signer.signed(post, ReadOnlyCredentials("AKIA", secret, None), place, moment)
                seen.add(headers["Authorization"])
    assert len(seen) == 12
