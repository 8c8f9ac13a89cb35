"""Writes Parquet files of every shape that pages may have, which no one writer makes: by hand, from the format's text.

https://github.com/apache/parquet-format, read on 2026-11-29.
"""

from __future__ import annotations

import gzip
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

Value = str | int | None
Struct = dict[int, "I32 | I64 | bytes | bool | list[I32] | list[bytes] | list[Struct] | Struct"]

INT32, INT64, BYTE_ARRAY = 1, 2, 6
PLAIN, PLAIN_DICTIONARY, RLE, RLE_DICTIONARY = 0, 2, 3, 8
UNCOMPRESSED, SNAPPY, GZIP = 0, 1, 2
DATA, DICTIONARY, DATA_V2 = 0, 2, 3


class I32(int):
    """A number of 32 bits in Thrift's compact protocol."""


class I64(int):
    """A number of 64 bits."""


def varint(number: int) -> bytes:
    """Seven bits a byte, the lowest first."""
    found = bytearray()
    while number > 127:
        found.append(number & 127 | 128)
        number >>= 7
    return bytes([*found, number])


def thrift(struct: Struct) -> bytes:
    """A struct in Thrift's compact protocol."""
    found = bytearray()
    for last, (number, value) in zip([0, *sorted(struct)], sorted(struct.items()), strict=False):
        kind = (1 if value else 2) if isinstance(value, bool) else _kind(value)
        found.append((number - last) << 4 | kind)
        found += b"" if isinstance(value, bool) else _encoded(value)
    return bytes(found) + b"\0"


def _kind(value: object) -> int:
    return next(kind for one, kind in ((I32, 5), (I64, 6), (bytes, 8), (list, 9), (dict, 12)) if isinstance(value, one))


def _encoded(value: object) -> bytes:
    if isinstance(value, int):
        return varint(value << 1 if value >= 0 else -value * 2 - 1)
    if isinstance(value, bytes):
        return varint(len(value)) + value
    if isinstance(value, list):
        size = bytes([len(value) << 4 | _kind(value[0])]) if len(value) < 15 else b""
        size = size or bytes([0xF0 | _kind(value[0])]) + varint(len(value))
        return size + b"".join(map(_encoded, value))
    assert isinstance(value, dict)
    return thrift(value)


def hybrid(numbers: Sequence[int], width: int, chance: random.Random) -> bytes:
    """Run lengths and packed bits, as chance will have it."""
    found, place = bytearray(), 0
    while place < len(numbers):
        alike = next((n for n in range(place, len(numbers)) if numbers[n] != numbers[place]), len(numbers)) - place
        if alike >= 8 or chance.random() < 0.3:
            count = chance.randint(1, alike)
            found += varint(count << 1) + numbers[place].to_bytes((width + 7) // 8, "little")
            place += count
        else:
            groups = chance.randint(1, max(1, (len(numbers) - place) // 8))
            some = numbers[place : place + 8 * groups]
            bits = sum(number << (width * index) for index, number in enumerate(some))
            found += varint(groups << 1 | 1) + bits.to_bytes(width * groups, "little")
            place += 8 * groups
    return bytes(found)


def snappy(content: bytes, chance: random.Random) -> bytes:
    """Literals, and copies of four to eleven, or up to 64 bytes, where there is something to copy."""
    found, place = bytearray(varint(len(content))), 0
    last: dict[bytes, int] = {}
    while place < len(content):
        back = place - last.get(content[place : place + 4], place)
        last[content[place : place + 4]] = place
        alike = 0
        while (
            back
            and alike < 64
            and place + alike < len(content)
            and content[place + alike - back] == content[place + alike]
        ):
            alike += 1
        if 4 <= alike < 12 and back < 2048:
            found += bytes([back >> 8 << 5 | (alike - 4) << 2 | 1, back & 255])
        elif alike >= 4:
            size = chance.choice([2, 4]) if back < 65536 else 4
            found += bytes([(alike - 1) << 2 | (2 if size == 2 else 3)]) + back.to_bytes(size, "little")
        else:
            alike = min(chance.choice([1, 2, 3, 17, 61, 300]), len(content) - place)
            long = (alike - 1).to_bytes(2, "little") if alike > 60 else b""
            found += bytes([61 << 2]) + long if long else bytes([(alike - 1) << 2])
            found += content[place : place + alike]
        place += alike
    return bytes(found)


def packed(content: bytes, codec: int, chance: random.Random) -> bytes:
    """By that codec."""
    return {SNAPPY: lambda: snappy(content, chance), GZIP: lambda: gzip.compress(content)}.get(codec, lambda: content)()


@dataclass
class Column:
    """One of the columns to write: what it is and how it is stored."""

    name: str
    kind: int
    codec: int
    values: list[Value]
    chance: random.Random
    is_optional: bool = field(kw_only=True)
    at: int = 0
    first_page: int = 0
    content: bytearray = field(default_factory=bytearray)
    dictionary: list[Value] = field(default_factory=list)

    def plain(self, values: Sequence[Value]) -> bytes:
        """One behind the other."""
        if self.kind == BYTE_ARRAY:
            texts = [str(value).encode("utf-8", "surrogateescape") for value in values]
            return b"".join(len(text).to_bytes(4, "little") + text for text in texts)
        size = 4 if self.kind == INT32 else 8
        return b"".join(int(value or 0).to_bytes(size, "little", signed=True) for value in values)

    def write(self, at: int) -> None:
        """A dictionary or none, and pages of it and of values as they are."""
        self.at = self.first_page = at
        if self.chance.random() < 0.6:
            self.dictionary = sorted({value for value in self.values if value is not None}, key=str)
            self._page(DICTIONARY, self.plain(self.dictionary), {7: {1: I32(len(self.dictionary)), 2: I32(PLAIN)}})
            self.first_page = at + len(self.content)
        count = len(self.values)
        cuts = sorted({0, count, *(self.chance.randint(0, count) for _ in range(self.chance.randint(0, 4)))})
        for first, end in pairwise(cuts):
            self._data(self.values[first:end])

    def _data(self, values: Sequence[Value]) -> None:
        is_second = self.chance.random() < 0.4
        present = [value for value in values if value is not None]
        levels = hybrid([int(value is not None) for value in values], 1, self.chance) if self.is_optional else b""
        encoding, content = PLAIN, self.plain(present)
        if self.dictionary and self.chance.random() < 0.8:
            width = self.chance.randint(max(1, (len(self.dictionary) - 1).bit_length()), 20)
            codes = [self.dictionary.index(value) for value in present]
            content = bytes([width]) + hybrid(codes, width, self.chance)
            encoding = self.chance.choice([PLAIN_DICTIONARY, RLE_DICTIONARY])
        if is_second:
            self._second(values, len(values) - len(present), levels, encoding, content)
        else:
            levels = len(levels).to_bytes(4, "little") + levels if self.is_optional else b""
            told: Struct = {1: I32(len(values)), 2: I32(encoding), 3: I32(RLE), 4: I32(RLE)}
            told |= {5: {3: I64(0), 5: b"x" * 40}} if self.chance.random() < 0.3 else {}
            self._page(DATA, levels + content, {5: told})

    def _second(self, values: Sequence[Value], nulls: int, levels: bytes, encoding: int, content: bytes) -> None:
        is_packed = self.chance.random() < 0.7
        told: Struct = {1: I32(len(values)), 2: I32(nulls), 3: I32(len(values)), 4: I32(encoding), 5: I32(len(levels))}
        told |= {6: I32(0), 7: is_packed}
        self._page(DATA_V2, content, {8: told}, levels, is_packed=is_packed)

    def _page(self, kind: int, content: bytes, told: Struct, levels: bytes = b"", *, is_packed: bool = True) -> None:
        body = levels + (packed(content, self.codec, self.chance) if is_packed else content)
        sizes: Struct = {1: I32(kind), 2: I32(len(levels) + len(content)), 3: I32(len(body))}
        self.content += thrift(sizes | told) + body

    @property
    def chunk(self) -> Struct:
        """As the footer has it."""
        more: Struct = {11: I64(self.at)} if self.first_page > self.at else {}
        size, name = len(self.content), self.name.encode()
        told: Struct = {1: I32(self.kind), 2: [I32(PLAIN), I32(RLE), I32(RLE_DICTIONARY)], 3: [name]}
        told |= {4: I32(self.codec), 5: I64(len(self.values)), 6: I64(size), 7: I64(size), 9: I64(self.first_page)}
        return {2: I64(self.at), 3: told | more}

    @property
    def schema(self) -> Struct:
        """As the footer has it."""
        is_text = {6: I32(0)} if self.kind == BYTE_ARRAY else {}
        return {1: I32(self.kind), 3: I32(int(self.is_optional)), 4: self.name.encode(), **is_text}


def parquet(groups: Sequence[Sequence[Column]]) -> bytes:
    """A file of row groups, which have the same columns."""
    found = bytearray(b"PAR1")
    told: list[Struct] = []
    for columns in groups:
        start, rows = len(found), len(columns[0].values)
        for column in columns:
            column.write(len(found))
            found += column.content
        told.append({1: [column.chunk for column in columns], 2: I64(len(found) - start), 3: I64(rows)})
    schema: list[Struct] = [{4: b"schema", 5: I32(len(groups[0]))}, *(column.schema for column in groups[0])]
    rows = sum(len(columns[0].values) for columns in groups)
    footer = thrift({1: I32(1), 2: schema, 3: I64(rows), 4: told})
    return bytes(found) + footer + len(footer).to_bytes(4, "little") + b"PAR1"


def flow_log(fields: Sequence[str], rows: Sequence[Sequence[Value]], chance: random.Random) -> bytes:
    """Flow records in one to three row groups; '-' may be a null."""
    numbers = ("bytes", "start", "end", "version")
    kinds = [chance.choice([INT32, INT64]) if name in numbers else BYTE_ARRAY for name in fields]
    columns = [[row[place] for row in rows] for place in range(len(fields))]
    fits = [
        kind != INT32 or all(abs(int(v or 0)) < 2**31 for v in values)
        for kind, values in zip(kinds, columns, strict=True)
    ]
    kinds = [kind if fit else INT64 for kind, fit in zip(kinds, fits, strict=True)]
    may_be_null = [None in values or chance.random() < 0.5 for values in columns]
    codec = chance.choice([UNCOMPRESSED, SNAPPY, GZIP])
    cuts = sorted({0, len(rows), *(chance.randint(0, len(rows)) for _ in range(chance.randint(0, 2)))})
    return parquet(
        [
            [
                Column(name.replace("-", "_"), kind, codec, values[first:end], chance, is_optional=is_optional)
                for name, kind, is_optional, values in zip(fields, kinds, may_be_null, columns, strict=True)
            ]
            for first, end in pairwise(cuts)
        ]
    )
