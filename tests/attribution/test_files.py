"""Files are found once each, known by their content, and unpacked as far as they go."""

from __future__ import annotations

import gzip
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from auditor.attribution.files import find_files
from auditor.attribution.lanes import Lanes, TextFile, blocks
from auditor.attribution.record_format import DEFAULT, columns, header, parse_log_format
from auditor.errors import UsageError

HEADER = "interface-id srcaddr dstaddr bytes"
RECORDS = "".join(f"eni-{number} 10.0.0.1 1.1.1.{number % 250} {number * 7919}\n" for number in range(20_000))
CONTENT = f"{HEADER}\n{RECORDS}".encode()


def read(path: Path, *, has_header: bool = True) -> str:
    return b"".join(one.lines for one in blocks(TextFile(path, has_header))).decode()


def made(path: Path, content: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


@pytest.mark.parametrize(
    "content",
    {
        "plain": CONTENT,
        "gzip": gzip.compress(CONTENT),
        "several gzip members": gzip.compress(CONTENT[:9000]) + gzip.compress(CONTENT[9000:]),
        "padded with zeros": gzip.compress(CONTENT) + bytes(700),
        "Windows line ends": CONTENT.replace(b"\n", b"\r\n"),
        "no last line end": CONTENT.rstrip(),
    }.values(),
)
def test_every_kind_of_text_gives_the_same_lines(content: bytes, tmp_path: Path) -> None:
    assert read(made(tmp_path / "x", content)) == RECORDS


@pytest.mark.parametrize("cut", [1, 9, 100, 20_000])
def test_a_file_that_ends_too_early_gives_its_whole_lines_first(cut: int, tmp_path: Path) -> None:
    path = made(tmp_path / "x.gz", gzip.compress(CONTENT)[:-cut])
    seen = b""
    with pytest.raises(EOFError, match="too early"):  # noqa: PT012
        for block in blocks(TextFile(path, has_header=True)):
            seen += block.lines
    text = seen.decode()
    assert RECORDS.startswith(text)
    assert text.endswith("\n")
    assert len(text) > len(RECORDS) * (1 - cut / len(gzip.compress(CONTENT))) - 100_000


def test_a_file_without_line_ends_is_given_up_early(tmp_path: Path) -> None:
    with pytest.raises(EOFError, match="not flow records"):
        read(made(tmp_path / "x", b"x" * 3_000_000))


def test_lanes_nobody_reads_end_with_their_context(tmp_path: Path) -> None:
    """An engine that fails before it reads leaves no thread behind."""
    files = [TextFile(made(tmp_path / f"{n}.log", CONTENT * 3), has_header=True) for n in range(9)]
    with Lanes(iter(files), 3) as lanes:
        assert len(lanes.paths) == 3
    assert not any(thread.is_alive() for thread in lanes._threads)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_fault_while_unpacking_ends_the_reading_and_is_raised(tmp_path: Path) -> None:
    """As where memory runs out: a pipe that stayed open would be read for ever, and the rest would be taken for all."""

    def files() -> Iterator[TextFile]:
        yield TextFile(made(tmp_path / "good.log", CONTENT), has_header=True)
        raise MemoryError

    lanes = Lanes(files(), 2)
    with pytest.raises(MemoryError), lanes:
        content = b"".join(Path(path).read_bytes() for path in lanes.paths)
    assert sorted(content.splitlines()) == sorted(RECORDS.encode().splitlines())
    assert not any(thread.is_alive() for thread in lanes._threads)


def test_a_damaged_file_is_reported_and_the_others_read(tmp_path: Path) -> None:
    packed = bytearray(gzip.compress(random.Random(1).randbytes(200_000)))
    packed[1000:1100] = bytes(100)
    files = [TextFile(made(tmp_path / "bad.gz", bytes(packed)), has_header=False)]
    files.append(TextFile(made(tmp_path / "good.gz", gzip.compress(CONTENT)), has_header=True))
    with Lanes(iter(files), 1) as lanes:
        content = Path(lanes.paths[0]).read_bytes()
    assert content.endswith(RECORDS.encode())
    assert [one.path.name for one in lanes.unreadable] == ["bad.gz"]


def test_a_file_named_twice_linked_or_copied_is_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    one = made(tmp_path / "a/one.log.gz", gzip.compress(CONTENT))
    made(tmp_path / "b/copy.log.gz", one.read_bytes())
    made(tmp_path / "b/other.log.gz", gzip.compress(CONTENT.replace(b"10.0.0.1", b"10.0.0.2")))
    (tmp_path / "b/link.log.gz").symlink_to(one)
    found = find_files(["a", "a/one.log.gz", str(one), "b", "b/../a"], None)
    assert [file.path.name for group in found.text.values() for file in group] == ["one.log.gz", "other.log.gz"]


def test_a_folder_gives_its_flow_logs_and_nothing_else(tmp_path: Path) -> None:
    for name in ("a.log", "b.gz", "c.txt", "year=2026/d"):
        made(tmp_path / name, f"{HEADER}\n{name}\n".encode())
    for name in ("x.json", ".hidden.log", "_SUCCESS", "y.csv"):
        made(tmp_path / name, b"not one\n")
    found = find_files([str(tmp_path)], None)
    assert [file.path.name for group in found.text.values() for file in group] == ["a.log", "b.gz", "c.txt", "d"]


def test_files_are_grouped_by_the_fields_they_name(tmp_path: Path) -> None:
    made(tmp_path / "1.log", b"bytes srcaddr\n")
    made(tmp_path / "2.log", b"srcaddr bytes\n")
    made(tmp_path / "3.log", b"2 1 eni-1 - - - - - - - 1760000000 1760000060 - NODATA\n")
    made(tmp_path / "4.log", b"")
    found = find_files([str(tmp_path)], None)
    assert set(found.text) == {columns(["bytes", "srcaddr"]), columns(["srcaddr", "bytes"]), DEFAULT}


def test_a_log_format_is_read_by_its_names() -> None:
    fields = ("version", "pkt-srcaddr", "bytes")
    assert parse_log_format("${version} ${pkt-srcaddr} ${bytes}").fields == fields
    assert parse_log_format("version pkt-srcaddr bytes").fields == fields
    assert columns(["version", "pkt_srcaddr", "bytes"]).fields == fields


@pytest.mark.parametrize("text", ["", "2 123 eni-1 10.0.0.1", "${}", "${version}", "'; DROP TABLE sums", "a b c"])
def test_other_text_is_no_format(text: str) -> None:
    with pytest.raises(UsageError, match="not a flow-log format"):
        parse_log_format(text)


def test_a_record_is_no_header() -> None:
    assert header("2 123456789012 eni-1 - - - - - - - 1760000000 1760000060 - NODATA") is None


@pytest.mark.parametrize(
    ("fields", "zonal", "regional"),
    [
        (DEFAULT.fields, "", "resource-id"),
        (("resource-id", "srcaddr", "dstaddr", "bytes"), "interface-id", ""),
        (("interface-id", "pkt-srcaddr", "pkt-dstaddr", "bytes"), "", "resource-id"),
        (
            ("interface-id", "srcaddr", "pkt-dstaddr"),
            "bytes, srcaddr and dstaddr",
            "bytes, resource-id, srcaddr and dstaddr",
        ),
    ],
)
def test_a_format_says_what_it_lacks(fields: tuple[str, ...], zonal: str, regional: str) -> None:
    form = columns(fields)
    assert (form.lacks(regional=False), form.lacks(regional=True)) == (zonal, regional)
