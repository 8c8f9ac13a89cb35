"""From a configuration to files: the stages in their order, and how a run ends."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from auditor import offline, pipeline, store
from auditor.collectors.run import Progress
from auditor.config import Config, load
from auditor.demo.company import DEMO_NOW
from auditor.errors import Exit, UsageError
from auditor.model.evidence import Evidence, Gap, Source
from tests.embedded import MEMBER, OWN, Served
from tests.fault_proxy import FaultProxy

GAP = Gap(OWN, "eu-central-1", Source.FLOW_LOGS, "ec2:DescribeFlowLogs", "refused")


@pytest.fixture
def config(aws: Served, tmp_path: Path) -> Config:
    """The company's smallest region, in both accounts."""
    company = aws.company
    return load(
        regions=("ap-southeast-2",),
        accounts=tuple(company.accounts.values()),
        role=company.role_name,
        external_id=company.external_id,
        output=tmp_path / "report",
        formats=("json",),
    )


def test_a_run_writes_what_it_was_asked_for_and_the_evidence(config: Config) -> None:
    outcome = pipeline.run(config, DEMO_NOW, Progress())
    assert [path.name for path in outcome.paths] == ["audit.json", "evidence.json"]
    assert sorted(path.name for path in config.output.iterdir()) == ["audit.json", "evidence.json"]
    audit = json.loads((config.output / "audit.json").read_text("utf-8"))
    assert {scope["account_id"] for scope in audit["scopes"]} == {OWN, MEMBER}
    assert audit["window"] == {"start": "2026-10-17T00:00:00Z", "end": "2026-11-16T00:00:00Z"}


def test_the_evidence_is_on_disk_before_a_report_can_fail(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    """What took minutes to read is not lost on a page that cannot be rendered."""

    def fail(*_: object) -> None:
        raise ValueError("no page")

    monkeypatch.setattr(offline, "analyze", fail)
    with pytest.raises(ValueError, match="no page"):
        pipeline.run(config, DEMO_NOW, Progress())
    assert store.load_evidence(config.output / "evidence.json").generated_at == DEMO_NOW


def test_the_folder_is_tried_before_anything_is_read(config: Config, proxy: FaultProxy, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    broken = config.model_copy(update={"output": tmp_path / "file" / "report"})
    with pytest.raises(UsageError, match="Cannot write reports to"):
        pipeline.run(broken, DEMO_NOW, Progress())
    assert proxy.calls == []


@pytest.mark.parametrize(
    ("gaps", "options", "code"),
    [
        ((), {}, Exit.REPORTED),
        ((GAP,), {}, Exit.GAPS),
        ((GAP,), {"allow_gaps": True}, Exit.REPORTED),
        ((), {"fail_above": Decimal("0.01")}, Exit.ABOVE_LIMIT),
        ((GAP,), {"fail_above": Decimal("0.01")}, Exit.ABOVE_LIMIT),
        ((), {"fail_above": Decimal(10**9)}, Exit.REPORTED),
    ],
)
def test_how_a_run_ends(
    companys_evidence: Evidence, tmp_path: Path, gaps: tuple[Gap, ...], options: dict[str, object], code: Exit
) -> None:
    config = load(output=tmp_path / "report", formats=("json",))
    read = replace(companys_evidence, scopes=tuple(replace(one, gaps=()) for one in companys_evidence.scopes))
    outcome = pipeline.report(replace(read, gaps=gaps), config)
    assert outcome.audit.totals.saving_measured > Decimal("0.01")
    assert outcome.exit_code(config.model_copy(update=options)) is code


def test_a_limit_is_exceeded_only_by_more(companys_evidence: Evidence, tmp_path: Path) -> None:
    config = load(output=tmp_path / "report", formats=("json",), allow_gaps=True)
    outcome = pipeline.report(companys_evidence, config)
    exactly = config.model_copy(update={"fail_above": outcome.audit.totals.saving_measured})
    assert outcome.exit_code(exactly) is Exit.REPORTED


def test_saved_evidence_is_the_evidence(config: Config) -> None:
    """Every value survives the file: what is rendered again is what was rendered."""
    evidence = pipeline.read(config, DEMO_NOW, Progress())
    path = config.output / "evidence.json"
    store.save_evidence(path, evidence)
    assert store.load_evidence(path) == evidence
