"""Lines that are summed count exactly like those that the engine reads, whatever stands in them."""

from __future__ import annotations

import gzip
import random
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from tempfile import NamedTemporaryFile, TemporaryDirectory

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from auditor.attribution import lanes, summing
from auditor.attribution.files import find_files
from auditor.attribution.lanes import Block
from auditor.attribution.ranges import load_ranges
from auditor.attribution.record_format import RecordFormat
from auditor.attribution.summing import Plan, Sums
from auditor.attribution.tally import counting
from auditor.model.evidence import Window
from auditor.model.resources import NatAddress, NatGateway
from tests.attribution import oracle
from tests.attribution.compiled import run_checked
from tests.attribution.logs import START, V2, Network, text, write
from tests.attribution.test_oracle import SHAPES, agree, format_of, found

pytestmark = pytest.mark.usefixtures("compiled_now")
INSTALLED = summing.LIBRARY
RANGES = load_ranges()
GATEWAYS = [
    NatGateway("nat-1", "1", "eu-west-1", "vpc-1", addresses=(NatAddress("10.0.0.220", "198.51.100.1", "eni-nat"),)),
    NatGateway("nat-0123456789abcdef0", "1", "eu-west-1", "vpc-1", mode="regional"),
    NatGateway(
        "nat-2", "1", "eu-west-1", "vpc-1", addresses=(NatAddress("10.0.1.220", None, "eni-0a123456789abcdef"),)
    ),
    NatGateway(
        "nat-3", "1", "eu-west-1", "vpc-1", addresses=(NatAddress("10.0.2.220", None, "eni-0b123456789abcdef"),)
    ),
]
WINDOW = Window(datetime.fromtimestamp(START, UTC), datetime.fromtimestamp(START + 50, UTC))


FORMATS = (
    V2,
    "interface-id srcaddr dstaddr pkt-srcaddr pkt-dstaddr bytes start end action log-status",
    "log-status bytes resource-id end dstaddr action start srcaddr interface-id",
    "end bytes pkt-dstaddr pkt-srcaddr interface-id",
    "interface-id srcaddr dstaddr bytes",
    "tgw-attachment-id srcaddr dstaddr bytes start end log-status",
    "interface-id srcaddr dstaddr bytes bytes start end",
)
INTERFACES = ["eni-nat", "eni-0a123456789abcdef", "eni-0b123456789abcdef", "eni-0c123456789abcdef", "eni-other", "-"]
ADDRESSES = ["10.0.0.220", "10.0.1.220", "10.0.1.5", "10.9.9.9", "8.8.8.8", "52.119.188.100", "172.16.0.9", "1.1.1.1"]
TIMES = [str(START + second) for second in (-1, 0, 1, 7, 49, 50, 99)]
PLAIN = {
    "interface-id": INTERFACES,
    "tgw-attachment-id": INTERFACES,
    "resource-id": ["nat-0123456789abcdef0", "nat-1", "-", "i-1"],
    **dict.fromkeys(("srcaddr", "dstaddr", "pkt-srcaddr", "pkt-dstaddr"), ADDRESSES),
    "bytes": ["0", "1", "40", "1500", "99999999", "100000000", "9999999999999999"],
    **dict.fromkeys(("start", "end"), TIMES),
    "action": ["ACCEPT", "ACCEPT", "REJECT", "-"],
    "log-status": ["OK", "OK", "OK", "NODATA", "SKIPDATA", "-"],
}
ODD = {
    "interface-id": ["", "eni-na", "xeni-nat", "eni-nat-", "ENI-NAT", "x" * 80, "é"],
    "srcaddr": [
        "",
        "-",
        "2600:1f18::5",
        "64:ff9b::808:808",
        "10.zzz",
        "no-address",
        "1" * 16,
        "1" * 17,
        "8.8.8.8é",
        "8.8.8.\udcff",
    ],
    "bytes": [
        "",
        "-",
        "007",
        "+5",
        "-3",
        "1000.5",
        "1e3",
        "1_0",
        "many",
        "1" * 17,
        "9" * 25,
        "0" * 30,
        "\u0661",
        "1:",
        "1/",
    ],
    "action": ["", "accept", "ACCEPTED", "ACCEPT\x7f"],
    "log-status": ["", "OKAY", "NODATA2", "x" * 9],
}
LIKE = {"resource-id": "interface-id", "tgw-attachment-id": "interface-id", "start": "bytes", "end": "bytes"}
LIKE |= dict.fromkeys(("dstaddr", "pkt-srcaddr", "pkt-dstaddr"), "srcaddr")
ELSE = ["6", "\udcff", "443", "-", "", "é", '"', "'", "#", "\x01", "\t", "\x00", "x" * 300]
STRANGE = ["\udcff", "", " ", "a", "a b c", "\t", "\x00", "x" * 500, "é ü", '"', "# 2"]


@st.composite
def records(draw: st.DrawFn, fields: Sequence[str]) -> str:
    """A line: plain, with one odd field, or strange altogether."""
    kind = draw(st.sampled_from(["plain"] * 6 + ["odd"] * 3 + ["strange", "more"]))
    values = [draw(st.sampled_from(PLAIN.get(name, ["6", "443"]))) for name in fields]
    if kind == "strange":
        return draw(st.sampled_from(STRANGE))
    if kind == "odd":
        place = draw(st.integers(0, len(fields) - 1))
        values[place] = draw(st.sampled_from(ODD.get(LIKE.get(fields[place], fields[place]), ELSE)))
    return draw(st.sampled_from([" "] * 5 + ["  "])).join(values) + (
        "" if kind != "more" else draw(st.sampled_from([" ", " x"]))
    )


@st.composite
def logs(draw: st.DrawFn) -> tuple[str, bytes, int, Window | None]:
    """Fields, the text of a file, the size of blocks, and a window."""
    fields = draw(st.sampled_from(FORMATS))
    lines = draw(st.lists(records(fields.split()), min_size=1, max_size=30))
    content = "".join(line + draw(st.sampled_from(["\n"] * 9 + ["\r\n"])) for line in lines)
    content = content if draw(st.booleans()) else content.rstrip("\n")
    return (
        fields,
        content.encode("utf-8", "surrogateescape"),
        draw(st.sampled_from([16, 100, 700, 4096])),
        draw(st.sampled_from([None, WINDOW])),
    )


def counted(path: Path, fields: str, window: Window | None) -> object:
    with counting(GATEWAYS) as tally:
        tally.add_files(find_files([str(path)], RecordFormat(tuple(fields.split()))), window)
        seen = tally.result(RANGES)
        return seen.result, sorted(map(repr, seen.clients)), seen.notes, tally.unnamed(RANGES)


@settings(max_examples=40)
@given(logs())
@example((FORMATS[4], b"eni-nat 10.0.0.220 8.8.8.8 5\neni-nat 10.0.0.220 8.8.8.8 -\n", 4096, None))
def test_summed_lines_count_like_those_that_the_engine_reads(log: tuple[str, bytes, int, Window | None]) -> None:
    fields, content, block, window = log
    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        path = Path(folder) / "a.log.gz"
        path.write_bytes(gzip.compress(content))
        patch.setattr(lanes, "_MOST_UNPACKED", block)
        summed = counted(path, fields, window)
        patch.setattr(summing, "library", lambda: None)
        assert summed == counted(path, fields, window)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("block", [200, 3000, 100_000])
def test_blocks_of_any_size_give_the_oracles_totals(
    block: int, shape: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where odd lines are counted many times over."""
    monkeypatch.setattr(summing, "_MOST_ODD", block)
    monkeypatch.setattr(lanes, "_MOST_UNPACKED", block)
    chance = random.Random(f"{shape} {block}")
    network = Network(chance)
    fields = format_of(chance, shape)
    path = write(tmp_path / "logs/a.log.gz", text(network.records(60), fields))
    agree(found([path], tmp_path, network), oracle.count([path], network.nats, None))


def summed(lines: bytes, plan: Plan) -> tuple[list[bytes], bytes]:
    """The lines that stand for several, sorted, and the odd ones."""
    with NamedTemporaryFile() as file, Sums(plan, file) as sums:
        odd = sums.add(Block(lines, 0, len(lines)))
        sums.flush()
        return sorted(Path(file.name).read_bytes().splitlines()), odd


@pytest.mark.parametrize("skips_private", [False, True])
def test_alike_lines_become_one_and_odd_ones_stay(skips_private: bool) -> None:  # noqa: FBT001 -- pytest passes it by name
    """By hand: a NAT gateway's, some that are nobody's, before and after the window, and odd ones."""
    lines = [
        b"2 1 eni-nat 10.0.0.220 8.8.8.8 1024 443 6 3 100 1000 1060 ACCEPT OK",
        b"2 1 eni-nat 10.0.0.220 8.8.8.8 2048 443 6 9 40 970 1010 ACCEPT OK",
        b"2 1 eni-nat 10.0.0.220 8.8.8.8 1024 443 6 3 100 1000 1060 REJECT OK",
        b"2 1 eni-nat - - - - - - - 900 960 - NODATA",
        b"2 1 eni-nat 10.0.0.220 10.1.1.1 1024 443 6 3 9 1000 1060 ACCEPT OK",
        b"2 1 eni-nat 10.0.0.220 102.1.1.1 1024 443 6 3 9 1999 2060 ACCEPT OK",
        b"2 1 eni-x 10.0.0.5 8.8.8.8 1024 443 6 3 100 1000 1060 ACCEPT OK",
        b"2 1 eni-y 10.0.0.6 8.8.4.4 1024 443 6 3 70 990 1050 ACCEPT OK",
        b"2 1 eni-nat 10.0.0.220 8.8.8.8 1 443 6 3 5 899 959 ACCEPT OK",
        b"2 1 eni-nat 10.0.0.220 8.8.8.8 1 443 6 3 5 2000 2060 ACCEPT OK",
    ]
    odd = [
        b"2 1 eni-nat 10.0.0.220 8.8.8.8 1 443 6 3 +5 1000 1060 ACCEPT OK",
        b"2 1 eni-nat 10.0.0.220 8.8.8.8 1 443 6 3\t5 1000 1060 ACCEPT OK",
        b"2 1 eni-nat 10.0.0.220 8.8.8.8 1 443 6  5 1000 1060 ACCEPT OK",
        b"2 1 eni-nat 10.0.0.220 8.8.8.8 1 443 6 3 5 1000 - ACCEPT OK",
        b"",
    ]
    plan = Plan(RecordFormat(tuple(V2.split())), ("eni-nat",), (900, 2000), skips_private=skips_private)
    made, left = summed(b"".join(line + b"\n" for line in [*odd, *lines]), plan)
    assert left.splitlines() == odd
    private = b"eni-nat 10.0.0.220 10.1.1.1 9 1000 1060 ACCEPT OK 1"
    assert made == sorted(
        [
            b"eni-nat 10.0.0.220 8.8.8.8 140 970 1060 ACCEPT OK 2",
            b"eni-nat 10.0.0.220 8.8.8.8 100 1000 1060 REJECT OK 1",
            b"eni-nat - - - 900 960 - NODATA 1",
            b"eni-nat 10.0.0.220 102.1.1.1 9 1999 2060 ACCEPT OK 1",
            b"- - - 0 990 1060 ACCEPT OK " + (b"3" if skips_private else b"2"),
            b"- - - 0 899 2060 ACCEPT OK 2",
            *([] if skips_private else [private]),
        ]
    )


def test_sums_beyond_64_bits_are_parted() -> None:
    """A thousand numbers of 16 digits are more than a signed number of 64 bits holds."""
    line = b"eni-nat 10.0.0.220 8.8.8.8 9999999999999999\n"
    made, _ = summed(line * 1000, Plan(RecordFormat(tuple(FORMATS[4].split())), ("eni-nat",)))
    assert len(made) == 3
    assert sum(int(one.split()[3]) for one in made) == 1000 * 9_999_999_999_999_999
    assert sum(int(one.split()[4]) for one in made) == 1000
    assert max(int(one.split()[3]) for one in made) < 2**63


def test_more_pairs_of_addresses_than_the_table_holds_are_written_early() -> None:
    """2^19 rows: one more than that makes the table begin anew."""
    lines = [b"eni-nat 10.0.0.220 %d.%d 7\n" % (number >> 12, number & 4095) for number in range(2**19 + 1)]
    plan = Plan(RecordFormat(tuple(FORMATS[4].split())), ("eni-nat",))
    with NamedTemporaryFile() as file, Sums(plan, file) as sums:
        for some, early in ((lines[:-1], False), (lines[-1:], True)):
            content = b"".join(some)
            assert sums.add(Block(content, 0, len(content))) == b""
            assert bool(Path(file.name).stat().st_size) is early
        sums.flush()
        assert sorted(Path(file.name).read_bytes().splitlines()) == sorted(line.strip() + b" 1" for line in lines)


def test_most_lines_are_summed() -> None:
    """Else all would be right, and slow."""
    network = Network(random.Random(1))
    usual = [row for row in network.records(300) if row.get("bytes") != "many"]
    content = text(usual, V2.split(), header=False).encode()
    keys = tuple(key for nat in network.nats for key in (nat.id, *nat.interfaces))
    made, odd = summed(content, Plan(RecordFormat(tuple(V2.split())), keys))
    assert odd == b""
    assert sum(int(one.split()[-1]) for one in made) == len(usual)


def test_the_installation_compiled_it() -> None:
    """Else everything would be exact, and slow."""
    assert INSTALLED.exists()


def test_a_full_disk_is_said() -> None:
    plan = Plan(RecordFormat(tuple(FORMATS[4].split())), ("eni-nat",))
    with Path("/dev/full").open("wb") as file, Sums(plan, file) as sums:
        sums.add(Block(b"eni-nat 10.0.0.220 8.8.8.8 7\n", 0, 29))
        with pytest.raises(OSError, match="No space left"):
            sums.flush()


def test_lines_without_an_end_are_refused() -> None:
    """The compiled part would run on into foreign memory."""
    plan = Plan(RecordFormat(tuple(V2.split())), ("eni-nat",))
    with NamedTemporaryFile() as file, Sums(plan, file) as sums, pytest.raises(OSError, match="Invalid argument"):
        sums.add(Block(b"2 1 eni-nat", 0, 11))


def test_no_lines_can_harm_the_compiled_part(tmp_path: Path) -> None:
    """Compiled with checks of every access, it meets lines made of pieces of records and of noise."""
    run_checked("hostile_lines", tmp_path)
