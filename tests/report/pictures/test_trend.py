"""Run by run: heights are in proportion, what is not known has no bar, and a lower bound says that it is one."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from auditor.model.audit import Audit
from auditor.model.history import Point, SinceLast
from auditor.report.html import render_html
from auditor.report.paper import render_paper
from auditor.report.pictures.drawing import Path, Picture, Rect
from auditor.report.pictures.trend import RUNS, trend_pictures
from tests.report.example import AUDIT

AT = datetime(2026, 11, 2, 9, tzinfo=UTC)


def point(week: int, *amounts: str | None, is_complete: bool = True) -> Point:
    """A run that many weeks after the first: NAT gateways, endpoints, still to save, saved."""
    figures = [None if amount is None else Decimal(amount) for amount in amounts]
    return Point(f"run-{week}", AT + timedelta(weeks=week), is_complete, *figures)  # type: ignore[arg-type]


def with_runs(*points: Point) -> Audit:
    return replace(AUDIT, since_last=SinceLast("run", AT, trend=points))


def heights(picture: Picture) -> dict[str, float]:
    return {shape.title: round(shape.height, 3) for shape in picture.shapes if isinstance(shape, Rect)}


TWO = with_runs(point(0, "360", "130", "60", None), point(1, "180", "65", "20", "-4", is_complete=False))


def test_bars_stand_on_each_other_to_one_scale() -> None:
    """490 are 98 pixels, so 5 are one. A run that did not see all has a mark over its bar."""
    costs, savings = trend_pictures(TWO)
    assert heights(costs) == {
        "2026-11-02, NAT gateways: $360.00": 72,
        "2026-11-02, VPC endpoints: $130.00": 26,
        "2026-11-09, NAT gateways: at least $180.00": 36,
        "2026-11-09, VPC endpoints: at least $65.00": 13,
    }
    assert [
        one.d.split("h")[0].split()[1] for one in costs.shapes if isinstance(one, Path) and one.paint == "maybe"
    ] == [
        "57"  # 110 less 36 and 13, and 4 above
    ]
    assert ("maybe", "at least: not all could be read") in costs.legend
    assert "maybe" not in {paint for paint, _ in savings.legend}


def test_what_is_not_known_has_no_bar_and_a_loss_no_height() -> None:
    _, savings = trend_pictures(TWO)
    assert heights(savings) == {
        "2026-11-02, Still to save: $60.00": 98,
        "2026-11-09, Saved so far: −$4.00": 0.6,
        "2026-11-09, Still to save: $20.00": 32.667,
    }


def test_first_and_last_are_said_in_words_on_page_and_paper() -> None:
    for report in (render_html(TWO), render_paper(TWO)):
        assert "NAT gateways $360.00 → $180.00; VPC endpoints $130.00 → $65.00." in report
        assert "Saved so far unknown → −$4.00; Still to save $60.00 → $20.00." in report
    never = with_runs(point(0, "1", "1", "1", None), point(1, "1", "1", "1", None))
    assert trend_pictures(never)[1].notes == ("Saved so far: not known yet; Still to save $1.00.",)


def test_one_run_is_no_trend_and_half_a_year_is_enough() -> None:
    assert trend_pictures(AUDIT) == trend_pictures(with_runs(point(0, "1", "1", "1", "1"))) == ()
    costs, _ = trend_pictures(with_runs(*(point(week, "1", "1", "1", "1") for week in range(60))))
    assert len(heights(costs)) == 2 * RUNS
    assert [label.text for label in costs.labels][-1] == "2027-12-20"
