"""Accepted findings stay in sight: with who accepts them, why and until when; expired ones are open and say so."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from html import unescape
from io import StringIO
from re import sub

import pytest
from rich.console import Console

from auditor.model.audit import Acceptance, AcceptedBy, Audit, Status
from auditor.report.html import render_html
from auditor.report.terminal import summary
from tests.report.example import AUDIT, HOSTILE, S3_FINDING, empty_audit
from tests.report.test_schema import violations

DAY = date(2027, 1, 31)
BY_NET = Acceptance(AcceptedBy.CONFIGURATION, "net@example.com", "moves in January", DAY)


def accepted(acceptance: Acceptance, status: Status = Status.ACCEPTED) -> Audit:
    """An account that was read in full, whose one finding is accepted, and in no plan."""
    return replace(empty_audit(), findings=(replace(S3_FINDING, status=status, acceptance=acceptance),))


def words(audit: Audit) -> str:
    """The page's text."""
    return " ".join(unescape(sub("<[^>]*>", " ", render_html(audit))).split()).replace(" ,", ",").replace(" .", ".")


@pytest.mark.parametrize(
    ("acceptance", "status", "said"),
    [
        (BY_NET, Status.ACCEPTED, "Accepted by net@example.com, until 2027-01-31. Moves in January"),
        (BY_NET, Status.OPEN, "No longer accepted by net@example.com : that expired on 2027-01-31. Moves in January"),
        (replace(BY_NET, expires=None), Status.ACCEPTED, "Accepted by net@example.com. Moves in January"),
        (Acceptance(AcceptedBy.TAG, None, None, DAY), Status.ACCEPTED, "Accepted by a tag, until 2027-01-31"),
        (
            Acceptance(AcceptedBy.KEEP_PRIVATE, None, "kms must stay private", None),
            Status.ACCEPTED,
            "Accepted by the configuration (keep_private). Kms must stay private",
        ),
    ],
)
def test_the_page_says_who_accepts_it_and_until_when(acceptance: Acceptance, status: Status, said: str) -> None:
    text = words(accepted(acceptance, status))
    assert said in text
    assert ("Accepted and resolved" in text) == (status is Status.ACCEPTED)
    assert ("Every finding is accepted or resolved." in text) == (status is Status.ACCEPTED)


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_words_stay_words(text: str) -> None:
    page = render_html(accepted(Acceptance(AcceptedBy.CONFIGURATION, text, text, DAY)))
    assert "<script>alert" not in page
    assert "<img" not in page
    assert "\u202e" not in page
    assert "\x1b" not in page


def test_the_summary_counts_what_is_accepted_and_does_not_list_it() -> None:
    console = Console(file=StringIO(), width=200)
    summary(accepted(BY_NET), console, ())
    assert isinstance(console.file, StringIO)
    text = console.file.getvalue()
    assert "1 finding accepted: not in the plan, listed in the report." in text
    assert S3_FINDING.title not in text
    console = Console(file=StringIO(), width=200)
    summary(AUDIT, console, ())
    assert isinstance(console.file, StringIO)
    assert "accepted" not in console.file.getvalue()


def test_it_keeps_to_the_schema() -> None:
    import json  # noqa: PLC0415 -- only here

    from auditor.report.document import render_json  # noqa: PLC0415 -- only here

    document = json.loads(render_json(accepted(BY_NET)))
    assert violations(document) == []
    assert document["findings"][0]["acceptance"] == {
        "by": "configuration",
        "owner": "net@example.com",
        "reason": "moves in January",
        "expires": "2027-01-31",
    }
