"""What S3 refuses or breaks is told in plain words, costs no more than it must, and never counts as nothing."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from contextlib import aclosing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from aiobotocore.config import AioConfig

from auditor.attribution.lanes import Unreadable
from auditor.attribution.s3 import download as s3_download
from auditor.attribution.s3.cost import StoredObject
from auditor.attribution.s3.download import batches
from auditor.attribution.s3.objects import Bucket, find_bucket
from auditor.aws import session
from auditor.aws.accounts import own_account
from auditor.aws.calls import ScopeCalls
from auditor.aws.failures import AwsFailureError, Kind
from auditor.aws.session import AuditSession
from tests.attribution.s3_bucket import FRANKFURT, IRELAND, Store, bytes_of, in_session, read, records
from tests.embedded import MEMBER, OWN
from tests.fault_proxy import FaultProxy
from tests.fault_proxy_answers import Answer, Call, error
from tests.fault_proxy_faults import Forward

ROLE = f"arn:aws:iam::{MEMBER}:role/AuditorReadOnly"
KMS = (
    "User: x is not authorized to perform: kms:Decrypt on resource: arn:aws:kms:eu-central-1:1:key/k because no"
    " resource-based policy allows the kms:Decrypt action"
)


@pytest.fixture
def _one_attempt(monkeypatch: pytest.MonkeyPatch) -> None:
    """The SDK's own attempts take seconds."""
    config = session._CONFIG.merge(AioConfig(retries={"mode": "standard", "total_max_attempts": 1}))
    monkeypatch.setattr(session, "_CONFIG", config)


def refused(store: Store) -> AwsFailureError:
    with pytest.raises(AwsFailureError) as raised:
        read(store)
    return raised.value


def test_where_the_owner_is_denied_the_caller_reads(
    store: Store, s3: FaultProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who was denied an object is not asked for the next."""
    monkeypatch.setattr(s3_download, "_AT_ONCE", 1)
    keys = [store.deliver(records(size)) for size in (1, 20, 300)]
    for operation in (f"HEAD /{store.name}", f"GET /{store.name}", *(f"GET /{store.name}/{key}" for key in keys)):
        s3.deny(operation, account=MEMBER)
    assert bytes_of(read(store)[2]) == (321, 0)
    objects = [call.account for call in s3.calls if call.operation.startswith(f"GET /{store.name}/")]
    assert objects == [MEMBER, OWN, OWN, OWN]


def test_a_bucket_that_denies_both_says_what_to_grant_and_to_whom(store: Store, s3: FaultProxy) -> None:
    store.deliver(records(1))
    s3.deny(f"GET /{store.name}")
    failure = refused(store)
    assert failure.kind is Kind.DENIED
    assert failure.reason.startswith(f"s3:ListBucket: bucket {store.name}: AccessDenied: ")
    assert f"grant s3:ListBucket, s3:GetObject to {ROLE} or arn:aws:sts::{OWN}:" in failure.reason
    assert failure.reason.endswith("if it is another account's, in the bucket's policy too")


def test_a_denial_of_every_object_is_one_of_the_bucket(store: Store, s3: FaultProxy) -> None:
    for key in [store.deliver(records(size)) for size in (1, 2)]:
        s3.deny(f"GET /{store.name}/{key}")
    assert refused(store).reason.startswith(f"s3:GetObject: bucket {store.name}: AccessDenied: grant ")


def test_a_denial_of_the_key_names_it(store: Store, s3: FaultProxy) -> None:
    key = store.deliver(records(1))

    async def denied(call: Call, _: Forward) -> Answer:
        return error(call.protocol, "AccessDenied", 403, KMS)

    s3._add(denied, f"GET /{store.name}/{key}", {})
    reason = refused(store).reason
    assert "grant s3:ListBucket, s3:GetObject and kms:Decrypt of its key to" in reason
    assert reason.endswith("in the bucket's policy and the key's too")


def test_a_denial_of_one_object_leaves_the_others(store: Store, s3: FaultProxy) -> None:
    keys = [store.deliver(records(size)) for size in (1, 20, 300)]
    s3.deny(f"GET /{store.name}/{keys[0]}")
    _, used, counted = read(store)
    assert bytes_of(counted) == (320, 0)
    assert counted.result.unreadable == 1
    assert keys[0] in counted.notes[0]
    assert used.bytes < sum(one["Size"] for one in store.client.list_objects_v2(Bucket=store.name)["Contents"])


def test_denials_of_many_objects_end_early(store: Store, s3: FaultProxy, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(s3_download, "_MOST_MISSES", 3)
    monkeypatch.setattr(s3_download, "_AT_ONCE", 1)
    for key in [store.deliver(records(size)) for size in range(1, 10)]:
        s3.deny(f"GET /{store.name}/{key}")
    assert refused(store).kind is Kind.DENIED
    assert len({call.operation for call in s3.calls if call.operation.startswith(f"GET /{store.name}/")}) < 5


def test_a_bucket_that_is_gone_is_named(store: Store) -> None:
    store.client.delete_bucket(Bucket=store.name)
    assert f"bucket {store.name} does not exist" in refused(store).reason


def test_an_object_that_is_gone_is_reported_and_the_rest_counted(store: Store, s3: FaultProxy) -> None:
    keys = [store.deliver(records(size)) for size in (1, 20)]
    s3.fail(f"GET /{store.name}/{keys[0]}", code="NoSuchKey", status=404)
    _, _, counted = read(store)
    assert bytes_of(counted) == (20, 0)
    assert (counted.result.unreadable, len(counted.notes)) == (1, 1)
    assert keys[0] in counted.notes[0]
    assert "lifecycle rule" in counted.notes[0]


def test_an_archived_object_is_reported_unasked(store: Store, s3: FaultProxy) -> None:
    archived = store.deliver(records(1), storage_class="GLACIER")
    store.deliver(records(20))
    estimate, used, counted = read(store)
    assert bytes_of(counted) == (20, 0)
    assert estimate.bytes == used.bytes
    assert estimate.detail.startswith("1 objects, ")
    assert estimate.detail.endswith("; 1 archived")
    assert "archived: restore it" in counted.notes[0]
    assert f"GET /{store.name}/{archived}" not in {call.operation for call in s3.calls}


def test_where_all_is_archived_nothing_can_be_read(store: Store) -> None:
    store.deliver(records(1), storage_class="DEEP_ARCHIVE")
    assert "fl-0a: all its objects are archived: restore those of 2026-11-10 to 2026-11-12" in refused(store).reason


def test_a_body_that_is_not_whole_is_reported_and_the_rest_counted(store: Store, s3: FaultProxy) -> None:
    """Half of it with the length of that half, under the checksum of the whole."""
    keys = [store.deliver(records(size)) for size in (1, 20)]
    s3.garble(f"GET /{store.name}/{keys[0]}")
    _, _, counted = read(store)
    assert bytes_of(counted) == (20, 0)
    assert counted.result.unreadable == 1
    assert "broke off each time: FlexibleChecksumError" in counted.notes[0]
    assert len([call for call in s3.calls if call.operation == f"GET /{store.name}/{keys[0]}"]) == 3


class Half(BaseHTTPRequestHandler):
    """Announces 100 bytes and ends after 50 if it is asked for half."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "100")
        self.end_headers()
        self.wfile.write(b"x" * (50 if self.path == "/b/half" else 100))
        self.close_connection = True

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def breaking_s3() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Half) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_a_connection_that_breaks_in_a_body_is_reported_and_the_rest_read(
    s3: FaultProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert s3.url

    async def download() -> tuple[list[bytes], tuple[Unreadable, ...]]:
        async with AuditSession() as audit:
            own = await own_account(audit)
            bucket = Bucket("b", FRANKFURT, [own])
            objects = [StoredObject("half", 100), StoredObject("whole", 100), StoredObject("longer", 120)]
            async with aclosing(batches(bucket, objects)) as found:
                (batch,) = [([path.read_bytes() for path in one.files], one.unreadable) async for one in found]
                return batch

    with breaking_s3() as url:
        monkeypatch.setenv("AWS_ENDPOINT_URL_S3", url)
        contents, (half, longer) = asyncio.run(download())
    assert contents == [b"x" * 100]
    assert (half.path, longer.path) == (Path("half"), Path("longer"))
    assert "broke off each time: ClientPayloadError" in half.reason
    assert "broke off each time: 100 of 120 bytes" in longer.reason


@pytest.mark.usefixtures("_one_attempt")
def test_a_throttled_object_is_asked_again(store: Store, s3: FaultProxy) -> None:
    key = store.deliver(records(1))
    s3.throttle(f"GET /{store.name}/{key}", times=2)
    assert bytes_of(read(store)[2]) == (1, 0)


@pytest.mark.usefixtures("_one_attempt")
@pytest.mark.parametrize("kind", ["throttled", "unreachable"])
def test_s3_that_stays_out_of_reach_fails_the_whole(store: Store, s3: FaultProxy, kind: str) -> None:
    """Half of the bytes would be told as if they were all."""
    store.deliver(records(20))
    key = store.deliver(records(1))
    (s3.throttle if kind == "throttled" else s3.cut)(f"GET /{store.name}/{key}")
    failure = refused(store)
    assert failure.kind is Kind(kind)
    assert f"bucket {store.name}" in failure.reason


@pytest.mark.usefixtures("_one_attempt")
def test_an_answer_that_says_nothing_known_is_of_that_object(store: Store, s3: FaultProxy) -> None:
    store.deliver(records(20))
    key = store.deliver(records(1))
    s3.fail(f"GET /{store.name}/{key}", code="SomethingNew", status=400)
    assert bytes_of(read(store)[2]) == (20, 0)


def test_credentials_that_end_fail_the_whole(store: Store, s3: FaultProxy) -> None:
    store.deliver(records(20))
    key = store.deliver(records(1))
    s3.fail(f"GET /{store.name}/{key}", code="ExpiredToken")
    assert refused(store).kind is Kind.CREDENTIALS


def test_a_full_disk_is_told_as_such(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    store.deliver(records(20))

    async def full(*_: object) -> int:
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr(Bucket, "download", full)
    assert "No space left on device: set TMPDIR" in refused(store).reason


def test_whoever_stops_early_leaves_no_files(store: Store, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(s3_download, "BATCH_OBJECTS", 1)
    objects = [StoredObject(store.deliver(records(size)), 1) for size in range(5)]
    sizes = {one["Key"]: one["Size"] for one in store.client.list_objects_v2(Bucket=store.name, MaxKeys=9)["Contents"]}

    async def use(_: ScopeCalls, own: ScopeCalls) -> int:
        bucket = await find_bucket(store.name, (own,))
        whole = [StoredObject(one.key, sizes[one.key]) for one in objects]
        async with aclosing(batches(bucket, whole)) as found:
            async for batch in found:
                return len(batch.files)
        return 0

    assert in_session(use) == 1
    assert not list((tmp_path / "tmp").iterdir())


def region_told(store: Store, s3: FaultProxy, status: int, region: str) -> tuple[str, list[Call]]:
    """What region is found where HEAD is answered so, and the calls that it took."""

    async def elsewhere(_: Call, __: Forward) -> Answer:
        return Answer(status, b"", {"x-amz-bucket-region": region})

    s3._add(elsewhere, f"HEAD /{store.name}", {})

    async def use(calls: ScopeCalls, _: ScopeCalls) -> str:
        return (await find_bucket(store.name, (calls,))).region

    return in_session(use), [call for call in s3.calls if call.operation == f"HEAD /{store.name}"]


@pytest.mark.parametrize("status", [301, 307, 400, 403])
def test_whoever_is_sent_away_is_told_the_region(store: Store, s3: FaultProxy, status: int) -> None:
    """Redirected, signed for the wrong region, denied. The SDK asks again where it is redirected, as before."""
    region, calls = region_told(store, s3, status, "sa-east-1")
    assert region == "sa-east-1"
    assert {call.region for call in calls} == {IRELAND}
    assert len(calls) == (1 if status == 403 else 2)
