"""A folder on disk and a prefix in S3 keep the same promises, and say in one line what they cannot do."""

from __future__ import annotations

import os
import resource
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from auditor.errors import StoreError
from auditor.store.place import Place, open_place
from tests.fault_proxy import FaultProxy
from tests.store.conftest import BUCKET


def test_objects_are_written_read_listed_and_deleted(place: Place) -> None:
    assert (place.get("runs/a/x"), place.entries("runs")) == (None, [])
    place.put("runs/a/x", b"old")
    place.put("runs/a/x", b"new")
    place.put("runs/b/report of ü.html", b"")
    place.put("runs-of-others", b"?")
    assert [(entry.path, entry.size) for entry in place.entries("runs")] == [
        ("runs/a/x", 3),
        ("runs/b/report of ü.html", 0),
    ]
    assert place.get("runs/a/x") == b"new"
    place.delete(["runs/a/x", "runs/nothing", "runs/b/report of ü.html"])
    assert (place.get("runs/a/x"), place.entries("runs")) == (None, [])


def test_a_large_object_goes_in_parts_and_comes_back_whole(place: Place) -> None:
    content = os.urandom(1024) * 12 * 1024
    place.put("runs/a/evidence.json.gz", content)
    assert place.get("runs/a/evidence.json.gz") == content


def test_what_a_killed_writer_left_on_disk_goes_with_its_object(tmp_path: Path) -> None:
    """It is written as `name#1` first, which no listing shows and no call of obstore deletes."""
    place = open_place(str(tmp_path))
    for name in ("x#1", "x#12", "x#notes", "xy#1"):
        (tmp_path / name).write_text("half")
    place.delete(["x"])
    assert {path.name for path in tmp_path.iterdir()} == {"x#notes", "xy#1"}


def test_one_of_many_creates_an_object(place: Place) -> None:
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda n: place.create("lease", b"%d" % n), range(16)))
    assert made.count(True) == 1
    assert place.get("lease") == b"%d" % made.index(True)


def test_an_attempt_whose_answer_was_lost_is_known_by_its_content(in_s3: Place, s3: FaultProxy) -> None:
    """S3 has the object, the connection broke before it said so, and the second try meets the first one's object."""
    s3.lose_answer(times=1)
    assert in_s3.create("lease", b"one")
    assert [call.operation.split()[0] for call in s3.calls[1:]] == ["PUT", "PUT", "GET"]
    assert not in_s3.create("lease", b"two")


def test_only_the_bucket_is_asked_and_by_the_profile_that_was_named(in_s3: Place, s3: FaultProxy) -> None:
    """No metadata service, no other host, no other key: botocore alone finds the credentials."""
    in_s3.put("x", b"1")
    in_s3.entries("runs")
    assert {(call.service, call.access_key) for call in s3.calls} == {("s3", "AKIAOPS")}
    assert {call.region for call in s3.calls[1:]} == {"eu-central-1"}, "the bucket's region, not the profile's"


def test_credentials_of_an_assumed_role_are_used(
    s3: FaultProxy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tmp_path / "roles"
    config.write_text(
        "[profile base]\naws_access_key_id = AKIABASE\naws_secret_access_key = test\n"
        "[profile runs]\nrole_arn = arn:aws:iam::123456789012:role/runs\nsource_profile = base\nregion = eu-central-1\n"
    )
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    open_place(f"s3://{BUCKET}/role", "runs").put("x", b"1")
    assumed, *rest = s3.calls
    assert (assumed.operation, assumed.access_key) == ("AssumeRole", "AKIABASE")
    assert {call.access_key for call in rest}.isdisjoint({"AKIABASE", "AKIAOPS"})


@pytest.mark.usefixtures("s3")
@pytest.mark.parametrize(
    ("where", "said"),
    [
        ("s3://", "names no bucket"),
        ("s3://no-such-bucket-here/x", "there is no such bucket"),
        ("gs://bucket/x", "neither a folder nor s3://bucket/prefix"),
        ("/proc/store", "Cannot make the store /proc/store"),
    ],
)
def test_a_store_that_cannot_be_opened_is_named(where: str, said: str) -> None:
    with pytest.raises(StoreError) as raised:
        open_place(where)
    assert where in str(raised.value)
    assert said in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_denied_bucket_says_what_it_takes(in_s3: Place, s3: FaultProxy) -> None:
    s3.deny()
    for attempt in (lambda: in_s3.put("x", b"1"), lambda: in_s3.get("x"), lambda: in_s3.entries("runs")):
        with pytest.raises(StoreError, match=r"access denied; it takes s3:ListBucket, GetObject, PutObject and Delete"):
            attempt()


def test_a_connection_that_breaks_once_is_tried_again_and_one_that_stays_broken_is_said(
    in_s3: Place, s3: FaultProxy
) -> None:
    s3.cut(times=1)
    in_s3.put("x", b"1")
    assert in_s3.get("x") == b"1"
    s3.cut()
    with pytest.raises(StoreError, match="Cannot write x to the store s3://"):
        in_s3.put("x", b"2")


def test_a_full_disk_keeps_what_was_there(tmp_path: Path) -> None:
    """The limit on file size fails a write in its midst, as a full disk does."""
    place = open_place(str(tmp_path))
    place.put("run.json", b"the last good one")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000, hard))
    try:
        with pytest.raises(StoreError, match=r"Cannot write run\.json to the store .*: the file is larger"):
            place.put("run.json", b"x" * 50_000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert place.get("run.json") == b"the last good one"
    assert [entry.path for entry in place.entries("")] == ["run.json"]


@pytest.mark.skipif(os.getuid() != 0, reason="only root can become another user")
def test_a_folder_that_may_only_be_read_is_read_and_says_so_when_written() -> None:
    """As another user, since root may write everywhere."""
    with TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        place = open_place(folder)
        place.put("runs/x", b"1")
        with _nobody():
            assert place.get("runs/x") == b"1"
            with pytest.raises(StoreError, match=r"Cannot write runs/x to the store .*: permission denied"):
                place.put("runs/x", b"2")


@contextmanager
def _nobody() -> Iterator[None]:
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


def test_a_large_object_goes_in_parts_and_one_that_fails_leaves_no_part_to_pay_for(s3: FaultProxy) -> None:
    """Parts of an upload that nobody ends are billed until it is abandoned; `s3:AbortMultipartUpload` is for that."""
    place, content = open_place(f"s3://{BUCKET}/uploads"), bytes(12 * 2**20)
    place.put("large", content)
    assert place.get("large") == content
    assert sum("uploadId" in call.params for call in s3.calls if call.operation.startswith("PUT")) > 1
    s3.deny(f"PUT /{BUCKET}/uploads/large")
    with pytest.raises(StoreError, match="access denied"):
        place.put("large", content)
    (abandoned,) = [call for call in s3.calls if call.operation.startswith("DELETE")]
    assert "uploadId" in abandoned.params
