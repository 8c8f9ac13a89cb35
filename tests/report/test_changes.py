"""The first page says in a few plain lines what changed, and never sounds calmer than what was seen."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from io import StringIO

import pytest
from rich.console import Console

from auditor.history import follow
from auditor.model.audit import Audit
from auditor.model.evidence import Gap, Source
from auditor.model.history import Lost, Mention, Realised, SinceLast
from auditor.report.changes import changes, kept_promise
from auditor.report.html import render_html
from auditor.report.terminal import summary
from tests.history.audits import ACCOUNT, MOVED, REGION, audit, finding
from tests.history.test_follow import sequence
from tests.report.example import AUDIT, HOSTILE
from tests.report.test_html import Page

AT = datetime(2026, 11, 9, 9, tzinfo=UTC)
SINCE = SinceLast("run-1", AT)


def mention(name: str = "s3", **changes: object) -> Mention:
    found = follow(audit(0), "run", audit(1, [finding(name)]))
    assert found.since_last
    return replace(found.since_last.new[0], **changes)  # type: ignore[arg-type]


def realised(saving: str | None, promised: str | None = "90", **changes: object) -> Realised:
    amount = None if saving is None else Decimal(saving)
    promise = None if promised is None else Decimal(promised)
    made = Realised(
        findings=(mention(),),
        after=AT,
        by=AT + timedelta(days=7),
        promised=promise,
        promised_high=Decimal(200),
        before=(),
        added=(),
        days=6,
        bytes_before=0,
        bytes_after=0,
        cost_before=Decimal(100),
        cost_after=None,
        saving=amount,
        note="" if saving else "Too few days since the change: 0 of 6.",
        is_final=False,
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def said(**fields: object) -> list[str]:
    return [one.text for one in changes(replace(AUDIT, since_last=replace(SINCE, **fields)))]  # type: ignore[arg-type]


def test_without_a_store_nothing_is_said() -> None:
    assert changes(AUDIT) == ()
    assert "This run is in no store, so it is compared with none." in render_html(AUDIT)


def test_the_first_run_and_a_quiet_week_say_so() -> None:
    first, second = sequence(audit(0), audit(1))
    assert [one.text for one in changes(first)] == [
        "The first run in this store: from the next one on, changes stand here."
    ]
    assert [one.text for one in changes(second)] == ["Nothing changed since 2026-11-02."]


def test_what_changed_is_said_with_what_it_is_worth() -> None:
    few = (mention("s3"), mention("ecr", planned=Decimal(30), saving=Decimal(30)))
    assert said(new=(mention(),)) == ["New: vpc-1 has no s3 endpoint, $90.00 a month by the plan."]
    assert said(resolved=few) == [
        "Resolved: 2 findings (vpc-1 has no s3 endpoint, vpc-1 has no ecr endpoint), $120.00 a month by the plan."
    ]
    assert said(came_back=(mention(planned=None),)) == ["Came back: vpc-1 has no s3 endpoint."]
    many = tuple(mention(f"s{n}") for n in range(9))
    assert "9 findings (" in said(new=many)[0]
    assert "and 6 more)" in said(new=many)[0]


def test_what_saves_another_amount_is_said_with_both() -> None:
    bound = replace(MOVED, title="ECR by NAT", before=Decimal(500), was_measured=False, now=Decimal(12))
    assert said(saving_changes=(MOVED,)) == [
        "Saves another amount than last time: S3 by NAT ($310.00 a month, was $100.00)."
    ]
    assert said(saving_changes=(MOVED, bound, MOVED, MOVED)) == [
        (
            "Saves another amount than last time: 4 findings: S3 by NAT ($310.00 a month, was $100.00), "
            "ECR by NAT ($12.00 a month, was up to $500.00), S3 by NAT ($310.00 a month, was $100.00) and 1 more."
        )
    ]


def test_what_could_not_be_seen_comes_first_and_warns() -> None:
    gap = Gap(ACCOUNT, REGION, Source.FLOW_LOGS, "ec2:DescribeFlowLogs", "denied")
    since = replace(
        SINCE, new=(mention(),), lost=(Lost(ACCOUNT, REGION, "denied"),), new_gaps=(gap,), not_seen=(mention(),)
    )
    told = changes(replace(AUDIT, since_last=since))
    assert [one.is_warning for one in told] == [True, True, True, False]
    assert told[0].text == "1 scope could be read last time and not now: 111122223333 us-east-1."
    assert told[1].text == "1 gap that last time's run had not: ec2:DescribeFlowLogs."
    assert told[2].text == "Not seen this time, so neither open nor resolved: vpc-1 has no s3 endpoint."


def test_what_was_saved_stands_against_what_was_promised() -> None:
    assert said(realised=(realised("60"), realised("3.5", "10"), realised(None))) == [
        (
            "What was changed so far saves $63.50 a month of $100.00 promised, "
            "measured on the same weekdays before and after."
        )
    ]
    assert said(realised=(realised("-5"),)) == [
        "What was changed so far costs $5.00 a month more than before, on the same weekdays."
    ]
    assert said(realised=(realised(None),)) == [f"Nothing changed since {AT:%Y-%m-%d}."]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (realised("60"), "It saves $60.00 a month, over 6 days: 67% of $90.00 promised."),
        (realised("60", None), "It saves $60.00 a month, over 6 days; up to $200.00 was promised."),
        (realised("-5"), "It costs $5.00 a month more than before, over 6 days."),
        (realised(None), "Too few days since the change: 0 of 6."),
    ],
)
def test_each_change_says_what_became_of_its_promise(change: Realised, sentence: str) -> None:
    assert kept_promise(change) == sentence


@pytest.fixture(scope="module")
def hostile() -> Audit:
    bad = [replace(mention(), id=text, title=text, rule=text, resource=text, vpc_id=text) for text in HOSTILE]
    told = tuple(replace(realised("1"), findings=(one,), note=one.title) for one in bad)
    lost = tuple(Lost(ACCOUNT, text, text) for text in HOSTILE)
    moved = tuple(replace(MOVED, id=text, account_id=text, region=text, title=text) for text in HOSTILE)
    since = replace(SINCE, new=tuple(bad), resolved=tuple(bad), not_seen=tuple(bad), realised=told, lost=lost)
    since = replace(since, saving_changes=moved)
    return replace(AUDIT, since_last=since)


def test_hostile_text_in_the_history_is_only_text(hostile: Audit) -> None:
    html = render_html(hostile)
    page = Page(html)
    assert not {"img", "b"} & set(page.elements)
    assert page.elements.count("script") == Page(render_html(AUDIT)).elements.count("script")
    assert "<script>alert(1)</script>" in page.text
    assert not [
        char for char in html if char != "\n" and (ord(char) < 32 or 127 <= ord(char) < 160 or char == "\u202e")
    ]
    out = StringIO()
    summary(hostile, Console(file=out, width=200, force_terminal=False), ())
    assert "\x1b" not in out.getvalue()
    assert all(text in out.getvalue() for text in HOSTILE[:3])


def test_the_page_shows_the_changes_and_links_to_them() -> None:
    *_, third = sequence(audit(0, [finding()]), audit(1, [finding()]), audit(2, [finding("kms", saving="5")]))
    page = Page(render_html(third))
    assert "changes" in page.ids
    assert "#changes" in page.links
    assert "Since the last run, 2026-11-09" in page.text
    assert "Resolved: vpc-1 has no s3 endpoint, $90.00 a month by the plan." in page.text
    assert "Too few days since the change: 0 of 6." in page.text


def test_each_table_says_since_when_and_what_a_change_saves_or_was_to_save() -> None:
    s3, kms, logs = finding(), finding("kms", saving="5"), finding("logs", saving="700")
    *_, third = sequence(audit(0, [s3]), audit(1, [kms, logs]), audit(2, [s3]))
    tables = (
        Page(render_html(third)).text.split("Compared with the run of 2026-11-09")[1].split("What changes did save")
    )
    came_back, resolved = tables[0].split("Was to save a month")
    assert "vpc-1 has no s3 endpoint" in came_back
    assert "until 2026-11-02, and again now $90.00" in came_back
    assert resolved.index("logs endpoint") < resolved.index("kms endpoint"), "the dearest first"
    assert "not yet known" in tables[1]
