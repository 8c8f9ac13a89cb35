"""`auditor attribute` as a user meets it: the published example, JSON, table, and one clear line for bad input."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.command import Auditor, Done, auditor, in_process

EXAMPLE = """\
interface-id srcaddr dstaddr pkt-srcaddr pkt-dstaddr bytes start end action log-status
eni-nat 10.0.1.5 10.0.0.220 10.0.1.5 203.0.113.5 1000 1760000000 1760000060 ACCEPT OK
eni-nat 10.0.0.220 203.0.113.5 10.0.0.220 203.0.113.5 1000 1760000000 1760000060 ACCEPT OK
eni-nat 203.0.113.5 10.0.0.220 203.0.113.5 10.0.0.220 50000 1760000000 1760000060 ACCEPT OK
eni-nat 10.0.0.220 10.0.1.5 203.0.113.5 10.0.1.5 50000 1760000000 1760000060 ACCEPT OK
eni-own 10.0.1.5 203.0.113.5 10.0.1.5 203.0.113.5 1000 1760000000 1760000060 ACCEPT OK
eni-own 203.0.113.5 10.0.1.5 203.0.113.5 10.0.1.5 50000 1760000000 1760000060 ACCEPT OK
"""
"""AWS's documented conversation through a NAT gateway: four records of its interface, two of the client's."""

DEFAULT_EXAMPLE = """\
2 123456789012 eni-nat 10.0.1.5 10.0.0.220 5566 443 6 10 1000 1760000000 1760000060 ACCEPT OK
2 123456789012 eni-nat 10.0.0.220 203.0.113.5 5566 443 6 10 1000 1760000000 1760000060 ACCEPT OK
2 123456789012 eni-nat 203.0.113.5 10.0.0.220 443 5566 6 40 50000 1760000000 1760000060 ACCEPT OK
2 123456789012 eni-nat 10.0.0.220 10.0.1.5 443 5566 6 40 50000 1760000000 1760000060 ACCEPT OK
2 123456789012 eni-own 10.0.1.5 203.0.113.5 5566 443 6 10 1000 1760000000 1760000060 ACCEPT OK
2 123456789012 eni-own 203.0.113.5 10.0.1.5 443 5566 6 40 50000 1760000000 1760000060 ACCEPT OK
"""
"""The same in the default format, as a file without header line."""

NAT = {
    "NatGatewayId": "nat-1",
    "VpcId": "vpc-1",
    "State": "available",
    "CreateTime": "2026-01-01T00:00:00+00:00",
    "NatGatewayAddresses": [{"NetworkInterfaceId": "eni-nat", "PrivateIp": "10.0.0.220", "PublicIp": "198.51.100.1"}],
}


def ask(folder: Path, *words: str, nats: object = None, command: Auditor = in_process) -> Done:
    described = folder / "nat.json"
    described.write_text(json.dumps(nats or {"NatGateways": [NAT]}))
    return command("attribute", *words, f"--nat-gateways={described}", "--region=eu-west-1")


def answer(folder: Path, content: str, *words: str, command: Auditor = in_process) -> dict[str, Any]:
    log = folder / "flow.log"
    log.write_text(content)
    done = ask(folder, str(log), *words, command=command)
    assert (done.returncode, done.stderr) == (0, "")
    found = json.loads(done.stdout)
    assert isinstance(found, dict)
    return found


@pytest.mark.parametrize(("content", "clients_known"), [(EXAMPLE, True), (DEFAULT_EXAMPLE, False)])
def test_the_documented_conversation_is_one_upload_and_one_download(
    content: str, *, clients_known: bool, tmp_path: Path
) -> None:
    """1,000 bytes up and 50,000 down, in six records: neither doubled nor lost, and nothing else in the answer.

    As a process of its own, without any variable.
    """
    assert answer(tmp_path, content, command=auditor) == {
        "nat_gateways": [
            {
                "id": "nat-1",
                "region": "eu-west-1",
                "bytes_up": 1000,
                "bytes_down": 50000,
                "destinations": [{"service": "internet", "region": None, "bytes_up": 1000, "bytes_down": 50000}],
                "clients_known": clients_known,
            }
        ],
        "records": 6,
        "nodata": 0,
        "skipdata": 0,
        "rejected": 0,
        "unreadable": 0,
        "first": "2025-10-09T08:53:20Z",
        "last": "2025-10-09T08:54:20Z",
    }


def test_records_beyond_two_to_the_sixty_three_add_up_exactly(tmp_path: Path) -> None:
    most = 2**63 - 1
    content = "".join(line.replace(" 50000 ", f" {most} ") * 3 for line in EXAMPLE.splitlines(keepends=True)[1:])
    found = answer(tmp_path, EXAMPLE.splitlines(keepends=True)[0] + content)
    assert found["nat_gateways"][0]["bytes_down"] == 3 * most


def test_a_file_without_header_line_is_read_by_the_given_format(tmp_path: Path) -> None:
    names, *records = EXAMPLE.splitlines(keepends=True)
    log_format = " ".join(f"${{{name}}}" for name in names.split())
    found = answer(tmp_path, "".join(records), f"--log-format={log_format}")
    assert (found["records"], found["nat_gateways"][0]["bytes_up"]) == (6, 1000)


def test_pinned_ranges_decide_the_names(tmp_path: Path) -> None:
    """With another ip-ranges.json, 203.0.113.5 is S3's in Stockholm."""
    ranges = tmp_path / "ranges.json"
    prefix = {"ip_prefix": "203.0.113.0/24", "service": "S3", "region": "eu-north-1"}
    ranges.write_text(json.dumps({"createDate": "2026-08-22", "prefixes": [prefix], "ipv6_prefixes": []}))
    found = answer(tmp_path, EXAMPLE, f"--ip-ranges={ranges}")
    assert [(one["service"], one["region"]) for one in found["nat_gateways"][0]["destinations"]] == [
        ("s3", "eu-north-1")
    ]


def test_the_table_shows_every_figure(tmp_path: Path) -> None:
    (tmp_path / "flow.log").write_text(EXAMPLE)
    done = ask(tmp_path, str(tmp_path / "flow.log"), "--format=table")
    words = done.stdout.split()
    assert {"nat-1", "internet", "1,000", "50,000", "records", "6,"} <= set(words)


def test_a_truncated_file_is_named_and_the_rest_counted(tmp_path: Path) -> None:
    """Cut off one byte: all its records are there, and it counts as one thing unreadable."""
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs/cut.log.gz").write_bytes(gzip.compress(EXAMPLE.encode())[:-1])
    done = ask(tmp_path, str(tmp_path / "logs"))
    found = json.loads(done.stdout)
    assert done.returncode == 0
    assert "cut.log.gz: not read to its end: gzip data ends too early" in done.stderr
    assert (found["unreadable"], found["records"], found["nat_gateways"][0]["bytes_down"]) == (1, 6, 50000)


BAD = {
    "no such file or folder": ["nowhere.log"],
    "no flow-log files there": ["folder"],
    "not a flow-log format: 'x y'": ["good.log", "--log-format=x y"],
    "no header line that names its fields": ["words.log"],
    "its format lacks interface-id: nothing can be counted": ["short.log"],
    "its format lacks bytes: nothing can be counted": ["sizeless.log"],
    "not AWS's ip-ranges.json": ["good.log", "--ip-ranges=words.log"],
    "cannot be read: No such file": ["good.log", "--ip-ranges=nowhere.json"],
    "is not one of 'json', 'table'": ["good.log", "--format=xml"],
}


@pytest.mark.parametrize("said", BAD)
def test_bad_input_is_one_line_and_exit_code_2(said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder").mkdir()
    (tmp_path / "good.log").write_text(EXAMPLE)
    (tmp_path / "words.log").write_text("these are no records\n")
    (tmp_path / "short.log").write_text("srcaddr dstaddr bytes\n10.0.0.220 1.1.1.1 5\n")
    (tmp_path / "sizeless.log").write_text("interface-id srcaddr dstaddr\neni-nat 10.0.0.220 1.1.1.1\n")
    done = ask(tmp_path, *BAD[said])
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr
    assert done.stderr.count("\n") == 1
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("nats", [[], {"NatGateways": [{}]}, {"Vpcs": []}, {"NatGateways": [1]}, {"NatGateways": "x"}])
def test_a_file_that_holds_no_nat_gateways_is_one_line(nats: object, tmp_path: Path) -> None:
    (tmp_path / "flow.log").write_text(EXAMPLE)
    done = ask(tmp_path, str(tmp_path / "flow.log"), nats=nats or [0])
    assert (done.returncode, done.stdout) == (2, "")
    assert "not what `aws ec2 describe-nat-gateways` prints" in done.stderr


def test_an_empty_list_of_nat_gateways_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "flow.log").write_text(EXAMPLE)
    done = ask(tmp_path, str(tmp_path / "flow.log"), nats={"NatGateways": []})
    assert (done.returncode, "no NAT gateway in it" in done.stderr) == (2, True)


def test_what_a_terminal_would_obey_is_not_printed(tmp_path: Path) -> None:
    """An id out of the file of NAT gateways, as text of a table and of an error."""
    (tmp_path / "flow.log").write_text(EXAMPLE)
    hostile = {**NAT, "NatGatewayId": "nat-[bold]1\x1b[31m"}
    done = ask(tmp_path, str(tmp_path / "flow.log"), "--format=table", nats={"NatGateways": [hostile]})
    assert done.returncode == 0
    assert "nat-[bold]1" in done.stdout
    assert "\x1b" not in done.stdout
    refused = ask(tmp_path, "no\x1b[31mwhere.log")
    assert refused.returncode == 2
    assert "\x1b" not in refused.stderr
