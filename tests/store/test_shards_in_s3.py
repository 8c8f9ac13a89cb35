"""An organization read in shards by machines that share nothing but a bucket."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from auditor.model.evidence import NOT_READ
from auditor.model.shard import Shard
from auditor.store import load_evidence
from auditor.store.place import open_place
from tests.cli.command import GAPS, OK, at_one_moment, in_process
from tests.fault_proxy import FaultProxy
from tests.organization import ACCOUNTS, Organization, organization
from tests.store.conftest import BUCKET


@pytest.fixture
def aws(s3: FaultProxy, monkeypatch: pytest.MonkeyPatch) -> Iterator[Organization]:
    """The organization, but S3, which is the bucket's."""
    with organization() as served:
        for name, value in (served.environment | {"AWS_ENDPOINT_URL_S3": s3.url}).items():
            monkeypatch.setenv(name, value)
        monkeypatch.delenv("AWS_PROFILE")
        at_one_moment(monkeypatch)
        yield served


def test_shards_in_a_bucket_give_the_evidence_of_the_whole_run(aws: Organization, tmp_path: Path) -> None:
    store = f"s3://{BUCKET}/{secrets.token_hex(4)}/runs of ours"
    begun = ("run", "--run", "weekly-48", "--store", store, "--shard")
    for number in (3, 1):
        done = in_process(*begun, f"{number}/3")
        assert done.returncode == OK, done.stderr
        assert done.stdout == f"{store}/runs/weekly-48\n"
    report = ("report", f"{store}/weekly-48", "--output")
    assert in_process(*report, str(tmp_path / "early")).returncode == GAPS
    missing = load_evidence(tmp_path / "early" / "evidence.json").gaps
    assert {gap.reason for gap in missing} == {f"shard 2/3 of run weekly-48 {NOT_READ}"}
    assert {gap.account_id for gap in missing} == {one for one in ACCOUNTS if Shard(2, 3).holds(one)}
    assert aws.calls("AssumeRole") == len(ACCOUNTS) - len(missing)
    assert in_process(*begun, "2/3").returncode == OK
    assert in_process(*report, str(tmp_path / "late")).returncode == OK
    assert in_process("run", "--output", str(tmp_path / "whole")).returncode == OK
    found, whole = (load_evidence(tmp_path / one / "evidence.json") for one in ("late", "whole"))
    assert found == replace(whole, generated_at=found.generated_at, calls=found.calls)
    assert not open_place(store).entries("runs/weekly-48/parts"), "parts are gone with the report"
