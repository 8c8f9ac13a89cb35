"""The tables as a workbook: a sheet that tells how to read it, then one per table, with filters and typed cells.

Text is written as text, never as a formula or a link. A spreadsheet holds binary floating point: the exact decimals
stand in the CSV files and in `audit.json`, here each amount is one that rounds to the same cent.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from io import BytesIO
from typing import TYPE_CHECKING, Any

from xlsxwriter import Workbook

from auditor.model.plain import plain
from auditor.report.changes import changes
from auditor.report.columns import Cell, Kind, Table
from auditor.report.filters import CENT, UNKNOWN, cents, moment, period
from auditor.report.tables import SHEETS, Total, totals
from auditor.report.text import clean, counted
from auditor.report.view import View, view

if TYPE_CHECKING:
    from auditor.model.audit import Audit

_OPTIONS = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
"""In memory, since a container may have no folder for temporary files."""

_LONGEST = 16_000
"""Excel takes 32,767 UTF-16 units in a cell, of which a character may need two."""

_FORMATS = {
    Kind.USD: '"$"#,##0.00;-"$"#,##0.00',
    Kind.PRICE: '"$"0.00########',
    Kind.QUANTITY: "#,##0.00",
    Kind.COUNT: "0",
    Kind.BYTES: "#,##0",
    Kind.SHARE: "0.0%",
    Kind.MOMENT: "yyyy-mm-dd hh:mm",
    Kind.DAY: "yyyy-mm-dd",
}
_TINY = '"< $0.01";"> -$0.01"'
"""What is not zero never looks like zero. A format with conditions could do it, but LibreOffice drops its minus."""

_WIDTH = 12
_WIDTHS = {Kind.TEXT: 24, Kind.PROSE: 60, Kind.BYTES: 20, Kind.USD: 16, Kind.MOMENT: 18}
_FILTER_ARROW = 3

_HOW = (
    "An empty cell is unknown, or there is no such thing. It never stands for 0.",
    "Amounts are USD a month of 730 hours at list prices. What could not be read is in none of them: see Gaps, Scopes.",
    "Savings of findings overlap. Those of the plan do not: its measured savings add up to the figure above.",
    "What was not measured stands in columns of its own, and is never added to what was.",
    "Cells hold floating point. The exact decimals stand in the CSV files and in audit.json.",
)


def render_xlsx(audit: Audit) -> bytes:
    """The workbook; the same audit gives the same bytes."""
    seen, out = view(audit), BytesIO()
    with Workbook(out, _OPTIONS) as book:
        book.set_properties({"title": "AWS network costs", "created": _without_zone(audit.generated_at)})
        styles = _Styles.of(book)
        _write_summary(_Sheet(book.add_worksheet("Summary"), styles), seen)
        for table in SHEETS:
            _write_table(_Sheet(book.add_worksheet(table.name), styles), table, seen)
    return out.getvalue()


def near(amount: Decimal) -> float:
    """The amount as floating point that rounds to the same cent by the 15 digits that spreadsheets show."""
    number = float(amount)
    return number if cents(Decimal(f"{number:.15g}")) == cents(amount) else float(cents(amount))


@dataclass(frozen=True, slots=True)
class _Styles:
    """What cells look like."""

    kinds: dict[Kind, Any]
    tiny: Any
    title: Any
    header: Any

    @classmethod
    def of(cls, book: Workbook) -> _Styles:
        return cls(
            {kind: book.add_format({"num_format": text}) for kind, text in _FORMATS.items()},
            book.add_format({"num_format": _TINY, "align": "right"}),
            book.add_format({"bold": True}),
            book.add_format({"bold": True, "bottom": 1, "bg_color": "#E8EEF2"}),
        )

    def style(self, cell: Cell, kind: Kind) -> Any:  # noqa: ANN401 -- XlsxWriter publishes no types
        """How a cell of a kind is shown."""
        is_tiny = kind is Kind.USD and isinstance(cell, Decimal) and 0 < cell.copy_abs() < CENT
        return self.tiny if is_tiny else self.kinds.get(kind)


class _Sheet:
    """A sheet that is written row by row."""

    def __init__(self, sheet: Any, styles: _Styles) -> None:  # noqa: ANN401 -- the same
        self.sheet, self.styles, self.rows = sheet, styles, 0

    def widths(self, widths: Iterable[int]) -> None:
        """How wide the columns are, in characters."""
        for number, width in enumerate(widths):
            self.sheet.set_column(number, number, width)

    def words(self, *words: str, style: Any = None) -> None:  # noqa: ANN401 -- the same
        """A row of text."""
        for number, text in enumerate(words):
            self.sheet.write_string(self.rows, number, _short(text), style)
        self.rows += 1

    def cells(self, cells: Sequence[Cell], kinds: Sequence[Kind]) -> None:
        """A row of typed cells."""
        for number, (cell, kind) in enumerate(zip(cells, kinds, strict=True)):
            self._write((self.rows, number), cell, self.styles.style(cell, kind))
        self.rows += 1

    def _write(self, place: tuple[int, int], cell: Cell, style: Any) -> None:  # noqa: ANN401 -- the same
        if isinstance(cell, str):
            self.sheet.write_string(*place, _short(cell))
        elif isinstance(cell, bool):
            self.sheet.write_boolean(*place, cell)
        elif isinstance(cell, date):
            self.sheet.write_datetime(*place, _without_zone(cell), style)
        elif cell is not None:
            self.sheet.write_number(*place, near(cell) if isinstance(cell, Decimal) else cell, style)


def _write_table(sheet: _Sheet, table: Table, seen: View) -> None:
    columns, kinds = table.columns, [one.kind for one in table.columns]
    sheet.widths(max(_WIDTHS.get(one.kind, _WIDTH), len(one.name) + _FILTER_ARROW) for one in columns)
    sheet.words(*(one.name for one in columns), style=sheet.styles.header)
    for row in table.cells(seen):
        sheet.cells(row, kinds)
    sheet.sheet.freeze_panes(1, 0)
    sheet.sheet.repeat_rows(0)
    sheet.sheet.set_landscape()
    sheet.sheet.autofilter(0, 0, sheet.rows - 1, len(columns) - 1)


def _write_summary(sheet: _Sheet, seen: View) -> None:
    audit = seen.audit
    sheet.widths((52, 18, 44))
    sheet.sheet.fit_to_pages(1, 0)
    sheet.words("AWS network costs", style=sheet.styles.title)
    sheet.words(f"{period(audit.window)}, made {moment(audit.generated_at)}")
    sheet.words(seen.seen)
    sheet.words()
    sheet.words("Figure", "USD a month", "Exactly", style=sheet.styles.header)
    for total in totals(seen):
        sheet.cells(_summed(total), (Kind.TEXT, Kind.USD, Kind.TEXT))
    _write_list(sheet, "Since the last run", (one.text for one in changes(audit)))
    _write_list(sheet, "How to read this", _HOW)
    counts = ((table.name, sum(1 for _ in table.rows(seen))) for table in SHEETS)
    _write_list(sheet, "Sheets", (f"{name}: {counted(count, 'row')}" for name, count in counts))


def _write_list(sheet: _Sheet, title: str, sentences: Iterable[str]) -> None:
    """A title and the sentences below it; nothing where there are none."""
    for number, sentence in enumerate(sentences):
        if not number:
            sheet.words()
            sheet.words(title, style=sheet.styles.title)
        sheet.words(sentence)


def _summed(total: Total) -> tuple[Cell, ...]:
    usd = total.amount.usd
    exactly = UNKNOWN if usd is None else f"{'at least ' if total.amount.at_least else ''}{plain(usd)}"
    return (total.says, usd, exactly)


def _short(text: str) -> str:
    """The text, clean, as far as a cell holds it."""
    shown = clean(text)
    return shown if len(shown) <= _LONGEST else f"{shown[: _LONGEST - 1]}…"


def _without_zone(when: date) -> date:
    """A spreadsheet knows no time zones: moments are in UTC."""
    return when.astimezone(UTC).replace(tzinfo=None) if isinstance(when, datetime) else when
