"""Constraints travel with the evidence; `report --config` takes others."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from auditor.model.constraints import Accepted, Constraints
from auditor.store import load_evidence, save_evidence
from tests.cli.command import OK, USAGE, Auditor, in_process, refused
from tests.test_analyzer import one_idle

if TYPE_CHECKING:
    import pytest

IDLE = "idle-nat-gateway:nat-1"


def status(folder: Path) -> str:
    document: dict[str, Any] = json.loads((folder / "audit.json").read_text("utf-8"))
    (found,) = (one["status"] for one in document["findings"] if one["id"] == IDLE)
    return str(found)


def report(file: Path, folder: Path, *args: str) -> str:
    done = in_process("report", str(file), "--output", str(folder), "--format", "json", "--quiet", *args)
    assert done.returncode == OK, done.stderr
    return status(folder)


def test_saved_evidence_keeps_the_constraints_of_its_run_until_a_configuration_says_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    accepted = Constraints(accepted=(Accepted(IDLE, "net", "failover"),))
    file, again = tmp_path / "evidence.json", tmp_path / "again"
    save_evidence(file, replace(one_idle(), constraints=accepted))
    assert load_evidence(file).constraints == accepted
    monkeypatch.setenv("AUDITOR_EXCLUDE", "nat-1")
    assert report(file, again) == "accepted"
    monkeypatch.delenv("AUDITOR_EXCLUDE")
    config = tmp_path / "auditor.toml"
    config.write_text("min_saving = '1'", "utf-8")
    assert report(file, again, "--config", str(config)) == "open"
    config.write_text(f"[[accepted]]\nfinding = '{IDLE}'\nowner = 'net'\nreason = 'x'\nexpires = 2026-11-19", "utf-8")
    assert report(file, again, "--config", str(config)) == "open"


def test_evidence_of_before_there_were_constraints_is_under_none(tmp_path: Path) -> None:
    file = tmp_path / "evidence.json"
    save_evidence(file, one_idle())
    document = json.loads(file.read_text("utf-8"))
    del document["constraints"]
    file.write_text(json.dumps(document), "utf-8")
    assert load_evidence(file) == one_idle()


def test_a_constraint_that_cannot_be_used_ends_the_command(tmp_path: Path) -> None:
    config = tmp_path / "auditor.toml"
    config.write_text("[[accepted]]\nfinding = 'x'\nowner = 'net'", "utf-8")
    done = in_process("report", "evidence.json", "--config", str(config))
    assert refused(done, USAGE) == f"reason of accepted 1 in {config}: is missing"


def test_a_run_saves_its_constraints_with_what_it_saw(run: Auditor, tmp_path: Path) -> None:
    folder, config = tmp_path / "report", tmp_path / "auditor.toml"
    config.write_text("[[accepted]]\nfinding = 'missing-*'\nowner = 'net'\nreason = 'later'", "utf-8")
    variables = {"AUDITOR_MIN_SAVING": "1", "AUDITOR_KEEP_PRIVATE": "kms"}
    done = run("--region", "eu-central-1", "--config", str(config), **variables)
    assert done.returncode == OK, done.stderr
    first = (folder / "audit.json").read_bytes()
    found = {one["status"] for one in json.loads(first)["findings"] if one["rule"] == "missing-gateway-endpoint"}
    assert found == {"accepted"}
    again = tmp_path / "again"
    evidence = folder / "evidence.json"
    done = in_process("report", str(evidence), "--output", str(again), "--format", "json")
    assert (done.returncode, (again / "audit.json").read_bytes()) == (OK, first)
