"""Lines that are split with NumPy count exactly like those that the engine reads, whatever stands in them."""

from __future__ import annotations

import gzip
import random
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from auditor.attribution import grouping, lanes
from auditor.attribution.files import find_files
from auditor.attribution.plain_lines import Splitter
from auditor.attribution.ranges import load_ranges
from auditor.attribution.record_format import RecordFormat
from auditor.attribution.tally import counting
from auditor.attribution.words import BACK, CODED, FRONT, Column, Texts
from auditor.model.evidence import Window
from auditor.model.network import NatAddress, NatGateway
from tests.attribution import oracle
from tests.attribution.logs import START, V2, Network, text, write
from tests.attribution.test_oracle import SHAPES, agree, format_of, found

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


@settings(max_examples=50)
@given(logs())
@example((FORMATS[4], b"eni-nat 10.0.0.220 8.8.8.8 5\neni-nat 10.0.0.220 8.8.8.8 -\n", 4096, None))
def test_split_lines_count_like_those_that_the_engine_reads(log: tuple[str, bytes, int, Window | None]) -> None:
    fields, content, block, window = log
    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        path = Path(folder) / "a.log.gz"
        path.write_bytes(gzip.compress(content))
        patch.setattr(grouping, "_BLOCK", block)
        patch.setattr(lanes, "_MOST_UNPACKED", block)
        patch.setattr(grouping, "_MOST_WAITING", 5)
        patch.setattr(grouping, "_MOST_UNGROUPED", 9)
        split = counted(path, fields, window)
        patch.setattr(Splitter, "_ends", lambda *_: None)
        assert split == counted(path, fields, window)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("block", [200, 3000, 100_000])
def test_blocks_of_any_size_give_the_oracles_totals(
    block: int, shape: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where odd lines are counted many times over."""
    monkeypatch.setattr(grouping, "_BLOCK", block)
    monkeypatch.setattr(grouping, "_MOST_ODD", block)
    monkeypatch.setattr(lanes, "_MOST_UNPACKED", block)
    chance = random.Random(f"{shape} {block}")
    network = Network(chance)
    fields = format_of(chance, shape)
    path = write(tmp_path / "logs/a.log.gz", text(network.records(60), fields))
    agree(found([path], tmp_path, network), oracle.count([path], network.nats, None))


def test_most_lines_are_split() -> None:
    """Else all would be right, and slow: of usual lines only those with IPv6 addresses of NAT gateways are odd."""
    network = Network(random.Random(1))
    usual = [row for row in network.records(300) if row.get("bytes") != "many" and row.get("srcaddr") != "no-address"]
    content = text(usual, V2.split(), header=False).encode()
    keys = [key for nat in network.nats for key in (nat.id, *nat.interfaces)]
    split = Splitter(RecordFormat(tuple(V2.split())), keys).split(FRONT + content + BACK)
    assert 0 < len(split.odd.splitlines()) < len(usual) / 8
    assert all(b":" in line for line in split.odd.splitlines())
    assert split.carried[0].size + int(split.others.sum()) + len(split.odd.splitlines()) == len(usual)


def column(texts: Sequence[str]) -> Column:
    block = FRONT + "".join(f"9{one} " for one in texts).encode() + BACK
    lengths = np.array([len(one) for one in texts], np.int64)
    ends = np.cumsum(lengths + 2) - 1 + len(FRONT)
    return Column(np.ndarray(len(block) - 7, "<u8", block, strides=(1,)), ends, lengths)


WORDS = st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=40)


@given(st.lists(st.one_of(WORDS, st.from_regex(r"[0-9]{1,18}", fullmatch=True)), max_size=40))
def test_numbers_are_what_python_reads(texts: list[str]) -> None:
    values, is_number = column(texts).decimal()
    assert is_number.tolist() == [one.isdigit() and len(one) <= 16 for one in texts]
    assert values[is_number].tolist() == [int(one) for one in texts if one.isdigit() and len(one) <= 16]


@given(st.lists(st.one_of(WORDS, st.text(CODED, max_size=18)), max_size=40))
def test_a_code_spells_its_text(texts: list[str]) -> None:
    codes, is_coded = column(texts).code()
    assert is_coded.tolist() == [len(one) <= 16 and set(one) <= set(CODED) for one in texts]
    for code, one in zip(
        codes[is_coded].tolist(), (one for one, good in zip(texts, is_coded, strict=True) if good), strict=True
    ):
        assert "".join(CODED[int(digit, 16) - 1] for digit in reversed(f"{code:x}") if digit != "0") == one


@given(st.lists(WORDS.filter(bool), min_size=1, max_size=12, unique=True), st.lists(WORDS, max_size=30), st.randoms())
def test_texts_are_found_and_no_others(texts: list[str], others: list[str], chance: random.Random) -> None:
    """Also those that end or begin alike."""
    texts = list(dict.fromkeys(texts + [f"x{one}" for one in texts[:6]] + [f"{one}x" for one in texts[:3]]))
    lines = [*others, *texts, *(one[1:] for one in texts), *(one[:-1] for one in texts)]
    chance.shuffle(lines)
    expected = [texts.index(one) if one in texts else -1 for one in lines]
    assert Texts(texts).find(column(lines)).tolist() == expected
