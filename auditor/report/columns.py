"""What a table is: named, typed columns, and how a cell is taken from a row.

A cell is exact and typed; `None` is unknown or does not exist, and stays empty in every format.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from functools import reduce
from typing import Any, TypeAlias

from auditor.report.view import View

Cell: TypeAlias = str | int | Decimal | date | None
"""Text, a flag or a whole number, an exact amount, a day or a moment; `None` is empty."""


class Kind(StrEnum):
    """What the cells of a column are, and so how a spreadsheet shows them."""

    TEXT = "text"
    PROSE = "sentences"
    FLAG = "true or false"
    USD = "USD a month"
    PRICE = "USD per unit"
    QUANTITY = "quantity"
    COUNT = "number"
    BYTES = "bytes"
    SHARE = "share of one"
    MOMENT = "time, UTC"
    DAY = "day"


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its name is stable, `says` is its documentation, `of` takes the cell from a row."""

    name: str
    kind: Kind
    says: str
    of: Callable[[Any], Cell]


@dataclass(frozen=True, slots=True)
class Table:
    """A table: what it is called, what a row is, its columns, and how its rows are taken from an audit."""

    name: str
    says: str
    columns: tuple[Column, ...]
    rows: Callable[[View], Iterable[Any]]

    @property
    def file(self) -> str:
        """What its CSV file is called."""
        return f"{self.name.lower().replace(' ', '-')}.csv"

    def cells(self, seen: View) -> Iterator[tuple[Cell, ...]]:
        """Row by row."""
        return (tuple(column.of(row) for column in self.columns) for row in self.rows(seen))


def column(name: str, kind: Kind, says: str, path: str = "") -> Column:
    """A column that shows the attribute at a path such as `finding.saving.low`; empty where the way there is."""
    names = (path or name).split(".")

    def find(row: object) -> Any:  # noqa: ANN401 -- of whatever type the attribute is
        return reduce(lambda value, part: None if value is None else getattr(value, part), names, row)

    return Column(name, kind, says, find)
