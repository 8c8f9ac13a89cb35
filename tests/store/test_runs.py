"""A run is in the store whole or not at all, and nothing that Auditor did not write is ever deleted."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from auditor.errors import StoreError
from auditor.model.audit import ScopeSummary
from auditor.model.evidence import Gap, Source
from auditor.model.letter import Addressee, Channel
from auditor.store import runs
from auditor.store.deliveries import State, claim
from auditor.store.manifest import Draft
from auditor.store.place import Place
from auditor.store.runs import COMPRESSED_FROM, WRITTEN_WITHIN, Run, Store
from tests.fault_proxy import FaultProxy

MONDAY = datetime(2026, 11, 16, 9, tzinfo=UTC)
WEEK = timedelta(days=7)
LATER = datetime.now(UTC) + 2 * WRITTEN_WITHIN
"""Files carry the time of the machine's clock."""

DRAFT = Draft(
    started=MONDAY - timedelta(minutes=3),
    finished=MONDAY,
    exit_code=4,
    files={"evidence.json": b"[" + b" " * COMPRESSED_FROM + b"]", "audit.json": b"{}", "report.html": b"<p>"},
    schedule="weekly",
    due=MONDAY - timedelta(minutes=5),
    scopes=(ScopeSummary("111122223333", "eu-central-1", "partial", "denied"),),
    gaps=(Gap("111122223333", "eu-central-1", Source.FLOW_LOGS, "ec2:DescribeFlowLogs", "denied"),),
)


def kept(place: Place, weeks: int, exit_code: int = 4) -> list[Run]:
    """That many weekly runs, the oldest first."""
    starts = [MONDAY + WEEK * n for n in range(weeks)]
    return [Store(place).keep(replace(DRAFT, started=at, finished=at, exit_code=exit_code)) for at in starts]


def paths(place: Place) -> set[str]:
    return {entry.path for entry in place.entries("")}


def test_a_run_comes_back_as_it_was_stored(place: Place) -> None:
    run = Store(place).keep(DRAFT)
    assert run.name.startswith("20261116T090000Z-")
    found = Store(place).last_good("weekly")
    assert found
    assert found.manifest == run.manifest
    for name, content in DRAFT.files.items():
        assert found.read(name) == content
    assert paths(place) == {
        f"runs/{run.name}/{name}"
        for name in ("begun.json", "evidence.json.gz", "audit.json", "report.html", "run.json")
    }


def test_the_manifest_says_what_the_run_was(place: Place) -> None:
    run = Store(place).keep(DRAFT)
    told = json.loads(place.get(f"runs/{run.name}/run.json") or b"")
    assert {key: told[key] for key in ("schema_version", "started", "finished", "schedule", "due", "exit_code")} == {
        "schema_version": 1,
        "started": "2026-11-16T08:57:00Z",
        "finished": "2026-11-16T09:00:00Z",
        "schedule": "weekly",
        "due": "2026-11-16T08:55:00Z",
        "exit_code": 4,
    }
    # sha256sum of "{}"
    assert told["files"][1] == {
        "name": "audit.json",
        "stored_as": "audit.json",
        "size": 2,
        "sha256": "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a",
    }
    assert told["scopes"][0]["status"] == "partial"
    assert told["gaps"][0]["action"] == "ec2:DescribeFlowLogs"
    assert gzip.decompress(place.get(f"runs/{run.name}/evidence.json.gz") or b"") == DRAFT.files["evidence.json"]


def test_the_last_good_run_is_that_of_the_schedule_and_has_an_audit(place: Place) -> None:
    store = Store(place)
    assert store.last_good() is None
    first, second = kept(place, 2)
    store.keep(replace(DRAFT, finished=MONDAY + 2 * WEEK, exit_code=3, files={"log.txt": b"no access"}))
    store.keep(replace(DRAFT, finished=MONDAY + 3 * WEEK, schedule=None))
    found = store.last_good("weekly")
    assert found
    assert found.name == second.name != first.name


DAMAGES: dict[str, tuple[Callable[[Place, str], object], str]] = {
    "the manifest cut short": (lambda p, run: p.put(f"{run}/run.json", b'{"schema_version": 1,'), "is damaged"),
    "the manifest of something else": (lambda p, run: p.put(f"{run}/run.json", b"{}"), "is damaged"),
    "times without a zone": (
        lambda p, run: p.put(f"{run}/run.json", (p.get(f"{run}/run.json") or b"").replace(b':00Z"', b':00"')),
        "is damaged",
    ),
    "a manifest of later": (lambda p, run: p.put(f"{run}/run.json", b'{"schema_version": 2}'), "version 2, this"),
    "a file missing": (lambda p, run: p.delete([f"{run}/audit.json"]), "audit.json is missing or not whole"),
    "a file cut short": (lambda p, run: p.put(f"{run}/report.html", b"<"), "report.html is missing or not whole"),
    "no mark that it is ours": (lambda p, run: p.delete([f"{run}/begun.json", f"{run}/run.json"]), "not a run"),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_run_is_skipped_with_a_warning_and_stays(in_s3: Place, damage: str) -> None:
    place = in_s3
    good, bad = kept(place, 2)
    make, said = DAMAGES[damage]
    make(place, f"runs/{bad.name}")
    left = paths(place)
    listing = Store(place).listing()
    assert [run.name for run in listing.runs] == [good.name]
    assert len(listing.warnings) == 1
    assert bad.name in listing.warnings[0]
    assert said in listing.warnings[0]
    Store(place).clean(LATER + timedelta(days=999), keep_runs=1, keep_days=1)
    assert paths(place) == left


def test_a_changed_byte_is_noticed_when_the_file_is_read(place: Place) -> None:
    run = Store(place).keep(DRAFT)
    place.put(f"runs/{run.name}/audit.json", b"[]")
    with pytest.raises(StoreError, match=rf"audit\.json of run {run.name} in the store .* is damaged"):
        Store(place).listing().runs[0].read("audit.json")
    with pytest.raises(StoreError, match=r"has no report\.pdf"):
        run.read("report.pdf")


def test_foreign_files_are_named_and_stay(place: Place) -> None:
    old, _ = kept(place, 2)
    foreign = {"notes.txt", "runs/readme.md", "runs/photos/cat.png", f"runs/{old.name}/my notes.txt"}
    for path in foreign:
        place.put(path, b"of somebody else")
    warnings = Store(place).listing().warnings
    assert [warning.split()[1] for warning in warnings] == ["runs/photos", "runs/readme.md"]
    assert Store(place).clean(LATER, keep_runs=1) == (old.name,)
    assert foreign <= paths(place)
    assert {path for path in paths(place) if old.name in path} == {f"runs/{old.name}/my notes.txt"}


@pytest.mark.parametrize(
    ("keep_runs", "keep_days", "left"), [(None, None, 5), (2, None, 2), (None, 15, 3), (4, 15, 3), (1, 1, 1), (0, 0, 1)]
)
def test_retention_is_by_count_and_by_age_and_the_newest_stays(
    in_s3: Place, keep_runs: int | None, keep_days: int | None, left: int
) -> None:
    """Weekly, looked at on the day of the fifth: ages are 28, 21, 14, 7 and 0 days."""
    stored = kept(in_s3, 5)
    gone = Store(in_s3).clean(MONDAY + 4 * WEEK, keep_runs, keep_days)
    assert gone == tuple(run.name for run in stored[: 5 - left][::-1])
    assert [run.name for run in Store(in_s3).listing().runs] == [run.name for run in stored[5 - left :]]


def test_the_newest_good_run_of_each_schedule_stays(in_s3: Place) -> None:
    monthly = Store(in_s3).keep(replace(DRAFT, finished=MONDAY - 9 * WEEK, schedule="monthly"))
    *_, last = kept(in_s3, 2)
    kept(in_s3, 3, exit_code=3)
    Store(in_s3).clean(LATER + timedelta(days=999), keep_runs=0, keep_days=0)
    assert [run.name for run in Store(in_s3).listing().runs] == [monthly.name, last.name]


ANNA = Addressee(Channel.MAIL, "anna@example.com")


def deliver(run: Run, state: State = State.DELIVERED) -> None:
    for one in run.manifest.recipients:
        claimed = claim(run.place, run.manifest.message, one.recipient, MONDAY)
        assert claimed
        claimed.finish(state, MONDAY)


def test_a_run_that_awaits_delivery_stays_until_it_is_delivered(in_s3: Place) -> None:
    old = Store(in_s3).keep(replace(DRAFT, recipients=(ANNA,)))
    Store(in_s3).keep(replace(DRAFT, finished=MONDAY + WEEK))
    assert Store(in_s3).clean(LATER, keep_runs=1) == ()
    deliver(old, State.FAILED)
    assert Store(in_s3).clean(LATER, keep_runs=1) == ()
    deliver(old)
    assert Store(in_s3).clean(LATER, keep_runs=1) == (old.name,)
    assert not [path for path in paths(in_s3) if old.name in path]


def test_of_two_runs_with_one_message_the_last_takes_its_records_along(in_s3: Place) -> None:
    """Else the one that stays would owe again what was delivered."""
    draft = replace(DRAFT, recipients=(ANNA,), message="weekly-1")
    first, second = Store(in_s3).keep(draft), Store(in_s3).keep(replace(draft, finished=MONDAY + WEEK))
    deliver(second)
    assert [one.state for run in (first, second) for one in run.deliveries()] == [State.DELIVERED] * 2
    assert Store(in_s3).clean(LATER, keep_runs=1) == (first.name,)
    assert second.deliveries()[0].state is State.DELIVERED
    third = Store(in_s3).keep(replace(DRAFT, finished=MONDAY + 2 * WEEK))
    assert Store(in_s3).clean(LATER, keep_runs=1) == (second.name,)
    assert {path.split("/")[1] for path in paths(in_s3)} == {third.name}


def test_a_run_killed_before_its_manifest_owes_nothing(place: Place) -> None:
    run = Store(place).keep(replace(DRAFT, recipients=(ANNA,)))
    place.delete([f"runs/{run.name}/run.json"])
    deliver(run)
    assert Store(place).clean(LATER) == (run.name,)
    assert paths(place) == set()


def test_an_unfinished_run_is_no_run_and_goes_when_nobody_can_be_writing_it(place: Place) -> None:
    run = Store(place).keep(DRAFT)
    place.delete([f"runs/{run.name}/run.json"])
    place.put(f"runs/{run.name}/my notes.txt", b"of somebody else")
    assert (Store(place).listing().runs, Store(place).listing().warnings) == ((), ())
    assert Store(place).clean(datetime.now(UTC)) == ()
    assert len(paths(place)) == 5
    assert Store(place).clean(LATER) == (run.name,)
    assert paths(place) == {f"runs/{run.name}/my notes.txt"}


NAME = "20261123T090000Z-abcdef"


@pytest.fixture
def report(in_s3: Place, monkeypatch: pytest.MonkeyPatch) -> str:
    """The upload of the report of the run that comes, as the proxy sees it."""
    monkeypatch.setattr(runs, "new_name", lambda _: NAME)
    return f"PUT /{in_s3.where.removeprefix('s3://')}/runs/{NAME}/report.html"


def test_an_unfinished_run_of_another_product_stays(in_s3: Place) -> None:
    run = Store(in_s3).keep(DRAFT)
    in_s3.delete([f"runs/{run.name}/run.json"])
    begun = in_s3.get(f"runs/{run.name}/begun.json") or b""
    in_s3.put(f"runs/{run.name}/begun.json", begun.replace(b'"auditor"', b'"another"'))
    assert Store(in_s3).clean(LATER) == ()


def test_a_file_that_the_bucket_lost_makes_no_run(in_s3: Place, s3: FaultProxy, report: str) -> None:
    """The bucket says that it has the file, and has not: the manifest is not written."""
    s3.vanish(report)
    with pytest.raises(StoreError, match=r"report\.html is missing or not whole; run it again"):
        Store(in_s3).keep(DRAFT)
    assert Store(in_s3).listing().runs == ()


def test_an_upload_that_breaks_in_its_midst_makes_no_run(in_s3: Place, s3: FaultProxy, report: str) -> None:
    s3.cut(report)
    with pytest.raises(StoreError, match=rf"Cannot write runs/{NAME}/report\.html to the store s3://"):
        Store(in_s3).keep(DRAFT)
    s3.clear()
    assert Store(in_s3).listing() == runs.Listing((), ())
    assert Store(in_s3).clean(LATER) == (NAME,)
    assert paths(in_s3) == set()


def test_an_upload_whose_answer_is_lost_is_written_again(in_s3: Place, s3: FaultProxy, report: str) -> None:
    s3.lose_answer(report, times=1)
    assert Store(in_s3).keep(DRAFT).read("report.html") == b"<p>"
