"""Fields of lines as columns of numbers: eight characters are one word, as in memory, zero beyond the field."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Ints: TypeAlias = NDArray[np.int64]
Words: TypeAlias = NDArray[np.uint64]
Bools: TypeAlias = NDArray[np.bool_]

FRONT, BACK = b"\n" * 64, b"\n" * 16
"""What must stand before and after the lines of a block, so that reading whole words never leaves it."""

CODED = "-./0123456789"
"""What a coded field may hold; a character's code is its place, counted from 1, in four bits."""

_MOST_CODED = _MOST_DIGITS = 16
_WORD = 8
_FEW = 6
_FIRSTS = np.array([(1 << 8 * count) - 1 for count in range(9)], np.uint64)
_LASTS = ~_FIRSTS[::-1]
"""Masks of a word's first, and its last, so many characters."""


def _each(byte: int) -> np.uint64:
    """A word of eight such bytes."""
    return np.uint64(byte * 0x0101010101010101)


_HIGH = _each(0x80)
_DIGIT, _ABOVE_DIGIT = _each(ord("0")), _each(0x80 - 10)
_BELOW_CODED, _TO_CODED, _ABOVE_CODED = (
    _each(number) for number in (ord(CODED[0]) - 1, 0x80 - ord(CODED[0]), 0x7F - ord(CODED[-1]))
)


@dataclass(frozen=True)
class Column:
    """One field of some lines: where it ends in the block, in bytes, and how long it is."""

    words: Words
    ends: Ints
    lengths: Ints

    def at(self, rows: Ints | Bools) -> Column:
        """The same field of some of the lines."""
        return Column(self.words, self.ends[rows], self.lengths[rows])

    @cached_property
    def last(self) -> Words:
        """Its last eight characters."""
        return self.word(0)

    def word(self, number: int) -> Words:
        """The eight characters that end so many words before the field's end."""
        return self.words[self.ends - 8 * (number + 1)] & self._mask(_LASTS, number)

    def starts_with(self, text: bytes) -> Bools:
        """Whether it does, for a text of at most eight characters without a space."""
        begins = self.words[self.ends - self.lengths] & _FIRSTS[len(text)]
        found: Bools = begins == np.uint64(int.from_bytes(text, "little"))
        return found

    def is_dash(self) -> Bools:
        """Whether it is '-'."""
        if not self.lengths.size or self._shortest > 1:
            return np.zeros(self.lengths.size, np.bool_)
        found: Bools = (self.last == np.uint64(ord("-") << 56)) & (self.lengths == 1)
        return found

    def decimal(self) -> tuple[Ints, Bools]:
        """Its value, and whether it has one: 1 to 16 digits."""
        if not self.lengths.size:
            return self.lengths, np.ones(0, np.bool_)
        values, is_number = _eight_digits(self.last, self._mask(_LASTS, 0))
        if self._shortest < 1 or self._longest > _MOST_DIGITS:
            is_number &= (self.lengths > 0) & (self.lengths <= _MOST_DIGITS)
        if self._longest > _WORD:
            rows = None if self._shortest > _WORD else np.flatnonzero(self.lengths > _WORD)
            more, is_more = (self if rows is None else self.at(rows)).above()
            where = ... if rows is None else rows
            values[where] += more * 10**8
            is_number[where] &= is_more
        return values, is_number

    def above(self) -> tuple[Ints, Bools]:
        """The digits before the last eight; one for all lines where they are alike, as those of times are."""
        word = self.word(1)
        return _eight_digits(word[:1] if (word == word[0]).all() else word, self._mask(_LASTS, 1))

    def code(self) -> tuple[Words, Bools]:
        """Its characters as one number, the first one lowest, and whether it has one: at most 16, all of CODED."""
        starts = self.ends - self.lengths
        (first, is_first), (last, is_last) = (
            _eight_coded(self.words[starts + 8 * number], self._mask(_FIRSTS, number)) for number in (0, 1)
        )
        return first | last << np.uint64(32), is_first & is_last & (self.lengths <= _MOST_CODED)

    def _mask(self, masks: Words, number: int) -> Words:
        """One mask for all where that is enough: a tenth of the time."""
        inside = self._shortest - 8 * number
        if inside >= _WORD or self._shortest == self._longest:
            return masks[max(min(inside, _WORD), 0) :][:1]
        return masks.take(self.lengths - 8 * number, mode="clip")

    @cached_property
    def _shortest(self) -> int:
        return int(self.lengths.min(initial=1 << 40))

    @cached_property
    def _longest(self) -> int:
        return int(self.lengths.max(initial=0))


def _eight_digits(word: Words, mask: Words) -> tuple[Ints, Bools]:
    """The number that the end of a word spells, and whether all of it are digits; two, four, eight digits at a time."""
    digits = (word ^ _DIGIT) & mask
    is_number = (digits | digits + _ABOVE_DIGIT) & _HIGH == 0
    digits = digits * np.uint64(10 << 8 | 1) >> np.uint64(8) & np.uint64(0x00FF00FF00FF00FF)
    digits = digits * np.uint64(100 << 16 | 1) >> np.uint64(16) & np.uint64(0x0000FFFF0000FFFF)
    return (digits * np.uint64(10_000 << 32 | 1) >> np.uint64(32)).view(np.int64), is_number


def _eight_coded(word: Words, mask: Words) -> tuple[Words, Bools]:
    """Eight characters of four bits each, and whether all of them have a code; bytes are below 128."""
    chars = word & mask
    is_coded = (chars + _TO_CODED) & ~(chars + _ABOVE_CODED) & _HIGH == mask & _HIGH
    code = chars - (_BELOW_CODED & mask)
    code = (code | code >> np.uint64(4)) & np.uint64(0x00FF00FF00FF00FF)
    code = (code | code >> np.uint64(8)) & np.uint64(0x0000FFFF0000FFFF)
    return (code | code >> np.uint64(16)) & np.uint64(0xFFFFFFFF), is_coded


class Texts:
    """A few texts; finds which of them a field is. Length and all words are compared, so what it finds is right."""

    def __init__(self, texts: Iterable[str]) -> None:
        self._rounds: list[tuple[Ints, Ints, Words]] = []
        rest = [(number, text.encode()) for number, text in enumerate(texts)]
        while rest:  # one round finds texts that differ in their last eight characters: nearly always all
            last = {text[-8:]: (number, text) for number, text in reversed(rest)}
            self._rounds.append(_sorted(list(last.values())))
            rest = [one for one in rest if one not in last.values()]

    def find(self, column: Column) -> Ints:
        """The number of the text of each line, -1 for others."""
        found = np.full(column.lengths.size, -1)
        for number, texts in enumerate(self._rounds):
            if number:
                rest = np.flatnonzero(found < 0)
                found[rest] = _find(column.at(rest), *texts)
            else:
                found = _find(column, *texts)
        return found


def _find(column: Column, numbers: Ints, lengths: Ints, words: Words) -> Ints:
    """Among texts that differ in their last words, by which they are sorted."""
    found = np.full(column.lengths.size, -1)
    if len(words) == 1 and numbers.size <= _FEW:
        for number, length, word in zip(numbers, lengths, words[0], strict=True):
            np.copyto(found, number, where=(column.last == word) & (column.lengths == length))
        return found
    places = np.minimum(np.searchsorted(words[0], column.last), numbers.size - 1)
    rows = np.flatnonzero((words[0].take(places) == column.last) & (lengths.take(places) == column.lengths))
    some, places = column.at(rows), places[rows]
    is_same = np.ones(rows.size, np.bool_)
    for number in range(1, len(words)):
        is_same &= some.word(number) == words[number].take(places)
    np.put(found, rows[is_same], numbers.take(places[is_same]))
    return found


def _sorted(texts: Sequence[tuple[int, bytes]]) -> tuple[Ints, Ints, Words]:
    """Numbers, lengths and words (number of the word × text), in the order of the last words."""
    count = max(-(-len(text) // 8) for _, text in texts)
    padded = b"".join(text.rjust(8 * count, b"\0") for _, text in texts)
    words = np.frombuffer(padded, "<u8").reshape(-1, count).T[::-1]
    order = np.argsort(words[0])
    numbers = np.array([number for number, _ in texts], np.int64)[order]
    lengths = np.array([len(text) for _, text in texts], np.int64)[order]
    return numbers, lengths, np.ascontiguousarray(words[:, order])
