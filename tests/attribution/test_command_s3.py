"""`auditor attribute s3://…`: buckets count like folders, within the budget, and what cannot be read is one line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.attribution.s3_bucket import Store
from tests.attribution.test_command import EXAMPLE, ask
from tests.fault_proxy import FaultProxy

KEY = "AWSLogs/123456789012/vpcflowlogs/eu-west-1/2026/11/10/123456789012_vpcflowlogs_eu-west-1_fl-1_{}_0f.log.gz"
TWICE = {"up": 2000, "down": 100000}


@pytest.fixture
def filled(store: Store) -> Store:
    """Two files, of which the second differs in nothing but the time."""
    store.put(KEY.format("20261110T0005Z"), EXAMPLE)
    store.put(KEY.format("20261110T0010Z"), EXAMPLE.replace(" 1760000000 1760000060 ", " 1760000300 1760000360 "))
    return store


def totals(stdout: str) -> dict[str, int]:
    (nat,) = json.loads(stdout)["nat_gateways"]
    return {"up": nat["bytes_up"], "down": nat["bytes_down"]}


def test_all_objects_below_a_prefix_are_counted_once(filled: Store, tmp_path: Path) -> None:
    url = f"s3://{filled.name}/AWSLogs"
    done = ask(tmp_path, url, url)
    assert (done.returncode, done.stderr) == (0, "")
    assert totals(done.stdout) == TWICE


def test_a_folder_and_a_bucket_are_counted_together(filled: Store, tmp_path: Path) -> None:
    (tmp_path / "a.log").write_text(EXAMPLE.replace(" 1760000000 1760000060 ", " 1760000600 1760000660 "))
    only = f"s3://{filled.name}/{KEY.format('20261110T0005Z')}"
    done = ask(tmp_path, str(tmp_path / "a.log"), only)
    assert totals(done.stdout) == TWICE


def test_over_the_budget_nothing_is_read(filled: Store, s3: FaultProxy, tmp_path: Path) -> None:
    done = ask(tmp_path, f"s3://{filled.name}", "--budget=0")
    assert (done.returncode, done.stdout) == (2, "")
    assert "to read 2 objects, " in done.stderr
    assert "over the budget of $0.00: raise --budget" in done.stderr
    assert not any("log.gz" in call.operation for call in s3.calls)


@pytest.mark.parametrize(
    ("url", "code", "said"),
    [
        ("s3://nobody-has-this-bucket/AWSLogs", 3, "bucket nobody-has-this-bucket does not exist"),
        ("s3://{bucket}/elsewhere", 2, "no flow-log files there"),
        ("s3://", 2, "not like s3://bucket/prefix"),
    ],
)
def test_what_cannot_be_read_is_one_line(url: str, code: int, said: str, filled: Store, tmp_path: Path) -> None:
    done = ask(tmp_path, url.format(bucket=filled.name))
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (code, "", 1)
    assert said in done.stderr


def test_a_denied_bucket_says_what_to_grant_to_whom(filled: Store, s3: FaultProxy, tmp_path: Path) -> None:
    s3.deny(f"GET /{filled.name}")
    done = ask(tmp_path, f"s3://{filled.name}")
    assert (done.returncode, done.stdout) == (3, "")
    assert "grant s3:ListBucket, s3:GetObject to arn:aws:" in done.stderr
