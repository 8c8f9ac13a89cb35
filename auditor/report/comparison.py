"""A trial of changes on a terminal: the lines that change, the two sums, and what to beware of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from auditor.report.filters import price, quantity, usd
from auditor.report.html import LEVELS
from auditor.report.text import line, name, sentence, units

if TYPE_CHECKING:
    from decimal import Decimal

    from rich.console import Console

    from auditor.model.comparison import Amount, ChangedLine, Comparison, Sums


_WARNING_LENGTH = 1_000
_SUPPOSED = "Before differs where a reading supposes by which way bytes came that nobody attributed."


def print_comparison(compared: Comparison, console: Console) -> None:
    """Print it; it is for people, programs ask for JSON."""
    for change in compared.changes:
        console.print(Text(sentence(line(change))), soft_wrap=True)
    console.print()
    _print_lines(compared, console)
    console.print()
    _print_sums(compared, console)
    if compared.low.before != compared.high.before:
        console.print(Text(_SUPPOSED, "dim"), soft_wrap=True)
    console.print(Text(f"Evidence: {LEVELS[compared.evidence.value]}", "dim"))
    for warning in compared.warnings:
        console.print(Text(f"Warning: {line(warning, _WARNING_LENGTH)}", "yellow"), soft_wrap=True)


def _print_lines(compared: Comparison, console: Console) -> None:
    if not compared.lines:
        console.print("Nothing on the bill changes, as far as it was measured.")
        return
    at_most = "" if compared.expected else ", at the most"
    table = Table("resource", "line", box=None, header_style="bold", title_justify="left")
    for column in ("before", "USD", f"after{at_most}", "USD", "difference"):
        table.add_column(column, justify="right", no_wrap=True)
    for row in compared.lines:
        cells = (*_amount(row, row.before), *_amount(row, row.after), usd(row.difference))
        table.add_row(Text(name(row.resource)), Text(name(row.label)), *cells)
    console.print(table)


def _amount(row: ChangedLine, amount: Amount | None) -> tuple[str, str]:
    if amount is None:
        return "–", "–"
    product = f"{quantity(amount.quantity)} {units(name(row.unit), amount.quantity)} × {price(row.price)}"
    return product, usd(amount.usd)


def _print_sums(compared: Comparison, console: Console) -> None:
    table = Table("USD a month", box=None, header_style="bold")
    for column in ("before", "after", "saving"):
        table.add_column(column, justify="right", no_wrap=True)
    same = compared.low == compared.expected == compared.high
    rows = (
        (("expected", compared.expected),)
        if same
        else (
            ("low", compared.low),
            ("expected", compared.expected),
            ("high", compared.high),
        )
    )
    for word, sums in rows:
        table.add_row(word, *(_cells(sums) if sums else ("not measured", "", "")))
    console.print(table)


def _cells(sums: Sums) -> tuple[str, str, str]:
    before, after = _sum(sums.before, sums.unknown_before), _sum(sums.after, sums.unknown_after)
    return before, after, usd(sums.saving)


def _sum(amount: Decimal, unknown: int) -> str:
    return f"at least {usd(amount)}" if unknown else usd(amount)
