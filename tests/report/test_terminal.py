"""The summary on a terminal: the report's figures, and no command out of a tag."""

from __future__ import annotations

from dataclasses import replace
from io import StringIO
from pathlib import Path

from rich.console import Console

from auditor.model.audit import Audit
from auditor.report.terminal import summary
from tests.report.example import AUDIT, blind_audit, empty_audit, hostile_audit


def shown(audit: Audit, *paths: str) -> str:
    """The summary as a terminal with colours gets it."""
    console = Console(file=StringIO(), width=200, force_terminal=True, color_system=None)
    summary(audit, console, [Path(path) for path in paths])
    assert isinstance(console.file, StringIO)
    return console.file.getvalue()


def words(text: str) -> str:
    return " ".join(text.split())


def test_it_shows_the_figures_of_the_report_and_the_files() -> None:
    text = words(shown(AUDIT, "auditor-report/report.html", "my  reports/audit.json"))
    assert "NAT gateways at least $295.65 a month" in text
    assert "The plan saves $173.38 a month, measured up to $417.29 more, not measured" in text
    assert "After the plan at least $136.88 a month remains of both" in text
    assert "Where the bytes of 1 of 2 NAT gateways go, by cost a month" in text
    assert "$173.38 s3 us-east-1, a gateway endpoint could carry it" in text
    assert "$2.33 ecr.api us-east-1, an interface endpoint could carry it $4.79 not attributed" in text
    assert "1. $173.38 VPC prod reaches S3" in text
    assert "2. up to $412.50 An interface endpoint" in text
    assert "Findings, 1 high, 1 medium" in text
    assert "2 gaps: what could not be read is in no figure." in text
    assert "auditor-report/report.html" in text


def test_paths_stand_alone_on_their_line_as_they_are() -> None:
    lines = shown(AUDIT, "my  reports/audit.json").splitlines()
    assert "my  reports/audit.json" in lines


def test_an_audit_that_read_nothing_shows_no_amount() -> None:
    text = shown(blind_audit())
    assert "$" not in text
    assert "unknown" in text


def test_an_audit_read_in_full_mentions_no_gap() -> None:
    assert "what could not be read" not in shown(empty_audit())


def test_names_are_neither_markup_nor_control_sequences() -> None:
    hostile = hostile_audit()
    text = shown(replace(hostile, plan=hostile.plan[::-1]))
    assert not [c for c in text if c != "\n" and (ord(c) < 32 or 127 <= ord(c) < 160)]
    assert text.count("VPC [bold red]markup[/bold red] [link=http://127.0.0.1/]x[/link]") == 2  # plan, findings
    assert "\u202e" not in text
    assert "x" * 300 not in text
