"""Pages that no writer makes, for a library that was compiled with checks of every access."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from tempfile import NamedTemporaryFile

from auditor.attribution import summing
from auditor.attribution.parquet import ParquetSums
from auditor.attribution.parquet_footers import ParquetFile, RowGroup
from auditor.attribution.record_format import RecordFormat
from auditor.attribution.summing import Plan
from tests.attribution.compiled import use
from tests.attribution.parquet_files import (
    BYTE_ARRAY,
    DATA,
    I32,
    INT32,
    INT64,
    PLAIN,
    RLE,
    Column,
    Struct,
    Value,
    parquet,
    thrift,
    varint,
)

FIELDS = ["interface-id", "resource-id", "srcaddr", "dstaddr", "bytes", "start", "action", "log-status"]
CHOICES: dict[str, list[Value]] = {
    "interface-id": ["eni-nat", "-", "eni-other", None, ""],
    "resource-id": ["nat-1", "-", None],
    "srcaddr": ["10.0.0.1", "8.8.8.8", "-", None, "x" * 64, "y"],
    "dstaddr": ["10.0.0.1", "8.8.8.8", "-", None, "x" * 64, "y"],
    "bytes": [0, 1, 2**31 - 1, None],
    "start": [0, 1_600_000_000],
    "action": ["ACCEPT", "REJECT", "-", None],
    "log-status": ["OK", "NODATA", "-", None],
}
NUMBERS = {"bytes", "start"}


def columns_of(chance: random.Random, codec: int) -> list[Column]:
    """Of one row group."""
    count = chance.choice([1, 20, 600])
    return [
        Column(
            name.replace("-", "_"),
            chance.choice([1, 2]) if name in NUMBERS else BYTE_ARRAY,
            codec,
            [chance.choice(CHOICES[name]) for _ in range(count)],
            chance,
            is_optional=name != "start" or chance.random() < 0.5,
        )
        for name in FIELDS
    ]


def chunks_of(columns: list[Column]) -> RowGroup:
    """As the footer would tell it."""
    widths = [0 if one.kind == BYTE_ARRAY else 4 if one.kind == INT32 else 8 for one in columns]
    told = [
        (one.at, len(one.content), width, one.codec, int(one.is_optional))
        for one, width in zip(columns, widths, strict=True)
    ]
    return RowGroup(len(columns[0].values), tuple(number for some in told for number in some))


def damaged(content: bytes, chance: random.Random) -> Iterator[bytes]:
    """As it is, and then with less and less of sense."""
    yield content
    for _ in range(40):
        changed = bytearray(content)
        for _ in range(chance.choice([1, 1, 2, 8])):
            place, kind = chance.randrange(len(changed)), chance.random()
            if kind < 0.6:
                changed[place] = chance.choice([0, 1, 127, 128, 255, changed[place] ^ 1 << chance.randrange(8)])
            elif kind < 0.7:
                del changed[place:]
                changed += b"\0"
            elif kind < 0.85:
                del changed[place : place + chance.randrange(1, 9)]
                changed += b"\0"
            else:
                changed[place:place] = chance.choice([b"\xff" * 5, b"\x80" * 12, chance.randbytes(3)])
        yield bytes(changed)


def changed_chunks(group: RowGroup, chance: random.Random) -> RowGroup:
    """Sometimes what the footer says is wrong as well."""
    if chance.random() < 0.8:
        return group
    numbers = list(group.chunks)
    place = 5 * chance.randrange(len(FIELDS)) + chance.choice([0, 1])
    numbers[place] += chance.choice([-numbers[place], 1, -1, 2**40, 2**63 - 1 - numbers[place], -(2**62)])
    return RowGroup(group.rows + chance.choice([0, 1, -1, 2**40]), tuple(numbers))


class Liar(Column):
    """Its page says of a hundred rows that each has 255 values, and holds as many."""

    def write(self, at: int) -> None:
        self.at = self.first_page = at
        levels = varint(100 << 1) + b"\xff"
        content = len(levels).to_bytes(4, "little") + levels + self.plain([1] * 255 * 100)
        told: Struct = {1: I32(100), 2: I32(PLAIN), 3: I32(RLE), 4: I32(RLE)}
        sizes: Struct = {1: I32(DATA), 2: I32(len(content)), 3: I32(len(content)), 5: told}
        self.content += thrift(sizes) + content


def meet_liar(sums: ParquetSums, path: Path) -> None:
    """It is refused."""
    columns = [Column(name, BYTE_ARRAY, 0, ["-"] * 100, random.Random(1), is_optional=True) for name in FIELDS]
    columns[4:6] = [
        Liar("bytes", INT64, 0, [1] * 100, random.Random(1), is_optional=True),
        Column("start", INT64, 0, [1] * 100, random.Random(1), is_optional=False),
    ]
    path.write_bytes(parquet([columns]))
    if sums.add(ParquetFile(path, tuple(FIELDS), (chunks_of(columns),))):
        raise AssertionError("a page with too many values was read")
    sums.forget()


def meet(library: str) -> None:
    """Let the library read thousands of them; of those that are as they were it must count each record."""
    use(Path(library))
    compiled = summing.library()
    plan = Plan(RecordFormat(tuple(FIELDS)), ("eni-nat", "nat-1"), (0, 1_700_000_000), skips_private=True)
    chance, counts = random.Random(20261129), []
    with NamedTemporaryFile() as made, NamedTemporaryFile() as file:
        if compiled is None:
            raise AssertionError("not compiled")
        with ParquetSums(plan, compiled, made) as sums:
            meet_liar(sums, Path(file.name))
            for number in range(80):
                columns = columns_of(chance, number % 3)
                content = parquet([columns])
                for state in damaged(content, chance):
                    Path(file.name).write_bytes(state)
                    group = chunks_of(columns) if state == content else changed_chunks(chunks_of(columns), chance)
                    counts.append(sums.count)
                    if sums.add(ParquetFile(Path(file.name), tuple(FIELDS), (group,))):
                        sums.keep()
                    elif state == content:
                        raise AssertionError(f"file {number} was not read")
                    sums.forget()
    if len(set(counts)) < 500:
        raise AssertionError("hardly anything was read")
