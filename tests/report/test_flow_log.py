"""What the page says of a flow log to create: its cost, how that comes about, and the text for each tool."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from html import escape

from auditor.analyzer import analyze
from auditor.model.audit import Finding
from auditor.model.evidence import Evidence, Series
from auditor.model.money import Item, Price, Prices
from auditor.remediation.remedy import remedy
from auditor.report.html import render_html
from tests.rules.build import DAY, GIB, PRICES, REGION, A, app, evidence, nat_series

DELIVERY = Price(REGION, Item.LOG_DELIVERY_GB, Decimal("0.25"), "GB", "list", "2026-11-20")
PARQUET = Price(REGION, Item.PARQUET_CONVERSION_GB, Decimal("0.035"), "GB", "list", "2026-11-20")


def busy(*prices: Price) -> Evidence:
    """4 × (2 × 144 + 11,520,000) × 730 / 720 records of 125 bytes: 5.439 GB."""
    counted = (
        Series("nat-a", "ConnectionEstablishedCount", (DAY,), (11_520_000,)),
        Series("nat-a", "ActiveConnectionCount", (DAY,), (2,)),
    )
    return evidence(app((A, "nat-a")), nat_series("nat-a", 720 * GIB), counted, prices=Prices((*PRICES.rows, *prices)))


def shown(of: Evidence) -> tuple[str, Finding]:
    """The page with this finding alone, and the finding."""
    audit = analyze(of, remedy)
    (finding,) = (one for one in audit.findings if one.rule == "unmeasured-nat")
    return render_html(replace(audit, findings=(finding,), plan=())), finding


def test_it_says_what_measuring_costs_at_the_most_and_shows_the_lines() -> None:
    """5.439 × 0.25 + 5.439 × 0.035 = 1.36 + 0.19."""
    page, _ = shown(busy(DELIVERY, PARQUET))
    assert "costs at most <strong>$1.55</strong> a month to measure" in page
    assert "Is added to the bill, at most" in page
    assert page.count("5.44 GB") == 2


def test_a_cost_that_is_not_known_is_called_so() -> None:
    page, _ = shown(busy(DELIVERY))
    assert "costs an unknown amount" in page
    assert "a month to measure" not in page


def test_it_shows_the_text_for_every_tool_and_the_way_back() -> None:
    page, finding = shown(busy())
    texts = finding.remediation
    for text in (texts.cli, texts.cloudformation, texts.terraform, texts.rollback):
        assert text
        assert escape(text, quote=False).replace("'", "&#39;").replace('"', "&#34;") in page
