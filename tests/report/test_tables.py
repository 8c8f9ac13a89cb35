"""The tables as CSV and XLSX: what a program reads back is what the audit holds, and no cell runs anything."""

from __future__ import annotations

import csv
import re
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from io import BytesIO, StringIO
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from openpyxl import load_workbook

from auditor.model.audit import Acceptance, AcceptedBy, Audit, Status
from auditor.report.separated import FILES, inert, render_csv
from auditor.report.tables import SHEETS
from auditor.report.text import clean
from auditor.report.xlsx import near, render_xlsx
from tests.report.example import AUDIT, ENDPOINT_FINDING, HOSTILE, S3_FINDING, audit_with, blind_audit, empty_audit
from tests.report.example import hostile_audit as hostile

FORMULAS = (
    '=HYPERLINK("http://127.0.0.1/","x")',
    "+1+1",
    "-1+cmd|' /C calc'!A0",
    "@SUM(1+1)",
    "\t=1+1",
    "\r=1+1",
    ' "=1+1"',
    "x;=1+1;",
    "x\n=1+1",
    "\uff1d1+1",
)


def rows(audit: Audit, name: str) -> list[dict[str, str]]:
    """A CSV file as a program reads it."""
    return list(csv.DictReader(StringIO(render_csv(audit)[name].decode(), newline="")))


def book(audit: Audit) -> Any:  # noqa: ANN401 -- openpyxl publishes no types
    return load_workbook(BytesIO(render_xlsx(audit)))


def sheet(audit: Audit, name: str) -> list[dict[str, Any]]:
    header, *rest = book(audit)[name].iter_rows(values_only=True)
    return [dict(zip(header, row, strict=True)) for row in rest]


def test_csv_holds_exact_amounts_and_leaves_empty_what_is_unknown() -> None:
    first, second = rows(AUDIT, "findings.csv")
    assert (first["id"], first["number"], first["status"]) == (S3_FINDING.id, "1", "new")
    assert first["saving_high_usd"] == "178.165625"
    assert (second["saving_low_usd"], second["saving_expected_usd"]) == ("0", "")
    measured, unknown = rows(AUDIT, "nat-gateways.csv")
    assert measured["bytes_in_from_destination"] == "3324304687104"  # 3,096 × 2^30
    assert (unknown["monthly_cost_usd"], unknown["known_lines_usd"]) == ("", "75.92")
    assert (unknown["bytes_in_from_source"], unknown["coverage"]) == ("", "")
    assert [row["usd"] for row in rows(AUDIT, "totals.csv")] == [
        "295.65005",
        "14.6",
        "173.375",
        "417.290625",
        "136.87505",
    ]


def test_csv_is_rfc_4180() -> None:
    content = render_csv(AUDIT)["gaps.csv"].decode()
    assert content.splitlines(keepends=True)[0] == "account_id,region,source,action,reason\r\n"
    assert content.endswith("\r\n")
    quoted = replace(AUDIT.gaps[0], reason='said "no", twice')
    assert ',"said ""no"", twice"\r\n' in render_csv(audit_with(gaps=(quoted,)))["gaps.csv"].decode()


def test_each_table_is_there_with_its_header_also_without_rows() -> None:
    made = render_csv(empty_audit())
    assert set(made) == {
        "totals.csv",
        "findings.csv",
        "plan.csv",
        "nat-gateways.csv",
        "endpoints.csv",
        "gaps.csv",
        "scopes.csv",
        "prices.csv",
        "focus.csv",
    }
    assert all(content.count(b"\r\n") >= 1 for content in made.values())
    assert book(empty_audit()).sheetnames == [
        "Summary",
        "Findings",
        "Plan",
        "NAT gateways",
        "Endpoints",
        "Gaps",
        "Scopes",
        "Prices",
    ]


def test_names_of_columns_are_unique() -> None:
    for table in FILES:
        names = [column.name for column in table.columns]
        assert len(names) == len(set(names)), table.name


def test_an_audit_that_read_nothing_has_no_zero() -> None:
    assert {row["usd"] for row in rows(blind_audit(), "totals.csv")} == {""}
    summary = [row for row in book(blind_audit())["Summary"].iter_rows(values_only=True) if row[2] == "unknown"]
    assert len(summary) == 5
    assert {row[1] for row in summary} == {None}


def test_what_is_accepted_says_by_whom_and_until_when() -> None:
    accepted = replace(
        ENDPOINT_FINDING,
        status=Status.ACCEPTED,
        acceptance=Acceptance(AcceptedBy.CONFIGURATION, "net team", "a test", date(2027, 1, 31)),
        since=datetime(2026, 11, 2, 9, tzinfo=UTC),
    )
    row = rows(audit_with(findings=(accepted, S3_FINDING)), "findings.csv")[1]
    assert (row["status"], row["accepted_by"], row["accepted_owner"]) == ("accepted", "configuration", "net team")
    assert (row["accepted_until"], row["since"]) == ("2027-01-31", "2026-11-02T09:00:00Z")
    cells = sheet(audit_with(findings=(accepted, S3_FINDING)), "Findings")[1]
    assert (cells["accepted_until"], cells["since"]) == (datetime(2027, 1, 31), datetime(2026, 11, 2, 9))  # noqa: DTZ001 -- a sheet has no zones


def test_cells_of_the_workbook_are_typed() -> None:
    first, second = sheet(AUDIT, "NAT gateways")
    assert (first["monthly_cost_usd"], first["coverage"]) == (219.73005, 0.974365)
    assert first["bytes_in_from_destination"] == 3_324_304_687_104
    assert (second["monthly_cost_usd"], second["bytes_in_from_source"]) == (None, None)
    seen = replace(S3_FINDING, since=AUDIT.generated_at)
    found = book(audit_with(findings=(seen,)))["Findings"]
    formats = {cell.value: found.cell(2, cell.column).number_format for cell in found[1]}
    assert '"$"#,##0.00' in formats["saving_low_usd"]
    assert formats["since"] == "yyyy-mm-dd hh:mm"


def test_each_sheet_has_a_frozen_header_and_filters_over_all_its_rows() -> None:
    made = book(AUDIT)
    for table in SHEETS:
        found = made[table.name]
        assert found.freeze_panes == "A2"
        assert found.auto_filter.ref == f"A1:{found.cell(found.max_row, found.max_column).coordinate}"
        assert found.max_row == 1 + len(list(found.iter_rows(min_row=2)))
        widths = {n: one.width for one in found.column_dimensions.values() for n in range(one.min, one.max + 1)}
        assert all(len(cell.value) < widths[cell.column] < 61 for cell in found[1])


def test_the_first_sheet_says_the_totals_exactly_and_how_to_read() -> None:
    found = {row[0]: row[1:] for row in book(AUDIT)["Summary"].iter_rows(values_only=True)}
    assert found["What NAT gateways cost a month"] == (295.65005, "at least 295.65005")
    assert found["What the plan saves a month, measured"] == (173.375, "173.375")
    assert "NAT gateways: 2 rows" in found
    assert AUDIT.gaps
    assert any("2 gaps" in str(text) for text in found)


def test_the_same_audit_gives_the_same_bytes() -> None:
    assert render_xlsx(AUDIT) == render_xlsx(AUDIT)


@given(st.decimals("-1e7", "1e7", places=12))
@example(Decimal("1.00499999999999995"))  # as floating point it reads 1.005
@example(Decimal("0.0049999999999999999999"))
@example(Decimal("2.675"))
@example(Decimal("-0.015"))
def test_what_a_spreadsheet_shows_is_the_exact_amount_to_the_cent(amount: Decimal) -> None:
    """A spreadsheet rounds the 15 digits that it shows; by whole numbers of cents, halves away from zero."""

    def to_cents(exact: Decimal) -> int:
        numerator, denominator = exact.copy_abs().as_integer_ratio()
        return (200 * numerator + denominator) // (2 * denominator)

    shown = near(amount)
    assert to_cents(Decimal(f"{shown:.15g}")) == to_cents(amount)
    assert shown == pytest.approx(float(amount), abs=0.005)


@pytest.mark.parametrize("attack", FORMULAS)
def test_no_text_is_a_formula(attack: str) -> None:
    finding = replace(S3_FINDING, title=attack, resource=attack)
    audit = audit_with(findings=(finding,), plan=())
    (row,) = rows(audit, "findings.csv")
    assert not re.match(r"[=+\-@\t\r\uff1d\uff0b\uff0d\uff20]", row["title"])
    assert not re.search(r'[;\n]\s*"*[=+\-@]', row["title"])
    cell = next(cell for cell in book(audit)["Findings"][2] if cell.column_letter == "L")
    assert cell.data_type == "s"
    assert cell.hyperlink is None


@given(st.text() | st.sampled_from([*FORMULAS, *HOSTILE]), st.sampled_from([",", ";", "\t"]))
def test_no_cell_begins_a_formula_with_whatever_separator_the_file_is_read(text: str, separator: str) -> None:
    """As Excel with another list separator splits our files: what is quoted in the middle of a cell is not."""
    line = next(csv.reader([f"7{separator}x"], delimiter=separator))
    assert line == ["7", "x"]
    finding = replace(S3_FINDING, title=text, why=text)
    content = render_csv(audit_with(findings=(finding,), plan=()))["findings.csv"].decode()
    cells = [cell for row in csv.reader(StringIO(content, newline=""), delimiter=separator) for cell in row]
    assert not [cell for cell in cells if re.match(r'[\s"]*[=+\-@\uff1d\uff0b\uff0d\uff20]', cell)]


@given(st.text())
def test_text_is_kept_but_for_what_disarms_it(text: str) -> None:
    assert inert(text).replace("'", "") == clean(text).replace("'", "")
    assert len(inert(text)) <= len(text) + 1 + sum(text.count(char) for char in ";\t\n")


def test_amounts_below_zero_are_numbers_not_text() -> None:
    step = replace(AUDIT.plan[0], unmeasured_high=Decimal("-4.5"))
    audit = audit_with(plan=(step,))
    assert rows(audit, "plan.csv")[0]["unmeasured_high_usd"] == "-4.5"
    assert sheet(audit, "Plan")[0]["unmeasured_high_usd"] == -4.5


def test_no_amount_looks_like_zero_or_loses_its_sign() -> None:
    """LibreOffice shows a negative number without its sign where a format has conditions."""
    amounts = ("-33.335", "-0.004", "0", "0.004", "0.01", "7")
    plan = tuple(replace(AUDIT.plan[0], saving=Decimal(amount)) for amount in amounts)
    rows = book(audit_with(plan=plan))["Plan"].iter_rows(min_row=2, min_col=7, max_col=7)
    shown = [cell.number_format for (cell,) in rows]
    usual, tiny = '"$"#,##0.00;-"$"#,##0.00', '"< $0.01";"> -$0.01"'
    assert shown == [usual, tiny, usual, tiny, usual, usual]


def test_hostile_text_is_in_every_cell_that_it_stands_in() -> None:
    """Nothing is lost or shifted by what stands in a name; characters that steer are replaced."""
    audit = hostile()
    names = [row["name"] for row in rows(audit, "nat-gateways.csv")]
    assert names[0] == "<script>alert(1)</script>"
    assert names[6] == "x" * 10_000
    assert names[7] == "�[31mred�[0m �2J�"
    assert [row["name"] for row in sheet(audit, "NAT gateways")] == names
    assert "\u202e" not in str(sheet(audit, "Gaps"))


@given(st.lists(st.text() | st.sampled_from([*FORMULAS, *HOSTILE, "_x000D_ &#10; ]]>"]), min_size=1, max_size=8))
def test_any_text_comes_back_from_the_workbook_as_text(texts: list[str]) -> None:
    gaps = tuple(replace(AUDIT.gaps[0], reason=f"{text}.", action=text) for text in texts)
    found = book(audit_with(gaps=gaps))["Gaps"]
    for row, text in zip(found.iter_rows(min_row=2), texts, strict=True):
        assert (row[4].value, row[4].data_type) == (clean(f"{text}."), "s")
        assert row[3].data_type in {"s", "n"}  # an empty cell is "n"
        assert row[3].hyperlink is None


def test_a_text_longer_than_a_cell_is_cut_and_says_so() -> None:
    for filler in ("x", "🚀"):
        finding = replace(S3_FINDING, why=filler * 40_000)
        (cells,) = sheet(audit_with(findings=(finding,), plan=()), "Findings")
        assert cells["why"].endswith("…")
        assert len(cells["why"].encode("utf-16-le")) <= 2 * 32_767


def test_focus_has_a_row_for_each_line_and_is_empty_where_only_the_bill_knows() -> None:
    found = rows(AUDIT, "focus.csv")
    assert len(found) == 6  # two of each NAT gateway and of the endpoint
    first = {name: value for name, value in found[1].items() if value}
    assert first == {
        "AvailabilityZone": "us-east-1a",
        "BillingCurrency": "USD",
        "ChargeCategory": "Usage",
        "ChargeDescription": "NAT gateway: NAT gateway data processed",
        "ChargeFrequency": "Usage-Based",
        "ListCost": "186.88005",
        "ListUnitPrice": "0.045",
        "PricingCategory": "Standard",
        "PricingQuantity": "4152.89",
        "PricingUnit": "GB",
        "ProviderName": "AWS",
        "PublisherName": "AWS",
        "RegionId": "us-east-1",
        "ResourceId": "nat-0a11ce0000000000a",
        "ResourceName": "prod-a",
        "ResourceType": "NAT gateway",
        "ServiceCategory": "Networking",
        "ServiceName": "Amazon Elastic Compute Cloud",
        "SubAccountId": "111122223333",
        "x_ObservedEnd": "2026-11-20T00:00:00Z",
        "x_ObservedStart": "2026-10-21T00:00:00Z",
        "x_PriceDate": "2026-11-01",
        "x_PriceSource": "AWS price list",
        "x_VpcId": "vpc-0prod000000000001",
    }
    assert found[4]["ServiceName"] == "Amazon Virtual Private Cloud"
    unknown = found[3]
    assert (unknown["PricingQuantity"], unknown["PricingUnit"], unknown["ListCost"]) == ("", "", "")
    assert unknown["ListUnitPrice"] == "0.052"


def test_the_columns_of_focus_are_those_of_the_specification_in_its_order() -> None:
    """The mandatory columns of version 1.2 (its folder `specification/columns`, tag v1.2); ours stand last."""
    names = list(rows(AUDIT, "focus.csv")[0])
    own = [name for name in names if name.startswith("x_")]
    assert names == sorted(set(names) - set(own)) + sorted(own)
    mandatory = """BilledCost BillingAccountId BillingAccountName BillingCurrency BillingPeriodEnd BillingPeriodStart
        ChargeCategory ChargeClass ChargeDescription ChargePeriodEnd ChargePeriodStart ContractedCost EffectiveCost
        InvoiceIssuerName ListCost PricingQuantity PricingUnit ProviderName PublisherName ServiceCategory ServiceName"""
    assert set(mandatory.split()) <= set(names)


def test_the_costs_of_focus_add_up_to_the_totals() -> None:
    costs = [Decimal(row["ListCost"]) for row in rows(AUDIT, "focus.csv") if row["ListCost"]]
    assert sum(costs) == AUDIT.totals.nat_monthly_cost + AUDIT.totals.endpoint_monthly_cost
