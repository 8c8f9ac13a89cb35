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
from auditor.model.history import Lost, Mention, Point, Realised, SinceLast
from auditor.report.changes import changes, kept_promise
from auditor.report.charts import trend
from auditor.report.html import render_html
from auditor.report.terminal import summary
from tests.history.audits import ACCOUNT, REGION, audit, finding
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


def test_the_trend_has_one_scale_and_a_hole_where_nothing_is_known() -> None:
    points = (
        Point("a", AT, is_complete=True, **figures("480", "120", "60", "0")),
        Point("b", AT, is_complete=False, **figures("240", "120", "0", None)),
    )
    chart = trend(replace(AUDIT, since_last=replace(SINCE, trend=points)))
    assert chart
    assert chart.width == 16
    heights = {row.name: [(bar.x, bar.height, bar.is_complete) for bar in row.bars] for row in chart.rows}
    # 480 are 24 pixels, so 240 are 12 and 120 are 6; nothing is still a pixel.
    assert heights == {
        "NAT gateways": [(0, 24, True), (8, 12, False)],
        "VPC endpoints": [(0, 6, True), (8, 6, False)],
        "Still to save": [(0, 3, True), (8, 1, False)],
        "Saved so far": [(0, 1, True)],
    }
    assert (chart.rows[3].first, chart.rows[3].last) == (Decimal(0), None)
    assert trend(replace(AUDIT, since_last=replace(SINCE, trend=points[:1]))) is None


def figures(*amounts: str | None) -> dict[str, Decimal]:
    names = ("nat_monthly_cost", "endpoint_monthly_cost", "saving_open", "saving_realised")
    return {name: None if usd is None else Decimal(usd) for name, usd in zip(names, amounts, strict=True)}  # type: ignore[misc]


@pytest.fixture(scope="module")
def hostile() -> Audit:
    bad = [replace(mention(), id=text, title=text, rule=text, resource=text, vpc_id=text) for text in HOSTILE]
    told = tuple(replace(realised("1"), findings=(one,), note=one.title) for one in bad)
    lost = tuple(Lost(ACCOUNT, text, text) for text in HOSTILE)
    since = replace(SINCE, new=tuple(bad), resolved=tuple(bad), not_seen=tuple(bad), realised=told, lost=lost)
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
