"""Every format shows the same figures: each is read back and compared with the decimals of `audit.json`.

What is expected is worked out here, from the JSON's text, by fractions: nothing of it comes from the report's own
filters. Amounts are all different, so that none can stand for another.
"""

from __future__ import annotations

import csv
import json
import re
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from html.parser import HTMLParser
from io import BytesIO, StringIO
from typing import Any

import pytest
from openpyxl import load_workbook
from pypdf import PdfReader
from rich.console import Console

from auditor.model.audit import Audit, PlanStep, Saving, Severity, Totals
from auditor.model.money import total
from auditor.report.document import render_json
from auditor.report.html import render_html
from auditor.report.markdown import render_markdown
from auditor.report.paper import render_paper
from auditor.report.pdf import render_pdf
from auditor.report.separated import render_csv
from auditor.report.terminal import summary
from auditor.report.xlsx import render_xlsx
from tests.report.example import ENDPOINT, NAT_A, NAT_B, S3_FINDING, audit_with

AMOUNT = re.compile(r"[<>] \u2212?\$0\.01|\u2212?\$\d[\d,]*\.\d\d(?!\d|,\d)|unknown")

SAVINGS = (
    ("1.005", "12.345", "19.99499999999999999999"),  # halves, and what floating point takes for a half
    ("0", None, "1412.50"),
    ("101.01", "101.01", "101.01"),
    ("0.004", "0.01", "7.777"),
    ("-33.335", "-20.125", "55.555"),
    ("123456789.125", "223456789.135", "323456789.145"),
    ("2.675", "8.165", "9.175"),
)


def amount(text: str) -> Decimal:
    return Decimal(text)


def various() -> Audit:
    """Seven findings, five of them steps, three NAT gateways, two endpoints; each amount another."""
    findings = tuple(
        replace(
            S3_FINDING,
            id=f"finding-{n}",
            title=f"Finding number {n}",
            severity=list(Severity)[n % 3],
            saving=Saving(Decimal(low), None if expected is None else Decimal(expected), Decimal(high)),
        )
        for n, (low, expected, high) in enumerate(SAVINGS)
    )
    steps, so_far, so_far_high = [], Decimal(0), Decimal(0)
    for n, (low, expected, high) in enumerate(SAVINGS[:5]):
        saving, more = Decimal(expected or 0) + n, Decimal(high) - Decimal(low) + n * 3
        so_far, so_far_high = total((so_far, saving)), total((so_far_high, more))
        steps.append(PlanStep(n + 1, f"finding-{n}", saving, so_far, more, so_far_high))
    nats = tuple(
        replace(
            NAT_A,
            id=f"nat-measured-{n}",
            bytes_in_from_source=up,
            bytes_in_from_destination=down,
            monthly_cost=Decimal(usd),
        )
        for n, (up, down, usd) in enumerate(
            (
                (7 * 2**30 + 5_368_710, 93 * 2**30, "444.445"),
                (2**40 + 1, 3 * 2**42, "5000000.005"),
                (1, 2**29, "32.855"),
            )
        )
    )
    return audit_with(
        totals=Totals(Decimal("311.125"), Decimal("29.205"), so_far, so_far_high, Decimal("211.995"), 1),
        nat_gateways=(*nats, NAT_B),
        endpoints=(replace(ENDPOINT, monthly_cost=Decimal("14.605"), bytes_processed=2**31 + 2**20),),
        findings=findings,
        plan=tuple(steps),
    )


AUDIT = various()


@pytest.fixture(scope="module")
def told() -> dict[str, Any]:
    document: dict[str, Any] = json.loads(render_json(AUDIT))
    return document


def usd(text: str | None) -> str:
    """To the cent, halves away from zero; what is not zero is not shown as zero."""
    if text is None:
        return "unknown"
    exact = Fraction(text)
    sign = "\u2212" if exact < 0 else ""
    if 0 < abs(exact) < Fraction(1, 100):
        return "< $0.01" if exact > 0 else "> \u2212$0.01"
    hundredths = (abs(exact) * 200 + 1) // 2
    return f"{sign}${hundredths // 100:,}.{hundredths % 100:02}"


def gb(count: int | None) -> str:
    if count is None:
        return "unknown"
    if 0 < Fraction(count, 2**30) < Fraction(1, 100):
        return "< 0.01 GB"
    if count >= 100 * 2**30 or not count:
        return f"{(Fraction(count, 2**30) * 2 + 1) // 2:,} GB"
    hundredths = (Fraction(count, 2**30) * 200 + 1) // 2
    return f"{hundredths // 100:,}.{hundredths % 100:02} GB"


def savings(finding: dict[str, Any]) -> list[str]:
    return [usd(finding["saving"][bound]) for bound in ("low", "expected", "high")]


def headline(told: dict[str, Any]) -> list[str]:
    totals = told["totals"]
    names = ("nat_monthly_cost", "endpoint_monthly_cost", "saving_measured", "saving_unmeasured_high", "after_plan")
    return [usd(totals[name]) for name in names]


class Page(HTMLParser):
    """The text of a page, of each of its articles, and of each row of its tables."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: dict[str, list[list[str]]] = {"main": [[]], "article": [], "tr": []}
        self._open: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        del attrs
        self._open += [tag] if tag in {"style", "script", "article", "tr"} else []
        if tag in self.found:
            self.found[tag].append([])

    def handle_endtag(self, tag: str) -> None:
        if tag in self._open:
            self._open.remove(tag)

    def handle_data(self, data: str) -> None:
        if not {"style", "script"} & set(self._open):
            self.found["main"][0].append(data)
            for tag in {"article", "tr"} & set(self._open):
                self.found[tag][-1].append(data)

    def text(self, tag: str, words: str = "") -> str:
        """The first of these elements that says so."""
        texts = (" ".join(" ".join(parts).split()) for parts in self.found[tag])
        return next(text for text in texts if words in text)


@pytest.fixture(scope="module")
def page() -> Page:
    return Page(render_html(AUDIT))


def amounts(text: str) -> set[str]:
    return set(AMOUNT.findall(text))


def test_the_page(page: Page, told: dict[str, Any]) -> None:
    assert set(headline(told)) <= amounts(page.text("main"))
    for finding in told["findings"]:
        assert set(savings(finding)) <= amounts(page.text("article", finding["title"])), finding["title"]
    for step in told["plan"]:
        row = page.text("tr", f"Finding number {step['step'] - 1}")
        measured = [usd(step["saving"])] if Fraction(step["saving"]) else []
        both = [
            *measured,
            usd(step["cumulative"]),
            usd(step["unmeasured_high"]),
            usd(step["cumulative_unmeasured_high"]),
        ]
        assert AMOUNT.findall(row) == both
    for nat in told["nat_gateways"]:
        card = page.text("article", nat["id"])
        assert f"Up {gb(nat['bytes_in_from_source'])} Down {gb(nat['bytes_in_from_destination'])} " in card
        assert f"A month {usd(nat['monthly_cost'])} " in card
    (endpoint,) = told["endpoints"]
    card = page.text("article", endpoint["id"])
    assert f"Processed {gb(endpoint['bytes_processed'])} A month {usd(endpoint['monthly_cost'])} " in card


def test_the_pdf_shows_what_the_page_shows(page: Page, told: dict[str, Any]) -> None:
    pages = PdfReader(BytesIO(render_pdf(render_paper(AUDIT)))).pages
    text = " ".join(" ".join(one.extract_text() for one in pages).split())
    assert set(headline(told)) <= amounts(text)
    for finding in told["findings"]:
        shown = amounts(text) | {f"\u2212{one}" for one in re.findall(r"costs (\S+) a month more", text)}
        assert set(savings(finding)) <= shown, finding["title"]
    for step in told["plan"]:
        assert {usd(step["cumulative"]), usd(step["cumulative_unmeasured_high"])} <= amounts(text)
    for nat in told["nat_gateways"]:
        assert gb(nat["bytes_in_from_destination"]) in text
        assert usd(nat["monthly_cost"]) in text
    assert amounts(text) <= amounts(page.text("main"))


def test_the_csv_files_hold_the_very_decimals(told: dict[str, Any]) -> None:
    files = {name: list(csv.DictReader(StringIO(text.decode()))) for name, text in render_csv(AUDIT).items()}
    assert {row["figure"]: row["usd"] for row in files["totals.csv"]} == {
        name: value for name, value in told["totals"].items() if name != "unknown_lines"
    }
    found = {row["id"]: [row[f"saving_{bound}_usd"] or None for bound in BOUNDS] for row in files["findings.csv"]}
    assert found == {one["id"]: [one["saving"][bound] for bound in BOUNDS] for one in told["findings"]}
    for csv_name, name, key in (("nat-gateways.csv", "nat_gateways", NAT), ("endpoints.csv", "endpoints", ENDPOINTS)):
        assert [[row[of] for of in key] for row in files[csv_name]] == [
            ["" if one[of] is None else str(one[of]) for of in key.values()] for one in told[name]
        ]
    assert [[row[of] for of in STEP] for row in files["plan.csv"]] == [
        [str(step[of]) for of in STEP.values()] for step in told["plan"]
    ]


BOUNDS = ("low", "expected", "high")
NAT = {
    "id": "id",
    "bytes_in_from_source": "bytes_in_from_source",
    "bytes_in_from_destination": "bytes_in_from_destination",
    "monthly_cost_usd": "monthly_cost",
}
ENDPOINTS = {"id": "id", "bytes_processed": "bytes_processed", "monthly_cost_usd": "monthly_cost"}
STEP = {
    "step": "step",
    "finding_id": "finding_id",
    "saving_usd": "saving",
    "cumulative_usd": "cumulative",
    "unmeasured_high_usd": "unmeasured_high",
    "cumulative_unmeasured_high_usd": "cumulative_unmeasured_high",
}


def test_the_workbook_shows_the_same_cents(told: dict[str, Any]) -> None:
    book = load_workbook(BytesIO(render_xlsx(AUDIT)))

    def rows(name: str) -> list[dict[str, Any]]:
        header, *rest = book[name].iter_rows(values_only=True)
        return [dict(zip(header, row, strict=True)) for row in rest]

    def money(cell: Any) -> str:  # noqa: ANN401 -- a number or nothing
        return usd(None if cell is None else f"{cell:.15g}")

    found = {row["id"]: [money(row[f"saving_{bound}_usd"]) for bound in BOUNDS] for row in rows("Findings")}
    assert found == {one["id"]: savings(one) for one in told["findings"]}
    assert [[money(row[of]) for of in list(STEP)[2:]] for row in rows("Plan")] == [
        [usd(step[of]) for of in list(STEP.values())[2:]] for step in told["plan"]
    ]
    for row, nat in zip(rows("NAT gateways"), told["nat_gateways"], strict=True):
        assert row["bytes_in_from_source"] == nat["bytes_in_from_source"]
        assert row["bytes_in_from_destination"] == nat["bytes_in_from_destination"]
        assert money(row["monthly_cost_usd"]) == usd(nat["monthly_cost"])
    summed = [row[1] for row in book["Summary"].iter_rows(values_only=True) if isinstance(row[1], int | float)]
    assert [money(cell) for cell in summed] == headline(told)


def test_the_markdown_summary(told: dict[str, Any]) -> None:
    lines = render_markdown(AUDIT).splitlines()
    figures = [cells for line in lines[4:9] for cells in AMOUNT.findall(line)]
    assert figures == headline(told)
    for finding in told["findings"]:
        row = next(line for line in lines if finding["title"] in line and re.match(r"\| (high|medium|low)", line))
        assert AMOUNT.findall(row) == savings(finding)
    for step in told["plan"]:
        row = next(line for line in lines if line.startswith(f"| {step['step']} |"))
        assert AMOUNT.findall(row) == [usd(of) for of in (step["saving"], step["unmeasured_high"]) if Fraction(of)]


def test_the_terminal(told: dict[str, Any]) -> None:
    out = StringIO()
    summary(AUDIT, Console(file=out, width=200), ())
    text = out.getvalue()
    top = text[: text.index("Where the bytes")]
    assert AMOUNT.findall(top) == headline(told)
    plan, findings = text[text.index("The plan, ") :].split("Findings, ")
    for step in told["plan"]:
        row = next(line for line in plan.splitlines() if f"Finding number {step['step'] - 1}" in line)
        assert AMOUNT.findall(row) == [usd(step["saving"])]
    shown = [line for line in findings.splitlines() if "Finding number" in line]
    assert len(shown) == 5
    for line in shown:
        finding = next(one for one in told["findings"] if one["title"] in line)
        assert AMOUNT.findall(line)[0] in savings(finding)
