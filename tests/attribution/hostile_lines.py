"""Lines that no flow log has, for a library that was compiled with checks of every access."""

from __future__ import annotations

import random
from pathlib import Path
from tempfile import NamedTemporaryFile

from auditor.attribution.lanes import Block
from auditor.attribution.record_format import RecordFormat
from auditor.attribution.summing import Plan, Sums
from tests.attribution.compiled import use

PIECES = [b"eni-nat", b"nat-1", b"10.0.0.1", b"8.8.8.8", b"2600:1f18::5", b"1500", b"9" * 16, b"9" * 17, b"1600000000"]
PIECES += [b"ACCEPT", b"REJECT", b"OK", b"NODATA", b"-", b"", b"x" * 64, b"x" * 65, b"x" * 5000, b"\0", b"\xff", b"\t"]
FORMATS = [
    "interface-id srcaddr dstaddr bytes",
    "interface-id resource-id tgw-attachment-id srcaddr dstaddr pkt-srcaddr pkt-dstaddr bytes start end log-status",
    "bytes resource-id action",
    " ".join(["interface-id bytes", *["version"] * 62]),
]


def hostile(chance: random.Random, width: int) -> bytes:
    """A few lines of about that many fields, or noise."""
    if chance.random() < 0.1:
        return chance.randbytes(chance.randrange(200)) + b"\n"
    lines = []
    for _ in range(chance.randrange(1, 30)):
        count = width if chance.random() < 0.8 else chance.randrange(80)
        lines.append(chance.choice([b" "] * 9 + [b"  ", b"\n"]).join(chance.choices(PIECES, k=count)))
    return b"\n".join(lines) + b"\n"


def meet(library: str) -> None:
    """Let the library sum thousands of them; it must give back or count each line."""
    use(Path(library))
    chance = random.Random(20261129)
    for fields in FORMATS:
        form = RecordFormat(tuple(fields.split()))
        plan = Plan(
            form, ("eni-nat", "nat-1", "x" * 64, "x" * 65, ""), (0, 1_700_000_000), skips_private="srcaddr" in fields
        )
        with NamedTemporaryFile() as file, Sums(plan, file) as sums:
            lines = kept = 0
            for _ in range(500):
                content = hostile(chance, len(form.fields))
                lines += content.count(b"\n")
                kept += sums.add(Block(content, 0, len(content))).count(b"\n")
            if sums.flush() != lines - kept:
                raise AssertionError(f"{lines} lines, {kept} odd")
