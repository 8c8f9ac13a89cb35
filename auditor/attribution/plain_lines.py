"""Lines of flow records -> columns of numbers: the many that are plain, losslessly; the odd ones stay as they are.

Nothing is judged here. A plain line is ASCII with the right number of single spaces, its numbers have at most 16 digits
(bytes may be '-'), action and log-status are known words, and where its interface is a NAT gateway's, its addresses
have at most 16 characters out of digits, dots and hyphens. What cannot matter is not kept: the addresses of records of
other interfaces or outside the window. Odd lines are handed back verbatim, for an engine that reads whatever there is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np

from auditor.attribution.counting import NAMING, USED, Seconds, moment_of
from auditor.attribution.record_format import RecordFormat
from auditor.attribution.words import BACK, FRONT, Bools, Column, Ints, Texts, Words

ACTIONS = ("ACCEPT", "REJECT", "-")
STATUSES = ("OK", "NODATA", "SKIPDATA", "-")
ADDRESSES = ("srcaddr", "dstaddr", "pkt-srcaddr", "pkt-dstaddr")

STATES = 64
"""A state is four bits of action and log-status, one that bytes are there, one that it is outside of the window."""

Carried: TypeAlias = tuple[Ints | Words, ...]
Extent: TypeAlias = tuple[int | None, int | None]

_KEY = re.compile(r"[!-~]{1,64}")
_NEWLINE, _SPACE = 10, 32
_PRIVATE = b"10."
_TIMES: tuple[str, ...] = ("start", "end")
_NO_TIMES = np.zeros(0, np.int64)


@dataclass(frozen=True, slots=True)
class Split:
    """The lines of a block.

    `carried` has a row for each record of a NAT gateway that may tell something: the gateway's key (from 1) × STATES +
    state, codes of the addresses, bytes (0 for '-'). `others` counts all other plain records by state; `extent` is the
    first start and the last end in the window.
    """

    carried: Carried = ()
    others: Ints = field(default_factory=lambda: np.zeros(STATES, np.int64))
    extent: Extent = (None, None)
    odd: bytes = b""


@dataclass
class Splitter:
    """Splits blocks of lines of one format; `keys` name NAT gateways.

    With `skips_private` records between two addresses that begin with 10. are as good as another interface's.
    """

    form: RecordFormat
    keys: Iterable[str]
    window: Seconds | None = None
    skips_private: bool = False

    def __post_init__(self) -> None:
        self.known = [key for key in dict.fromkeys(self.keys) if _KEY.fullmatch(key) and key != "-"]
        self.addresses = [name for name in ADDRESSES if name in self.form.fields]
        used = [name for name in self.form.fields if name in USED]
        self._is_known = len(set(used)) == len(used)
        self._private = [self.addresses.index(name) for name in _told(self.form.fields)] if self.skips_private else []
        self._texts = {"action": Texts(ACTIONS), "log-status": Texts(STATUSES), "key": Texts(self.known)}

    def split(self, lines: bytes) -> Split:
        """Whole lines between FRONT and BACK."""
        ends = self._ends(lines)
        if ends is None:
            return Split(odd=lines[len(FRONT) : -len(BACK)])
        block = _Block(self.form.fields, lines, ends)
        sizes = block.numbers("bytes", or_dash=True)
        states = self._states(block, sizes)
        keys = self._keys(block, states)
        rows, codes = self._codes(block, np.flatnonzero(keys >= 0))
        plain = states if block.is_all_plain else states[block.is_plain]
        others = np.bincount(plain, minlength=STATES) - np.bincount(states[rows], minlength=STATES)
        carried = ((keys[rows] + 1) * STATES + states[rows], *codes, np.maximum(sizes[rows], 0))
        return Split(carried, others, block.extent(states & 1 == 0), block.odd())

    def _ends(self, lines: bytes) -> Ints | None:
        """Where each field ends (line × field), if all lines have their number of fields and nothing strange."""
        text = np.frombuffer(lines, np.int8)[len(FRONT) : -len(BACK)]  # beyond ASCII is below zero
        marks = np.flatnonzero(text <= _SPACE)
        if not self._is_known or not marks.size or marks.size % len(self.form.fields):
            return None
        ends = marks.reshape(-1, len(self.form.fields))
        is_regular = np.count_nonzero(text == _SPACE) == marks.size - len(ends)
        return ends if is_regular and (text[ends[:, -1]] == _NEWLINE).all() else None

    def _states(self, block: _Block, sizes: Ints) -> Ints:
        words = [block.among(name, self._texts[name]) for name in ("action", "log-status")]
        block.times = {name: block.numbers(name) for name in _TIMES if name in self.form.fields}
        moment = block.times.get(moment_of(self.form.fields))
        outside: Bools | int = 0
        if self.window and moment is not None:
            outside = (moment < self.window[0]) | (moment >= self.window[1])
        return ((words[0] << 2 | words[1]) << 1 | (sizes >= 0)) << 1 | outside

    def _keys(self, block: _Block, states: Ints) -> Ints:
        """The number of each line's key: the first of the naming fields that is no '-'; -1 where it is nobody's."""
        keys = np.full(len(states), -1)
        for name in reversed([name for name in NAMING if name in self.form.fields]):
            column = block[name]
            found, is_dash = self._texts["key"].find(column), column.is_dash()
            keys = np.where(is_dash, keys, found) if is_dash.any() else found
        is_outside = states & 1 == 1
        if is_outside.any() or not block.is_all_plain:
            keys[~block.is_plain | is_outside] = -1
        return keys

    def _codes(self, block: _Block, rows: Ints) -> tuple[Ints, list[Words]]:
        """Those of the lines that tell something and are plain, and the codes of their addresses."""
        columns = [block[name].at(rows) for name in self.addresses]
        if self._private:
            source, destination = (columns[place].starts_with(_PRIVATE) for place in self._private)
            telling = np.flatnonzero(~(source & destination))
            rows, columns = rows[telling], [column.at(telling) for column in columns]
        codes, good = zip(*(column.code() for column in columns), strict=True)
        is_coded = np.logical_and.reduce(good)
        if not is_coded.all():
            block.is_plain[rows[~is_coded]] = False
            return rows[is_coded], [code[is_coded] for code in codes]
        return rows, list(codes)


def _told(fields: Sequence[str]) -> tuple[str, str]:
    """The addresses that the counting looks at where it cannot tell legs apart."""
    return ("srcaddr", "dstaddr") if "srcaddr" in fields else ("pkt-srcaddr", "pkt-dstaddr")


class _Block:
    """The fields of regular lines; what turns out not to be plain is marked."""

    def __init__(self, fields: Sequence[str], lines: bytes, ends: Ints) -> None:
        self.is_plain = np.ones(len(ends), np.bool_)
        self.times: dict[str, Ints] = {}
        self._lines = lines
        self._ends = np.ascontiguousarray(ends.T) + len(FRONT)
        self._places = {name: place for place, name in enumerate(fields)}
        # A word begins at every byte: this array's items overlap.
        self._words: Words = np.ndarray(len(lines) - 7, "<u8", lines, strides=(1,))

    def __getitem__(self, name: str) -> Column:
        place = self._places[name]
        ends = self._ends[place]
        before = self._ends[place - 1] if place else self._line_starts() - 1
        return Column(self._words, ends, ends - before - 1)

    def among(self, name: str, texts: Texts) -> Ints:
        """Which of the texts; 0 where the lines have no such field."""
        if name not in self._places:
            return np.zeros(len(self.is_plain), np.int64)
        found = texts.find(self[name])
        self.is_plain &= found >= 0
        return found

    def numbers(self, name: str, *, or_dash: bool = False) -> Ints:
        """Values; -1 for '-' if that may be."""
        column = self[name]
        values, is_number = column.decimal()
        if not is_number.all():
            values[~is_number] = -1
            self.is_plain &= (is_number | column.is_dash()) if or_dash else is_number
        return values

    def extent(self, which: Bools) -> Extent:
        """The first start and the last end of plain ones among them."""
        rows = which & self.is_plain
        times = [self.times.get(name, _NO_TIMES) for name in _TIMES]
        starts, ends = times if rows.all() else (one[rows] if one.size else one for one in times)
        return (int(starts.min()) if starts.size else None), (int(ends.max()) if ends.size else None)

    @property
    def is_all_plain(self) -> bool:
        """Whether no line is odd so far."""
        return bool(self.is_plain.all())

    def odd(self) -> bytes:
        """The lines that are not plain."""
        rows = np.flatnonzero(~self.is_plain)
        starts, ends = self._line_starts()[rows].tolist(), self._ends[-1][rows].tolist()
        return b"".join([self._lines[start : end + 1] for start, end in zip(starts, ends, strict=True)])

    def _line_starts(self) -> Ints:
        return np.concatenate(([len(FRONT)], self._ends[-1][:-1] + 1))
