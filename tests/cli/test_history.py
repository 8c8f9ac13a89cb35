"""`run --store`, `history` and `diff` as a user meets them: the company audited twice, with a change in between."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from auditor import offline, past, pipeline
from auditor.collectors.run import Progress
from auditor.config import Config, load
from auditor.demo.company import DEMO_NOW
from auditor.errors import Exit
from auditor.model.evidence import Evidence
from auditor.recording import Occasion, Recording
from auditor.store.runs import Run
from tests.cli.command import USAGE, in_process, refused
from tests.embedded import Served


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("store")


@pytest.fixture(scope="module")
def evidence(seeded: Served) -> Evidence:
    """Read once: reading is not what is tried here."""
    company = seeded.company
    with pytest.MonkeyPatch.context() as patch:
        for name, value in seeded.environment_of(seeded.url).items():
            patch.setenv(name, value)
        settings = load(regions=("eu-central-1",), live_prices=False, flow_logs="off")
        assert company.regions
        return pipeline.read(settings, DEMO_NOW, Progress())


def dropped_nat(evidence: Evidence) -> str:
    """A NAT gateway that a finding is about."""
    resources = (finding.resource for finding in offline.audit_of(evidence).findings)
    return next(resource for resource in resources if resource.startswith("nat-"))


@pytest.fixture(scope="module")
def stored(
    folder: Path, evidence: Evidence, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Config, tuple[Run, ...]]:
    """Two runs: between them one NAT gateway was dropped."""
    settings = load(store=str(folder), output=tmp_path_factory.mktemp("report"), formats=("json", "html", "md"))
    scope, dropped = evidence.scopes[0], dropped_nat(evidence)
    fewer = replace(scope.network, nat_gateways=tuple(nat for nat in scope.network.nat_gateways if nat.id != dropped))
    later = replace(evidence, scopes=(replace(scope, network=fewer), *evidence.scopes[1:]))
    with pytest.MonkeyPatch.context() as patch:
        for one in (evidence, later):
            patch.setattr(pipeline, "read", lambda *_, one=one: one)
            pipeline.run(settings, DEMO_NOW, Progress())
    return settings, past.store_of(settings).listing().runs


def test_a_run_is_stored_with_evidence_reports_and_log(stored: tuple[Config, tuple[Run, ...]]) -> None:
    _, runs = stored
    assert len(runs) == 2
    for run in runs:
        names = {file.name for file in run.manifest.files}
        assert names == {"audit.json", "report.html", "summary.md", "evidence.json", "log.txt"}
        assert run.manifest.scopes[0].region == "eu-central-1"
    audit = json.loads(runs[1].read("audit.json"))
    assert audit["since_last"]["run"] == runs[0].name
    assert audit["since_last"]["resolved"]
    assert "Since the last run" in runs[1].read("report.html").decode()
    assert "### Since the last run" in runs[1].read("summary.md").decode()


def test_history_lists_runs_and_findings(stored: tuple[Config, tuple[Run, ...]], folder: Path) -> None:
    done = in_process("history", "--store", str(folder))
    assert done.returncode == Exit.REPORTED
    for run in stored[1]:
        assert run.name in done.stdout
    assert "resolved" in done.stdout
    told = json.loads(in_process("history", "--store", str(folder), "--format", "json").stdout)
    assert [run["run"] for run in told["runs"]] == [run.name for run in stored[1]]
    assert [run["figures"]["run"] for run in told["runs"]] == [run.name for run in stored[1]]
    assert {row["status"] for row in told["findings"]} >= {"open", "resolved"}


def test_diff_takes_runs_audits_and_evidence(
    stored: tuple[Config, tuple[Run, ...]], folder: Path, tmp_path: Path, evidence: Evidence
) -> None:
    _, (first, second) = stored
    (tmp_path / "audit.json").write_bytes(second.read("audit.json"))
    (tmp_path / "evidence.json").write_bytes(first.read("evidence.json"))
    by_name = in_process("diff", first.name, second.name, "--store", str(folder), "--format", "json")
    by_file = in_process("diff", str(tmp_path / "evidence.json"), str(tmp_path / "audit.json"), "--format", "json")
    told, same = json.loads(by_name.stdout), json.loads(by_file.stdout)
    assert [change["resource"] for change in told["costs"] if change["is_gone"]] == [dropped_nat(evidence)]
    assert told["went"]
    assert (told["costs"], [one["id"] for one in told["went"]]) == (same["costs"], [one["id"] for one in same["went"]])
    table = in_process("diff", first.name, second.name, "--store", str(folder))
    assert "Went" in table.stdout
    assert "gone" in table.stdout
    assert "Nothing differs." in in_process("diff", first.name, first.name, "--store", str(folder)).stdout


def test_what_cannot_be_compared_is_named(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text('{"schema_version": "1.0"}')
    assert "x.json is not an audit: " in refused(in_process("diff", str(tmp_path / "x.json"), "y"), USAGE)
    said = refused(in_process("diff", "20260101T000000Z-aaaaaa", "y", "--store", str(folder)), USAGE)
    assert said.startswith("20260101T000000Z-aaaaaa is neither a file nor a run in the store")
    assert refused(in_process("history"), USAGE).startswith("no store: name one with --store, AUDITOR_STORE")


def test_an_empty_store_says_so(tmp_path: Path) -> None:
    assert in_process("history", "--store", str(tmp_path)).stdout == "No runs in this store.\n"


def test_a_damaged_run_is_passed_over_for_the_one_before(
    stored: tuple[Config, tuple[Run, ...]], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Its size is right and a byte of it is not: the last good one is the one before."""
    settings = load(store=str(tmp_path))
    store = past.store_of(settings)
    recordings = [Recording(Occasion(DEMO_NOW)) for _ in range(2)]
    _, (first, _) = stored
    files = {"audit.json": first.read("audit.json")}
    audit = past.audit_of_run(past.store_of(stored[0]), first.name)
    kept = [recording.keep(store, audit, files, Exit.GAPS) for recording in recordings]
    first_kept, last = kept
    (path,) = [entry.path for entry in store.place.entries(f"runs/{last.name}") if "audit.json" in entry.path]
    content = store.place.get(path) or b""
    store.place.put(path, content[:-5] + b"?????")
    found = past.earlier(store, None)
    assert found.run == first_kept.name
    assert f"skipped: audit.json of run {last.name}" in caplog.text


def test_a_store_that_fails_at_the_end_keeps_the_report_and_says_so(
    evidence: Evidence, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = load(store=str(tmp_path / "store"), output=tmp_path / "report", formats=("json",))

    def in_the_way(*_: object) -> Evidence:
        (tmp_path / "store" / "runs").write_text("a file where the folder should be")
        return evidence

    monkeypatch.setattr(pipeline, "read", in_the_way)
    outcome = pipeline.run(settings, DEMO_NOW, Progress())
    assert outcome.exit_code(settings) is Exit.NOT_DELIVERED
    assert "Cannot write runs/" in str(outcome.not_stored)
    assert all(path.exists() for path in outcome.paths)
