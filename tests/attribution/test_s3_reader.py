"""Flow logs in S3 are found, priced, brought here and counted, each byte once, and nobody else's."""

from __future__ import annotations

import asyncio
import gzip
from contextlib import aclosing
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from auditor.attribution.s3 import download as s3_download
from auditor.attribution.s3.reader import Listing, S3Reader, list_url
from auditor.attribution.tally import counting
from auditor.attribution.task import Estimate
from auditor.aws.calls import ScopeCalls
from auditor.aws.failures import AwsFailureError
from auditor.errors import UsageError
from tests.attribution.s3_bucket import (
    FRANKFURT,
    IRELAND,
    KEYS_PER_PAGE,
    NAT,
    NOON,
    Store,
    bytes_of,
    in_session,
    key_of,
    parquet,
    read,
    records,
)
from tests.embedded import MEMBER, OWN, Served
from tests.fault_proxy import FaultProxy

DAY = timedelta(days=1)
LAYOUTS = [{"hive_compatible": hive, "per_hour": hourly} for hive in (False, True) for hourly in (False, True)]


@pytest.mark.parametrize("layout", LAYOUTS, ids=str)
@pytest.mark.parametrize("kind", ["log.gz", "log.parquet"])
def test_every_layout_and_file_format_is_found_and_counted(
    store: Store, tmp_path: Path, layout: dict[str, bool], kind: str
) -> None:
    store.options = dict(layout)
    contents = [records(1000, 7), records(200, 30, NOON + DAY)]
    for content, at in zip(contents, (NOON, NOON + DAY), strict=True):
        store.deliver(content if kind == "log.gz" else parquet(content, tmp_path), at, kind)
    _, _, counted = read(store)
    assert bytes_of(counted) == (1200, 37)
    assert counted.notes == ()


def test_others_files_in_the_same_folder_are_not_even_listed(store: Store, s3: FaultProxy) -> None:
    store.deliver(records(1))
    store.put(key_of(NOON, flow_log="fl-0ab"), records(10))
    store.put(key_of(NOON, flow_log="fl-0b"), records(100))
    store.put(key_of(NOON, account=OWN), records(1000))
    store.put(key_of(NOON)[:-4] + ".bak", records(10_000))
    estimate, _, counted = read(store)
    assert bytes_of(counted) == (1, 0)
    assert estimate.detail.startswith("1 objects")
    asked = [call.params["prefix"] for call in s3.calls if call.operation == f"GET /{store.name}"]
    assert len(asked) == 4
    assert all("_fl-0a_" in prefix for prefix in asked)


def test_records_that_are_delivered_late_count_and_those_of_other_days_do_not(store: Store) -> None:
    midnight = NOON + timedelta(hours=36)
    late = midnight - timedelta(minutes=5)
    early = NOON - timedelta(hours=13)
    store.deliver(records(1, 0, late) + records(10, 0, midnight, header=False), midnight + timedelta(minutes=10))
    store.deliver(records(100, 0, early) + records(1000, 0, NOON, header=False), NOON - timedelta(hours=12))
    store.deliver(records(10_000, 0, late), midnight + timedelta(hours=3))
    _, _, counted = read(store)
    assert bytes_of(counted) == (1001, 0)


def test_what_is_stored_twice_counts_once(store: Store) -> None:
    for _ in range(3):
        store.deliver(records(5, 6))
    _, used, counted = read(store)
    assert bytes_of(counted) == (5, 6)
    assert used.bytes == len(gzip.compress(records(5, 6).encode()))


def test_a_file_without_header_is_read_by_the_flow_logs_format(store: Store) -> None:
    store.deliver(records(5, 6, header=False))
    assert bytes_of(read(store)[2]) == (5, 6)


def test_a_bucket_of_another_region_and_account_is_read_there(blank: Served, s3: FaultProxy) -> None:
    """The flow log is the member's in Ireland, the bucket the caller's in Sydney."""
    store = Store(blank, "ap-southeast-2")
    store.deliver(records(5, 6))
    assert bytes_of(read(store)[2]) == (5, 6)
    asked = [call for call in s3.calls if call.service == "s3"]
    assert {call.account for call in asked} == {MEMBER}
    assert {call.region for call in asked if call.operation.startswith("HEAD")} == {IRELAND}
    assert {call.region for call in asked if call.operation.startswith("GET")} == {"ap-southeast-2"}


def test_the_estimate_is_what_reading_then_takes(store: Store) -> None:
    """Two objects, four LISTs (two days, two hours more), in the same region: $0.00002 and $0.0000008."""
    store.deliver(records(5, 6))
    store.deliver(records(7, 8))
    estimate, used, _ = read(store, FRANKFURT)
    size = sum(len(gzip.compress(records(*sizes).encode())) for sizes in ((5, 6), (7, 8)))
    assert estimate.bytes == used.bytes == size
    assert estimate.usd == used.usd == Decimal("0.0000208")
    assert estimate.detail == f"2 objects, {size} bytes"


def test_an_estimate_downloads_nothing(store: Store, s3: FaultProxy) -> None:
    store.deliver(records(5, 6))

    async def use(calls: ScopeCalls, fallback: ScopeCalls) -> Estimate:
        return await S3Reader(store.task, calls, fallback, None).estimate()

    assert in_session(use).bytes > 0
    assert not [call for call in s3.calls if call.operation.startswith(f"GET /{store.name}/")]


def test_the_runs_own_count_holds_the_calls_to_another_region(store: Store, s3: FaultProxy) -> None:
    store.deliver(records(5, 6))

    async def use(calls: ScopeCalls, fallback: ScopeCalls) -> dict[str, int]:
        with counting([NAT]) as tally:
            await S3Reader(store.task, calls, fallback, None).read(tally)
        return dict(calls.target.sent)

    assert in_session(use) == {"s3:HeadBucket": 1, "s3:ListObjectsV2": 4, "s3:GetObject": 1}
    assert len([call for call in s3.calls if call.service == "s3"]) == 6


def test_many_objects_come_in_batches_and_leave_nothing_behind(
    store: Store, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """At most two batches lie on disk."""
    monkeypatch.setattr(s3_download, "BATCH_OBJECTS", 3)
    for number in range(10):
        store.deliver(records(10**number, 0))
    counts: list[tuple[int, int]] = []
    tally_files = s3_download.Batch

    def noted(*fields: object) -> object:
        batch = tally_files(*fields)  # type: ignore[arg-type]
        counts.append((len(batch.files), len(list((tmp_path / "tmp").glob("auditor-s3-*/*/*")))))
        return batch

    monkeypatch.setattr(s3_download, "Batch", noted)
    assert bytes_of(read(store)[2]) == (1_111_111_111, 0)
    assert [files for files, _ in counts] == [3, 3, 3, 1]
    assert all(files <= on_disk <= 6 for files, on_disk in counts)
    assert not list((tmp_path / "tmp").iterdir())


def test_a_flow_log_that_delivered_nothing_is_a_failure_with_a_next_step(store: Store) -> None:
    store.put(key_of(NOON, flow_log="fl-0b"), records(100))
    with pytest.raises(
        AwsFailureError, match=rf"fl-0a delivered nothing to s3://{store.name}/net/ .*DeliverLogsStatus"
    ):
        read(store)


def listed(url: str) -> Listing:
    async def use(_: ScopeCalls, own: ScopeCalls) -> Listing:
        return await list_url(url, own, None)

    return in_session(use)


def test_a_url_lists_all_files_of_flow_records_below_it(store: Store) -> None:
    keys = {store.deliver(records(1)), store.put("net/AWSLogs/deep/er/x.parquet", b"PAR1")}
    store.put("net/AWSLogs/_SUCCESS", b"")
    store.put("network/x.log", b"-")
    for url in (f"s3://{store.name}/net", f"s3://{store.name}/net/"):
        assert {one.key for one in listed(url).objects} == keys
    assert len(listed(f"s3://{store.name}").objects) == 3
    assert listed(f"s3://{store.name}/net").estimate.usd is not None


def test_a_url_may_name_one_object(store: Store) -> None:
    key = store.put("some/flows", records(1))
    store.put("some/flows2", records(2))
    assert [one.key for one in listed(f"s3://{store.name}/some/flows").objects] == [key]


def test_a_url_without_flow_logs_is_refused(store: Store) -> None:
    store.put("a/readme.json", b"{}")
    with pytest.raises(UsageError, match=r"no flow-log files there"):
        listed(f"s3://{store.name}/a")


HOSTILE = ["x/../../../../../../tmp/evil.log.gz", "x/../y", "x/it's; DROP TABLE.gz", "x/ü €.log.gz"]


def test_hostile_keys_become_files_in_the_folder_for_them(store: Store, tmp_path: Path) -> None:
    asyncio.run(store.put_as_named({key: records(number) for number, key in enumerate(HOSTILE)}))

    async def use(_: ScopeCalls, own: ScopeCalls) -> list[Path]:
        listing = await list_url(f"s3://{store.name}/x/", own, None)
        assert {one.key for one in listing.objects} == set(HOSTILE)
        async with aclosing(listing.batches()) as found:
            batches = [(list(batch.files), batch.unreadable) async for batch in found]
        assert [unreadable for _, unreadable in batches] == [()]
        return batches[0][0]

    paths = in_session(use)
    assert len(paths) == len(HOSTILE)
    assert all(path.resolve().parents[2] == (tmp_path / "tmp").resolve() for path in paths)
    assert not [path for path in tmp_path.rglob("*evil*") if (tmp_path / "tmp") not in path.parents]


def test_lists_of_many_pages_are_read_to_their_end(store: Store) -> None:
    for number in range(2 * KEYS_PER_PAGE + 1):
        store.deliver(records(10**number))
    assert bytes_of(read(store)[2]) == (1_111_111, 0)
