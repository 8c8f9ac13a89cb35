"""An organization in one run: streamed, killed and continued, read in shards and put together; the evidence is one."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from auditor import memory
from auditor.model.evidence import NOT_READ, Evidence
from auditor.model.shard import Shard, shards
from auditor.store import load_evidence
from auditor.store.place import open_place
from auditor.store.runs import Store
from tests.cli.command import GAPS, MOMENT, NO_ACCESS, OK, USAGE, at_one_moment, in_process, refused
from tests.organization import ACCOUNTS, Organization, organization
from tests.processes import running


@pytest.fixture(scope="module")
def served() -> Iterator[Organization]:
    with organization() as aws:
        yield aws


@pytest.fixture
def aws(served: Organization, monkeypatch: pytest.MonkeyPatch) -> Organization:
    for name, value in served.environment.items():
        monkeypatch.setenv(name, value)
    at_one_moment(monkeypatch)
    served.calls("AssumeRole")
    return served


@pytest.fixture(scope="module")
def whole(served: Organization, tmp_path_factory: pytest.TempPathFactory) -> Evidence:
    """The evidence of a run that nothing disturbs."""
    folder = tmp_path_factory.mktemp("whole")
    with pytest.MonkeyPatch.context() as patch:
        for name, value in served.environment.items():
            patch.setenv(name, value)
        at_one_moment(patch)
        done = in_process("run", "--output", str(folder))
    assert done.returncode == OK, done.stderr
    evidence = load_evidence(folder / "evidence.json")
    assert {scope.account_id for scope in evidence.scopes} == set(ACCOUNTS)
    assert len(evidence.network.nat_gateways) == len(ACCOUNTS) * 2 * 2
    return evidence


def same(folder: Path, whole: Evidence) -> Evidence:
    """The evidence in a folder, which is that of the whole run but for its moment and the calls of no account."""
    found = load_evidence(folder / "evidence.json")
    assert found == replace(whole, generated_at=found.generated_at, calls=found.calls)
    return found


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()} if folder.exists() else set()


def test_a_run_leaves_no_part_behind(aws: Organization, whole: Evidence, tmp_path: Path) -> None:
    done = in_process("run", "--output", str(tmp_path / "out"), "--store", str(tmp_path / "store"))
    assert done.returncode == OK
    same(tmp_path / "out", whole)
    assert names(tmp_path / "out") == {"audit.json", "evidence.json"}
    (run,) = (tmp_path / "store" / "runs").iterdir()
    assert names(run) == {"begun.json", "run.json", "log.txt", "audit.json.gz", "evidence.json.gz"}
    assert in_process("run", "--output", str(tmp_path / "alone")).returncode == OK
    assert names(tmp_path / "alone") == {"audit.json", "evidence.json"}
    assert aws.calls("AssumeRole") == 2 * len(ACCOUNTS)


def shard(number: int, store: Path, *more: str) -> subprocess.CompletedProcess[str]:
    return in_process("run", "--shard", f"{number}/3", "--run", "weekly-48", "--store", str(store), *more)


def test_shards_give_the_evidence_of_the_whole_run(aws: Organization, whole: Evidence, tmp_path: Path) -> None:
    store = tmp_path / "store"
    for number in (2, 3, 1):
        done = shard(number, store)
        assert done.returncode == OK, done.stderr
        assert done.stdout == f"{store}/runs/weekly-48\n"
    assert aws.calls("AssumeRole") == len(ACCOUNTS)
    done = in_process("report", "weekly-48", "--store", str(store), "--output", str(tmp_path / "out"))
    assert done.returncode == OK, done.stderr
    same(tmp_path / "out", whole)
    again = in_process("report", f"{store}/weekly-48", "--output", str(tmp_path / "again"))
    assert again.returncode == OK, again.stderr
    figures = [json.loads((tmp_path / one / "audit.json").read_text())["totals"] for one in ("out", "again")]
    assert figures[0] == figures[1]
    assert aws.calls("AssumeRole") == 0
    assert not list((store / "runs" / "weekly-48").glob("parts*"))
    assert refused(shard(1, store), USAGE).startswith("run weekly-48 has read everything")


def test_a_shard_that_is_missing_is_named_and_can_come_late(aws: Organization, whole: Evidence, tmp_path: Path) -> None:
    store, out = tmp_path / "store", tmp_path / "out"
    assert shard(1, store).returncode == shard(3, store).returncode == OK
    report = ("report", "weekly-48", "--store", str(store), "--output", str(out))
    assert in_process(*report).returncode == GAPS
    missing = {account for account in ACCOUNTS if Shard(2, 3).holds(account)}
    gaps = load_evidence(out / "evidence.json").gaps
    assert {gap.account_id for gap in gaps} == missing != set()
    assert {gap.reason for gap in gaps} == {f"shard 2/3 of run weekly-48 {NOT_READ}"}
    assert in_process(*report, "--allow-gaps").returncode == OK
    assert shard(2, store).returncode == OK
    assert in_process(*report).returncode == OK
    same(out, whole)
    assert aws.calls("AssumeRole") == len(ACCOUNTS)
    assert [run.name for run in Store(open_place(str(store))).listing().runs] == ["weekly-48"]


def test_a_shard_that_is_started_again_reads_only_what_it_lacks(aws: Organization, tmp_path: Path) -> None:
    assert shard(1, tmp_path).returncode == OK
    own = [account for account in ACCOUNTS if Shard(1, 3).holds(account)]
    (tmp_path / "runs" / "weekly-48" / "parts" / f"{own[0]}.json.gz").unlink()
    assert aws.calls("AssumeRole") == len(own)
    assert shard(1, tmp_path).returncode == OK
    assert aws.calls("AssumeRole") == 1


def test_a_shard_says_by_its_exit_code_that_it_has_gaps(aws: Organization, tmp_path: Path) -> None:
    assert aws.url
    assert shard(1, tmp_path, "--role", "arn:aws:iam::100000000000:role/r").returncode == GAPS
    assert shard(1, tmp_path, "--role", "arn:aws:iam::100000000000:role/r", "--allow-gaps").returncode == OK


def interrupted(where: list[str], parts: Path, number: signal.Signals, at_least: int) -> str:
    """A run that is ended when so many accounts are written; the name of the run."""
    with organization(latency=0.15) as slow:
        command = [sys.executable, "-c", IN_ORDER, MOMENT.isoformat(), "run", *where]
        with running(command, env=slow.environment, stderr=subprocess.PIPE) as process:
            deadline = time.monotonic() + 100
            while len(list(parts.glob("runs/*/parts/1*.gz"))) < at_least:
                assert process.poll() is None
                assert time.monotonic() < deadline
                time.sleep(0.005)
            process.send_signal(number)
            process.communicate(timeout=100)
    (run,) = (parts / "runs").iterdir()
    return run.name


IN_ORDER = """
import sys
from datetime import datetime
from auditor.cli import main, runs
from auditor.collectors import run
run.ACCOUNTS_IN_FLIGHT = 2
moment = datetime.fromisoformat(sys.argv.pop(1))
runs.datetime = type("OneMoment", (), {"now": lambda _: moment})
main()
"""
"""The command at a given moment, with two accounts at a time: a kill meets one that is read and others that are not."""


@pytest.mark.parametrize("has_store", [True, False])
def test_a_run_that_was_killed_goes_on_and_reads_only_what_is_missing(
    aws: Organization, whole: Evidence, tmp_path: Path, *, has_store: bool
) -> None:
    place = tmp_path / ("store" if has_store else "out")
    where = ["--output", str(tmp_path / "out"), *(["--store", str(place)] if has_store else [])]
    run = interrupted(where, place, signal.SIGKILL, at_least=3)
    there = {path.name[:12] for path in place.glob("runs/*/parts/1*.gz")}
    assert 3 <= len(there) < len(ACCOUNTS)
    assert names(tmp_path / "out") <= {"runs"}
    told = in_process("history", "--store", str(place))
    assert run in told.stdout
    done = in_process("run", "--resume", run, *where)
    assert done.returncode == OK, done.stderr
    assert aws.calls("AssumeRole") == len(ACCOUNTS) - len(there)
    same(tmp_path / "out", whole)
    assert [run] * has_store == [one.name for one in Store(open_place(str(place))).listing().runs]
    assert not list(place.glob("runs/*/parts"))


def test_a_run_that_was_stopped_has_a_report_and_can_go_on(aws: Organization, whole: Evidence, tmp_path: Path) -> None:
    place, out = tmp_path / "store", tmp_path / "out"
    where = ["--output", str(out), "--store", str(place)]
    run = interrupted(where, place, signal.SIGTERM, at_least=2)
    stopped = load_evidence(out / "evidence.json")
    assert stopped.is_stopped
    assert {gap.account_id for gap in stopped.all_gaps} | {s.account_id for s in stopped.scopes} == set(ACCOUNTS)
    done = in_process("run", "--resume", run, *where)
    assert done.returncode == OK, done.stderr
    assert 0 < aws.calls("AssumeRole") <= len(ACCOUNTS) - 2
    same(out, whole)
    assert [one.name for one in Store(open_place(str(place))).listing().runs] == [run]


def test_what_a_killed_run_has_read_can_be_reported_as_it_is(aws: Organization, tmp_path: Path) -> None:
    place = tmp_path / "store"
    run = interrupted(["--store", str(place), "--output", str(tmp_path / "out")], place, signal.SIGKILL, at_least=2)
    done = in_process("report", run, "--store", str(place), "--output", str(tmp_path / "out"))
    assert done.returncode == GAPS, done.stderr
    assert aws.calls("AssumeRole") == 0
    evidence = load_evidence(tmp_path / "out" / "evidence.json")
    assert {gap.account_id for gap in evidence.gaps} == set(ACCOUNTS) - {scope.account_id for scope in evidence.scopes}
    assert evidence.is_stopped


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--shard", "1/3", "--store", "S"], "option --shard: needs --run NAME, the same for all shards of the run"),
        (["--shard", "4/3", "--run", "a", "--store", "S"], "option --shard: '4/3': is not a shard such as 3/16"),
        (["--shard", "1/3", "--run", "a", "--mail", "--store", "S"], "option --shard: not with --mail or --dry-run"),
        (["--shard", "1/3", "--run", "a"], "no store: name one with --store"),
        (["--resume", "a", "--run", "b"], "option --resume: not with --run or --shard"),
        (["--resume", "20261129T060000Z-abcdef", "--store", "S"], "no run 20261129T060000Z-abcdef was begun in"),
        (["--run", "a/b", "--store", "S"], "'a/b' cannot be the name of a run"),
    ],
)
def test_options_that_name_no_run_are_refused(aws: Organization, tmp_path: Path, words: list[str], said: str) -> None:
    given = [str(tmp_path) if word == "S" else word for word in words]
    line = refused(in_process("run", "--output", str(tmp_path / "out"), *given), USAGE)
    assert line.startswith(said)
    assert aws.calls("AssumeRole") == 0


def test_a_run_that_could_read_nothing_leaves_nothing_to_resume(
    aws: Organization, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert aws.url
    monkeypatch.setenv("AUDITOR_ROLE", "arn:aws:iam::999999999999:role/elsewhere")
    assert "leads to another account" in refused(in_process("run", "--output", str(tmp_path)), NO_ACCESS)
    assert names(tmp_path) == set()


@pytest.mark.parametrize("what", ["nothing.json", "folder/nothing.json"])
def test_what_is_neither_file_nor_run_is_named(tmp_path: Path, what: str) -> None:
    assert f"Cannot read {what}" in refused(in_process("report", what), USAGE)
    said = refused(in_process("report", "nothing", "--store", str(tmp_path)), USAGE)
    assert said.startswith("nothing is neither a file nor a run in the store")


def test_every_account_is_in_one_of_the_three_shards() -> None:
    """Else the tests above would prove nothing."""
    assert all(any(one.holds(account) for account in ACCOUNTS) for one in shards(3))


def test_a_report_that_may_need_more_memory_than_is_free_says_so_beforehand(
    aws: Organization, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fifty bytes for each that is stored."""
    assert aws.url
    store, copy = tmp_path / "store", tmp_path / "copy"
    assert [shard(number, store).returncode for number in (1, 2, 3)] == [OK] * 3
    shutil.copytree(store, copy)
    needed = 50 * sum(part.stat().st_size for part in (store / "runs" / "weekly-48" / "parts").iterdir())
    monkeypatch.setattr(memory, "free", lambda: needed)
    report = ("report", "weekly-48", "--output", str(tmp_path / "out"), "--format", "json", "--store")
    assert " of memory" not in in_process(*report, str(store)).stderr
    monkeypatch.setattr(memory, "free", lambda: needed - 1)
    done = in_process(*report, str(copy))
    assert done.returncode == OK
    told = "0.0 GiB of memory and 0.0 GiB are free: should this process be killed, auditor report weekly-48 goes on"
    assert told in done.stderr
