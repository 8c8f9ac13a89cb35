"""Lines of Resolver query logs: what they say of the wanted addresses, and what cannot be read is counted."""

from __future__ import annotations

import gzip
import json
import random
from pathlib import Path
from typing import Any

from auditor.attribution.naming.dns_answers import Answers
from auditor.attribution.naming.query_log_lines import LinesRead, read_lines
from auditor.model.attributed import NamedBy

KMS, STS = "kms.eu-central-1.amazonaws.com.", "sts.eu-central-1.amazonaws.com."


def line(name: str, *answers: str | tuple[str, str], kind: str = "A") -> str:
    """A line as AWS writes it."""
    rows = [answer if isinstance(answer, tuple) else (answer, kind) for answer in answers]
    document = {
        "version": "1.100000",
        "account_id": "123456789012",
        "region": "eu-central-1",
        "vpc_id": "vpc-1",
        "query_timestamp": "2026-11-12T18:33:54Z",
        "query_name": name,
        "query_type": kind,
        "query_class": "IN",
        "rcode": "NOERROR",
        "answers": [{"Rdata": data, "Type": type_, "Class": "IN"} for data, type_ in rows],
        "srcaddr": "10.0.0.1",
        "srcport": "5353",
        "transport": "UDP",
        "srcids": {"instance": "i-0ec"},
    }
    return json.dumps(document, separators=(",", ":"))


def written(path: Path, *lines: str | bytes, cut: int = 0) -> Path:
    content = b"".join((one.encode() if isinstance(one, str) else one) + b"\n" for one in lines)
    packed = gzip.compress(content)
    path.write_bytes(packed[: len(packed) - cut])
    return path


def services(answers: Answers) -> dict[str, str]:
    return {address: name.service for address, name in answers.names(NamedBy.QUERY_LOG).items()}


def read(wanted: list[str], *paths: Path) -> tuple[dict[str, str], LinesRead]:
    answers = Answers(wanted)
    return services(answers), read_lines(paths, answers)


def test_answers_name_the_wanted_addresses(tmp_path: Path) -> None:
    """Chains of CNAMEs under the name that was asked for, upper case, AAAA; not what PTR and TXT speak of."""
    path = written(
        tmp_path / "a.log.gz",
        line(KMS, "52.94.0.1", "52.94.0.2"),
        line("STS.eu-central-1.AMAZONAWS.com.", ("sts.alias.example.com.", "CNAME"), ("52.94.0.3", "A")),
        line(STS, "2a05:d014::1", kind="AAAA"),
        line("9.0.94.52.in-addr.arpa.", ("52.94.0.1", "PTR"), kind="PTR"),
        line("note.example.com.", ("52.94.0.1", "TXT"), kind="TXT"),
        line("nothing.example.com."),
    )
    answers = Answers(["52.94.0.1", "52.94.0.2", "52.94.0.3", "52.94.0.4", "2a05:d014::1"])
    assert read_lines([path], answers) == LinesRead(6, 0, ())
    assert services(answers) == {
        "52.94.0.1": "kms",
        "52.94.0.2": "kms",
        "52.94.0.3": "sts",
        "2a05:d014::1": "sts",
    }
    assert answers.ambiguous == frozenset()


def test_lines_that_are_no_queries_are_counted_and_the_rest_is_read(tmp_path: Path) -> None:
    damaged: list[str | bytes] = [
        "not json",
        "[1]",
        '"text"',
        '{"query_type":"A","answers":[{"Rdata":"52.94.0.1"}]}',
        line(KMS, "52.94.0.1")[:60],
        b"\xff\xfe{}",
        b'{"query_name":"a\x01b"}',
        '{"query_name":"deep","answers":' + "[" * 5000,
    ]
    odd = ['{"query_name":"x."}', '{"query_name":"x.","query_type":"A","answers":"none"}']
    odd += ['{"query_name":"x.","query_type":"A","answers":[{"Rdata":null},{"Type":"A"},7]}']
    path = written(tmp_path / "a.log.gz", *damaged, *odd, line(KMS, "52.94.0.1"))
    answers = Answers(["52.94.0.1"])
    assert read_lines([path], answers) == LinesRead(12, 8, ())
    assert services(answers) == {"52.94.0.1": "kms"}


def test_a_file_that_breaks_off_is_reported_and_counts_as_far_as_it_goes(tmp_path: Path) -> None:
    rng = random.Random(3)
    many = [line(KMS, f"52.94.{rng.randrange(256)}.{rng.randrange(256)}") for _ in range(20_000)]
    broken = written(tmp_path / "a.log.gz", line(KMS, "52.94.0.1"), *many, cut=100)
    whole = written(tmp_path / "b.log.gz", line(STS, "52.95.0.1"))
    other = tmp_path / "c.log.gz"
    other.write_bytes(b"\x1f\x8bnot gzip at all")
    answers = Answers(["52.94.0.1", "52.95.0.1"])
    found = read_lines([broken, whole, other, written(tmp_path / "empty.log.gz")], answers)
    assert services(answers) == {"52.94.0.1": "kms", "52.95.0.1": "sts"}
    assert sorted(one.path.name for one in found.unreadable) == ["a.log.gz", "c.log.gz"]
    assert 15_000 < found.lines < 20_002
    assert found.damaged == 0


def test_no_files_say_nothing() -> None:
    assert read_lines([], Answers(["52.94.0.1"])) == LinesRead(0, 0, ())


def test_many_files_give_what_a_plain_loop_gives(tmp_path: Path) -> None:
    """Random lines in several files, against one dict in plain Python."""
    rng = random.Random(7)
    hosts = [f"{service}.eu-central-1.amazonaws.com." for service in ("kms", "sts", "logs", "nobody")]
    expected: dict[str, set[str]] = {}
    paths = []
    for number in range(7):
        lines = []
        for _ in range(500):
            name = rng.choice(hosts)
            found = [f"52.94.{rng.randrange(20)}.{rng.randrange(20)}" for _ in range(rng.randrange(4))]
            lines.append(line(name, *found))
            for address in found:
                expected.setdefault(address, set()).add(name.split(".")[0])
        paths.append(written(tmp_path / f"{number}.log.gz", *lines))
    wanted = sorted(expected)[::2]
    answers = Answers(wanted)
    assert read_lines(paths, answers).lines == 3500
    clear: dict[str, Any] = {a: next(iter(expected[a])) for a in wanted if len(expected[a]) == 1}
    assert services(answers) == {address: service for address, service in clear.items() if service != "nobody"}
    assert answers.ambiguous == {a for a in wanted if len(expected[a]) > 1 or "nobody" in expected[a]}
