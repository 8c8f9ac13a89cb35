"""The tables as CSV files (RFC 4180, UTF-8, exact decimals), for other programs.

Whoever opens them in a spreadsheet runs no formula: text that would begin one gets an apostrophe before it, also
where another separator than the comma (`;` in half of Europe) would begin a cell within it. Numbers are no text.
"""

from __future__ import annotations

import csv
import re
from io import StringIO
from typing import TYPE_CHECKING

from auditor.model.plain import plain
from auditor.report.columns import Cell, Table
from auditor.report.focus import FOCUS
from auditor.report.tables import SHEETS, TOTALS
from auditor.report.text import clean
from auditor.report.view import View, view

if TYPE_CHECKING:
    from auditor.model.audit import Audit

FILES = (TOTALS, *SHEETS, FOCUS)

_FORMULA = re.compile(
    r"^(?=\t)"
    r'|(?:^|[;\t\n])[\s"\']*(?=[=+\-@\uff0b\uff0d\uff1d\uff20])'  # their full-width forms are read alike
)
"""Where a formula could begin. OWASP, "CSV Injection" (read 2026-11-29)."""


def render_csv(audit: Audit) -> dict[str, bytes]:
    """Each table as a file with a header, also where it has no rows."""
    seen = view(audit)
    return {table.file: _file(table, seen).encode() for table in FILES}


def inert(text: str) -> str:
    """The text, clean, with an apostrophe wherever a spreadsheet would see the begin of a formula."""
    return _FORMULA.sub(lambda found: f"{found[0]}'", clean(text))


def _file(table: Table, seen: View) -> str:
    out = StringIO()
    written = csv.writer(out)
    written.writerow(column.name for column in table.columns)
    written.writerows([_text(cell) for cell in row] for row in table.cells(seen))
    return out.getvalue()


def _text(cell: Cell) -> str:
    """Empty where it is unknown; decimals with all their digits, times in UTC."""
    if isinstance(cell, str):
        return inert(cell)
    if isinstance(cell, bool):
        return str(cell).lower()
    return "" if cell is None else str(plain(cell))
