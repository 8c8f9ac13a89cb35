"""A run that is written account by account: continued where it ended, put together, and forgotten in the end."""

from __future__ import annotations

import asyncio
import gzip
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from auditor.errors import StoreError, UsageError
from auditor.model.evidence import STOPPED, Evidence, Gap, Scope, Series, Source, Window
from auditor.model.joining import joined
from auditor.model.shard import WHOLE, Shard, shards
from auditor.store.begun import begin, begun_as, join
from auditor.store.manifest import Draft, Reading, Setting
from auditor.store.parts import RESUMABLE, Parts
from auditor.store.place import Place
from auditor.store.runs import Store

NOW = datetime(2026, 11, 29, 6, tzinfo=UTC)
ACCOUNTS = tuple(f"{n:012d}" for n in range(100, 108))
DENIED = "ec2:DescribeVpcs: UnauthorizedOperation: grant ec2:DescribeVpcs to arn:aws:iam::1:role/r"
THROTTLED = (
    "ec2:DescribeVpcs: Throttling: AWS asked to slow down until the retries were used up: run again at a quieter time"
)
EMPTY = Evidence(1, NOW, Window(NOW - timedelta(days=30), NOW))
REST = replace(EMPTY, notes=("Prices are those of the bundled snapshot.",))


def a_week_later() -> datetime:
    """By the clock of whoever comes that much later; files carry the time of the machine's."""
    return datetime.now(UTC) + RESUMABLE + timedelta(minutes=5)


def reading(shards: int = 1, **settings: str) -> Reading:
    return Reading(NOW, shards, tuple(Setting(key, value) for key, value in ({"regions": ""} | settings).items()))


def part(account: str, *reasons: str) -> Evidence:
    gaps = tuple(Gap(account, "eu-central-1", Source.VPCS, "ec2:DescribeVpcs", reason) for reason in reasons)
    series = (Series(f"nat-{account}", "BytesInFromSource", (NOW.date(),), (2**60,)),)
    return replace(EMPTY, scopes=(Scope(account, "eu-central-1", series=series, gaps=gaps),))


def keep(parts: Parts, *accounts: str, reason: str | None = None) -> None:
    for account in accounts:
        asyncio.run(parts.keep(account, part(account, *([reason] if reason else []))))


def new(place: Place) -> Parts:
    """A run that knows its accounts and has read none."""
    parts, _ = begin(place, reading(), NOW)
    assert parts.expect(ACCOUNTS) == frozenset()
    return parts


def again(parts: Parts) -> Parts:
    """The same run, continued by another process."""
    return join(parts.place, reading(), parts.run)[0]


def paths(place: Place) -> set[str]:
    return {entry.path for entry in place.entries("")}


def draft(name: str | None = None, **files: bytes) -> Draft:
    named = {f"{file}.json": content for file, content in files.items()}
    return Draft(NOW, NOW, 4, named or {"audit.json": b"{}"}, name=name)


def test_what_was_kept_comes_back_joined(place: Place) -> None:
    parts = new(place)
    keep(parts, *ACCOUNTS)
    parts.finish(REST)
    assert parts.read() == joined([REST, *map(part, ACCOUNTS)])
    assert parts.progress() == (8, 8)


def test_an_account_is_not_read_again_unless_another_attempt_may_tell_more(place: Place) -> None:
    parts = new(place)
    keep(parts, ACCOUNTS[0])
    keep(parts, ACCOUNTS[1], reason=DENIED)
    keep(parts, ACCOUNTS[2], reason=THROTTLED)
    keep(parts, ACCOUNTS[3], reason=STOPPED)
    refused = Gap(ACCOUNTS[4], "", Source.ACCOUNT, "sts:AssumeRole", DENIED)
    asyncio.run(parts.keep(ACCOUNTS[4], replace(EMPTY, gaps=(refused,))))
    assert again(parts).expect(ACCOUNTS) == set(ACCOUNTS[:2])


def test_a_part_that_is_damaged_is_read_again_and_named_until_then(in_s3: Place) -> None:
    parts = new(in_s3)
    keep(parts, *ACCOUNTS)
    path = f"runs/{parts.run}/parts/{ACCOUNTS[5]}.json.gz"
    whole = in_s3.get(path) or b""
    for damaged in (whole[:-9], whole[:50] + b"?" + whole[51:], b"", b"{}", gzip.compress(b'{"version": 1}')):
        in_s3.put(path, damaged)
        assert again(parts).expect(ACCOUNTS) == set(ACCOUNTS) - {ACCOUNTS[5]}
        with pytest.raises(StoreError, match=rf"Run {parts.run} in the store s3://.*{ACCOUNTS[5]}.*: resume the run"):
            parts.read()


def test_shards_write_one_run_and_what_is_missing_is_named(place: Place) -> None:
    first, _ = begin(place, reading(3), NOW, "weekly", Shard(1, 3))
    second, _ = begin(place, reading(3), NOW + timedelta(hours=9), "weekly", Shard(2, 3))
    own = {shard: [one for one in ACCOUNTS if shard.holds(one)] for shard in shards(3)}
    assert all(own.values())
    for parts in (first, second):
        assert parts.expect(ACCOUNTS) == frozenset()
        keep(parts, *own[parts.shard])
    first.finish(REST)
    lost = own[Shard(2, 3)][0]
    place.delete([f"runs/weekly/parts/{lost}.json.gz"])
    found = Parts(place, "weekly", Shard(1, 3)).read()
    assert {scope.account_id for scope in found.scopes} == set(ACCOUNTS) - {lost, *own[Shard(3, 3)]}
    reasons = {gap.account_id: gap.reason for gap in found.gaps}
    assert reasons.keys() == {lost, *own[Shard(3, 3)]}
    assert reasons[lost] == "shard 2/3 of run weekly has not read it: start that shard again, then report again"
    assert first.unfinished() == (Shard(2, 3), Shard(3, 3))
    assert not first.is_settled(found)


def test_all_processes_of_a_run_have_the_moment_of_the_first(place: Place) -> None:
    for hours in (0, 25):
        _, found = begin(place, replace(reading(2), generated_at=NOW + timedelta(hours=hours)), NOW, "weekly")
        assert found.generated_at == NOW


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        (reading(4), "run weekly was begun with 3 shards, not with 4: give the same options, or begin another run"),
        (reading(3, regions="eu-west-1"), "run weekly was begun with regions '', not with 'eu-west-1'"),
        (reading(3, more="x"), "run weekly was begun with more None, not with 'x'"),
    ],
)
def test_a_process_with_other_options_is_refused(in_s3: Place, wanted: Reading, said: str) -> None:
    begin(in_s3, reading(3), NOW, "weekly", Shard(1, 3))
    with pytest.raises(UsageError, match=said):
        begin(in_s3, wanted, NOW, "weekly", Shard(1, wanted.shards))


@pytest.mark.parametrize("name", ["", "..", "a/b", ".hidden", "x" * 81, "wéekly", "a b"])
def test_what_can_be_no_name_of_a_run_is_refused(in_s3: Place, name: str) -> None:
    with pytest.raises(UsageError, match="cannot be the name of a run"):
        begin(in_s3, reading(), NOW, name)
    with pytest.raises(UsageError, match="was begun in s3://"):
        begun_as(in_s3, name)
    assert paths(in_s3) == set()


def test_only_what_was_begun_and_is_not_whole_can_be_resumed(in_s3: Place) -> None:
    finished = Store(in_s3).keep(draft())
    for name in ("20261129T060000Z-abcdef", finished.name):
        with pytest.raises(UsageError, match=f"no run {name} was begun in s3://.*: auditor history names those"):
            join(in_s3, reading(), name)
    parts = new(in_s3)
    keep(parts, *ACCOUNTS)
    Store(in_s3).keep(draft(parts.run))
    assert again(parts).run == parts.run
    parts.drop()
    with pytest.raises(UsageError, match=f"run {parts.run} has read everything"):
        again(parts)


def test_a_run_over_no_account_leaves_nothing_in_the_store(in_s3: Place) -> None:
    """It is begun when its accounts are known: credentials that are refused make no unfinished run."""
    begin(in_s3, reading(), NOW)
    assert paths(in_s3) == set()


def test_a_report_takes_the_place_of_one_that_was_made_of_fewer_parts(in_s3: Place) -> None:
    parts = new(in_s3)
    keep(parts, ACCOUNTS[0])
    Store(in_s3).keep(draft(parts.run, audit=b"{}", more=b"{}"))
    run = Store(in_s3).keep(draft(parts.run, audit=b'{"more": 1}'))
    assert [one.name for one in Store(in_s3).listing().runs] == [run.name] == [parts.run]
    assert run.read("audit.json") == b'{"more": 1}'
    assert not [path for path in paths(in_s3) if path.endswith("more.json")]


def test_an_unfinished_run_stays_for_a_week_and_no_longer(place: Place) -> None:
    parts = new(place)
    keep(parts, *ACCOUNTS[:3])
    store = Store(place)
    assert store.clean(a_week_later() - timedelta(minutes=10)) == ()
    assert [one.run for one, _ in store.resumable()] == [parts.run]
    assert again(parts).expect(ACCOUNTS) == set(ACCOUNTS[:3])
    assert store.clean(a_week_later()) == (parts.run,)
    assert paths(place) == set()


def test_parts_of_a_run_that_has_its_report_go_after_a_week(in_s3: Place) -> None:
    parts = new(in_s3)
    keep(parts, *ACCOUNTS[:3], reason=THROTTLED)
    run = Store(in_s3).keep(draft(parts.run))
    assert Store(in_s3).clean(datetime.now(UTC)) == ()
    assert parts.are_there()
    assert Store(in_s3).clean(a_week_later()) == ()
    assert not parts.are_there()
    assert [one.name for one in Store(in_s3).listing().runs] == [run.name]


def test_what_somebody_else_wrote_beside_the_parts_stays(in_s3: Place) -> None:
    parts = new(in_s3)
    keep(parts, *ACCOUNTS)
    others = {f"runs/{parts.run}/parts/{name}" for name in ("notes.txt", "12.json.gz", "rest.json.gz", "a/b.json.gz")}
    for path in others:
        in_s3.put(path, b"of somebody else")
    assert Store(in_s3).clean(a_week_later()) == (parts.run,)
    assert paths(in_s3) == others


def test_whoever_resumes_need_not_say_that_there_is_one_shard() -> None:
    assert Shard(1, 1) == WHOLE
