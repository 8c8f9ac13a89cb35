"""Both kinds of store: a folder on disk, and a bucket of an embedded AWS behind a proxy that can break."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest

from auditor.store.place import Place, open_place
from tests.embedded import served
from tests.fault_proxy import FaultProxy

BUCKET = "auditor-runs"


@pytest.fixture(scope="session")
def bucket_proxy() -> Iterator[FaultProxy]:
    """One embedded AWS with one empty bucket, which every test uses under a prefix of its own."""
    with served("blank") as aws, FaultProxy(aws.url) as proxy:
        credentials = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
        client = boto3.Session(region_name="eu-central-1", **credentials).client("s3", endpoint_url=aws.url)
        client.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
        client.close()
        yield proxy


@pytest.fixture
def s3(bucket_proxy: FaultProxy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FaultProxy:
    """The environment leads to the bucket, by a profile alone; the proxy has no faults."""
    bucket_proxy.clear()
    config = tmp_path / "aws-config"
    config.write_text("[profile ops]\naws_access_key_id = AKIAOPS\naws_secret_access_key = test\nregion = us-east-1\n")
    for name, value in {
        "AWS_ENDPOINT_URL": bucket_proxy.url,
        "AWS_CONFIG_FILE": str(config),
        "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
        "AWS_PROFILE": "ops",
        "NO_PROXY": "127.0.0.1",
    }.items():
        monkeypatch.setenv(name, value)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    return bucket_proxy


@pytest.fixture
def in_s3(s3: FaultProxy) -> Place:
    assert s3.url
    return open_place(f"s3://{BUCKET}/{secrets.token_hex(4)}/runs of ours")


@pytest.fixture(params=["disk", "s3"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """An empty store of either kind: what is promised holds for both."""
    if request.param == "disk":
        return open_place(str(tmp_path / "new" / "store"))
    found: Place = request.getfixturevalue("in_s3")
    return found
