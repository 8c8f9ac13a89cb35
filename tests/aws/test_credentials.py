"""However the caller's credentials come, the audit starts: none of these ways goes through its own signing or guard."""

from __future__ import annotations

import asyncio
import hashlib
import json
from pathlib import Path

import pytest
from botocore.credentials import SSOProvider

from auditor.aws.accounts import own_account
from auditor.aws.operations import DESCRIBE_VPCS
from auditor.aws.session import AuditSession
from auditor.errors import NoAccessError
from tests.embedded import MEMBER, OWN, Served
from tests.fault_proxy import FaultProxy

ROLE = f"arn:aws:iam::{MEMBER}:role/AuditorReadOnly"
START = "https://example.awsapps.com/start"


@pytest.fixture
def home(aws: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user's folder with nothing in it, and no keys in the environment."""
    assert "AWS_ENDPOINT_URL" in aws.environment
    for name in (
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "AWS_PROFILE",
        "AWS_DEFAULT_PROFILE",
    ):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    return tmp_path


def who(profile: str | None = None) -> tuple[str, int]:
    """The account that the caller is in, and how many VPCs a call sees there."""

    async def ask() -> tuple[str, int]:
        async with AuditSession(profile) as session:
            own = await own_account(session)
            return own.account_id, len(await own.at("eu-central-1").items(DESCRIBE_VPCS))

    return asyncio.run(ask())


def in_home(home: Path, text: str) -> None:
    (home / "config").write_text(text, "utf-8")


def test_the_role_of_a_kubernetes_service_account(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (home / "token").write_text("a.web.token", "utf-8")
    monkeypatch.setenv("AWS_WEB_IDENTITY_TOKEN_FILE", str(home / "token"))
    monkeypatch.setenv("AWS_ROLE_ARN", ROLE)
    account, vpcs = who()
    assert account == MEMBER
    assert vpcs > 0


def test_the_role_of_a_profile(home: Path, proxy: FaultProxy) -> None:
    keys = "aws_access_key_id = demo\naws_secret_access_key = demo\n"
    in_home(home, f"[profile base]\n{keys}[profile ops]\nrole_arn = {ROLE}\nsource_profile = base\n")
    assert who("ops")[0] == MEMBER
    (assumed,) = (call for call in proxy.calls if call.operation == "AssumeRole")
    assert assumed.access_key == "demo"


def test_aws_sso_login(home: Path, proxy: FaultProxy, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = f"sso_start_url = {START}\nsso_region = eu-central-1\nsso_account_id = {OWN}\nsso_role_name = Ops\n"
    in_home(home, f"[profile sso]\n{settings}")
    cache = home / "cache"
    cache.mkdir()
    monkeypatch.setattr(SSOProvider, "_SSO_TOKEN_CACHE_DIR", str(cache))  # it asks for HOME once a process
    token = {"startUrl": START, "region": "eu-central-1", "accessToken": "t", "expiresAt": "2099-01-01T00:00:00Z"}
    (cache / f"{hashlib.sha1(START.encode()).hexdigest()}.json").write_text(json.dumps(token))  # noqa: S324 -- the SDK's
    keys = {"accessKeyId": "demo", "secretAccessKey": "demo", "sessionToken": "t", "expiration": 4_000_000_000_000}
    proxy.replace("GET /federation/credentials", json.dumps({"roleCredentials": keys}).encode())
    assert who("sso")[0] == OWN


def test_a_role_that_is_refused_is_no_access(home: Path, proxy: FaultProxy, monkeypatch: pytest.MonkeyPatch) -> None:
    (home / "token").write_text("a.web.token", "utf-8")
    monkeypatch.setenv("AWS_WEB_IDENTITY_TOKEN_FILE", str(home / "token"))
    monkeypatch.setenv("AWS_ROLE_ARN", ROLE)
    proxy.deny("AssumeRoleWithWebIdentity")
    with pytest.raises(NoAccessError, match="AccessDenied"):
        who()
