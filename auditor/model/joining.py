"""Pieces of evidence of one run, such as that of each account, as the evidence of the whole run."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date

from auditor.model.evidence import Evidence, Gap, Scope, Series, summed
from auditor.model.money import Price, Prices


def joined(pieces: Sequence[Evidence]) -> Evidence:
    """One piece of evidence of several; the order of the pieces does not matter, but for notes.

    They are of one run: of the same moment, window and constraints, and no scope stands in two of them.
    """
    first = pieces[0]
    return Evidence(
        version=first.version,
        generated_at=first.generated_at,
        window=first.window,
        scopes=tuple(sorted((scope for one in pieces for scope in one.scopes), key=_place)),
        prices=Prices(_prices(row for one in pieces for row in one.prices.rows)),
        gaps=tuple(sorted((gap for one in pieces for gap in one.gaps), key=_words)),
        notes=tuple(dict.fromkeys(note for one in pieces for note in one.notes)),
        calls=summed(call for one in pieces for call in one.calls),
        constraints=first.constraints,
    )


Days = tuple[date, ...]


def with_shared_days(piece: Evidence, known: dict[Days, Days]) -> Evidence:
    """The piece with one tuple for all its series of the same days, as `known` has them: half of what a piece takes.

    Pieces of one run are of one window, so that hardly any series has days of its own.
    """
    scopes = (replace(scope, series=tuple(_sharing(one, known) for one in scope.series)) for scope in piece.scopes)
    return replace(piece, scopes=tuple(scopes))


def _sharing(series: Series, known: dict[Days, Days]) -> Series:
    return replace(series, days=known.setdefault(series.days, series.days))


def _place(scope: Scope) -> tuple[str, str]:
    return scope.account_id, scope.region


def _words(gap: Gap) -> tuple[str, ...]:
    return gap.account_id, gap.source, gap.region, gap.action, gap.reason


def _prices(rows: Iterable[Price]) -> tuple[Price, ...]:
    """Each price once, by region. Pieces that asked at different moments may differ: one of them counts for all."""
    found = {
        (row.region, row.item, row.from_quantity): row for row in sorted(rows, key=lambda row: (row.as_of, row.usd))
    }
    return tuple(sorted(found.values(), key=lambda row: (row.region, row.item, row.from_quantity)))
