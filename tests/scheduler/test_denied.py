"""A store in S3 that is denied when a run is due, and allowed again later."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import boto3
import pytest

from auditor.store.place import open_place
from auditor.store.runs import Store
from tests.embedded import served
from tests.fault_proxy import FaultProxy
from tests.scheduler.fast import replica

BUCKET = "auditor-runs"


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[FaultProxy]:
    """The environment leads to an empty bucket, over a proxy that can refuse."""
    with served("blank") as aws, FaultProxy(aws.url) as proxy:
        for name, value in (aws.environment | {"AWS_ENDPOINT_URL": proxy.url}).items():
            monkeypatch.setenv(name, value)
        client = boto3.client("s3", endpoint_url=aws.url, region_name="eu-central-1")
        client.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
        client.close()
        yield proxy


def test_a_denied_store_makes_the_service_unready_and_no_run_is_lost(
    bucket: FaultProxy, caplog: pytest.LogCaptureFixture
) -> None:
    where = f"s3://{BUCKET}/network"
    one = replica(where)
    one.until(60)
    assert (len(one.runs.due), one.board.is_ready) == (1, True)
    bucket.deny()
    one.until(60)
    assert (len(one.runs.due), one.board.is_ready, one.board.lives) == (1, False, True)
    said = next(record for record in caplog.records if record.levelno == logging.ERROR)
    problem = getattr(said, "fields", {})["problem"]
    assert "access denied; it takes s3:ListBucket, GetObject, PutObject and DeleteObject" in problem
    bucket.clear()
    one.until(70)
    assert one.board.is_ready
    assert len(one.runs.due) == 2
    bucket.deny()
    restarted = replica(where, one.clock, "b")
    restarted.until(20)
    assert not restarted.board.is_ready
    bucket.clear()
    restarted.until(60)
    due = [run.manifest.due for run in Store(open_place(where)).listing().runs]
    assert due == [*one.runs.due, *restarted.runs.due]
    assert len(set(due)) == len(due) >= 3
