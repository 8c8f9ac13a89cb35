"""A query of CloudWatch Logs Insights that sums flow records, and what its answer says.

Every format is parsed out of the message, the default one too: one way for all, which depends neither on what Insights
discovers by itself nor on the class of the log group. Syntax: CloudWatch Logs user guide, "Logs Insights QL"; an
event's timestamp is the start of its record: VPC guide, "Publish flow logs to CloudWatch Logs" (read 2026-11-22).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from auditor.attribution.counting import record_keys
from auditor.attribution.record_format import RecordFormat
from auditor.aws.failures import AwsFailureError, Kind
from auditor.model.resources import NatGateway

MOST_ROWS = 100_000
"""Of one query (CloudWatch Logs API reference, StartQuery, read 2026-11-22)."""

ROWS_A_PAGE = 10_000
"""Of one answer of GetQueryResults (the same), and of a whole query where AWS has not raised that limit yet."""

_GROUPED = (
    *("interface-id", "resource-id", "srcaddr", "dstaddr", "pkt-srcaddr", "pkt-dstaddr", "action", "log-status"),
)
_SUMMED = {"bytes": "sum", "start": "min", "end": "max"}
_EXACT = 2**53
"""Insights adds up in floating point numbers, which hold integers exactly up to here: 9 PB."""

_Cell = str | int | None


@dataclass(frozen=True, slots=True)
class Span:
    """A part of the window in seconds since 1970, the end excluded."""

    start: int
    end: int

    @property
    def seconds(self) -> int:
        """How long it is."""
        return self.end - self.start


def grouped(form: RecordFormat) -> RecordFormat:
    """What an answer's rows have of a record's fields."""
    return RecordFormat(tuple(name for name in (*_GROUPED, *_SUMMED) if name in form.fields))


def query_text(form: RecordFormat, gateways: Sequence[NatGateway], span: Span) -> str:
    """Sums of the gateways' records that start in the span.

    A log group may hold records of other formats: a longer one leaves blanks in the last field. Insights' own range
    includes both of its ends, so the span is asked for in the query too: no record at its border comes twice.
    """
    names = [_parsed(name, number) for number, name in enumerate(form.fields)]
    kept = grouped(form).fields
    sums = [f"{how}({_named(name)}) as {how}_{_named(name)}" for name, how in _SUMMED.items() if name in kept]
    lines = [
        f'parse @message "{" ".join("*" * len(names))}" as {", ".join(names)}',
        f"filter {_is_of(form, gateways)}",
        f'filter {names[-1]} not like " "',
        f"filter toMillis(@timestamp) >= {span.start * 1000} and toMillis(@timestamp) < {span.end * 1000}",
        f"stats {', '.join([*sums, 'count(*) as records'])} by {', '.join(_named(n) for n in kept if n in _GROUPED)}",
        f"limit {MOST_ROWS}",
    ]
    return "\n| ".join(lines)


def rows(form: RecordFormat, results: Iterable[Sequence[dict[str, Any]]]) -> list[dict[str, _Cell]]:
    """The answer's rows by the fields of `grouped(form)`, and `records`."""
    kept = grouped(form).fields
    return [_row(kept, {cell.get("field"): cell.get("value") for cell in cells}) for cells in results]


def whole(value: object) -> int | None:
    """A number of Insights, which may look like 1.5E9; `None` where there is none.

    `AwsFailureError` where it may have been rounded.
    """
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return None
    if not number.is_finite():
        return None
    if number != int(number) or number >= _EXACT:
        raise AwsFailureError(Kind.UNKNOWN, f"logs:GetQueryResults: {value!r} may be rounded: read a shorter window")
    return int(number)


def _row(kept: Iterable[str], cells: dict[Any, Any]) -> dict[str, _Cell]:
    row: dict[str, _Cell] = {"records": whole(cells.get("records")) or 0}
    for name in kept:
        if name in _SUMMED:
            row[name] = whole(cells.get(f"{_SUMMED[name]}_{_named(name)}"))
        else:
            text = cells.get(_named(name))
            row[name] = None if text in {None, "", "-"} else str(text)
    return row


def _is_of(form: RecordFormat, gateways: Sequence[NatGateway]) -> str:
    """By the very keys that the counting knows the gateways by; a format need not have both fields."""
    keys = json.dumps(sorted({key for key, *_ in record_keys(gateways)}))
    known = [name for name in ("interface-id", "resource-id") if name in form.fields]
    return " or ".join(f"{_named(name)} in {keys}" for name in known)


def _parsed(name: str, number: int) -> str:
    return _named(name) if name in _GROUPED or name in _SUMMED else f"unused_{number}"


def _named(name: str) -> str:
    """No name that Insights has discovered by itself, such as `bytes` or `end`, is given anew."""
    return f"record_{name.replace('-', '_')}"
