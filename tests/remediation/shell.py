"""What a script does in bash where nothing but `aws` exists, and whether AWS's own model takes its calls."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

from botocore import xform_name
from botocore.validate import ParamValidator

from auditor.model.audit import Remediation
from tests.models import model

BASH = shutil.which("bash") or "bash"
END = "end of call"
ACCOUNT = "123456789012"
# Nothing but these can run: what is called aws notes its words, what must not be called leaves a mark.
STUBS = f"""aws() {{ printf '%s\\0' "$@" '{END}' >>"$CALLS"; [ $1 != sts ] && echo made-1 || echo {ACCOUNT}; }}
rm() {{ : >pwned; }}
touch() {{ : >pwned; }}"""
HOSTILE = [
    "vpc-1; rm -rf /",
    "$(touch pwned)",
    "`touch pwned`",
    'it\'s "quoted"',
    "a\nb && touch pwned",
    "-x",
    "# x",
    " ",
]
# The operation that a waiter calls (botocore, ec2/2016-11-15/waiters-2.json).
WAITERS = {"nat-gateway-available": "DescribeNatGateways", "nat-gateway-deleted": "DescribeNatGateways"}
# Options that the AWS CLI makes of others (awscli/customizations/ec2/secgroupsimplify.py, ec2/... of AWS CLI 2).
SIMPLIFIED = {"protocol": "IpProtocol", "cidr": "CidrIp", "port": "FromPort"}
GLOBAL = {"region", "query", "output"}


def run(script: str, folder: Path) -> list[list[str]]:
    """The words of each call of `aws` when bash runs the script, in which there is no other program."""
    calls = folder / "calls"
    calls.write_bytes(b"")
    done = subprocess.run(
        [BASH, "-euc", f"{STUBS}\n{script}"],
        cwd=folder,
        env={"CALLS": str(calls), "VPCE": "vpce-new", "GROUP": "sg-new", "PATH": "/nowhere"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    words = calls.read_text("utf-8").split("\0")[:-1]
    return [list(group) for is_end, group in groupby(words, lambda word: word == END) if not is_end]


def scripts(remediation: Remediation) -> Iterator[str]:
    assert remediation.cli
    assert remediation.rollback
    yield remediation.cli
    yield remediation.rollback


def check(words: list[str]) -> None:
    """The command exists, and its options make parameters that AWS's own model takes."""
    service, command, *rest = words
    if service == "sts":
        assert command == "get-caller-identity"
        return
    assert service in {"ec2", "route53"}
    if command == "wait":
        waiter, *rest = rest
        command = xform_name(WAITERS[waiter], "-")
    names = {xform_name(name, "-"): name for name in model(service).operation_names}
    assert command in names, command
    shape = model(service).operation_model(names[command]).input_shape
    report = ParamValidator().validate(params_of(rest, shape), shape)
    assert not report.has_errors(), report.generate_report()


def params_of(words: list[str], shape: Any) -> dict[str, Any]:  # noqa: ANN401
    """The parameters that the AWS CLI makes of options."""
    members = {xform_name(name, "-"): name for name in shape.members}
    params: dict[str, Any] = {}
    for option, values in options(words):
        name = option.removeprefix("no-") if option not in members else option
        if name in GLOBAL:
            continue
        member = SIMPLIFIED.get(name) or members[name]
        params[member] = value_of(values, shape.members[member], negated=name != option)
    return params


def options(words: list[str]) -> Iterator[tuple[str, list[str]]]:
    assert words[0].startswith("--")
    starts = [number for number, word in enumerate(words) if word.startswith("--")]
    for start, end in zip(starts, [*starts[1:], len(words)], strict=True):
        yield words[start].removeprefix("--"), words[start + 1 : end]


def value_of(values: list[str], shape: Any, *, negated: bool) -> Any:  # noqa: ANN401
    kind = shape.type_name
    if kind == "boolean":
        assert not values
        return not negated
    if kind == "list":
        assert values
        return [value_of([value], shape.member, negated=False) for value in values]
    if kind == "structure":
        return structure_of(values, shape)
    (value,) = values
    return int(value) if kind == "integer" else value


def structure_of(values: list[str], shape: Any) -> Any:  # noqa: ANN401
    """`--enable-dns-support` alone means {Value: true}; else the CLI's shorthand A=b,C=d."""
    if list(shape.members) == ["Value"] and not values:
        return {"Value": True}
    (text,) = values
    if text.startswith("{"):
        found: Any = json.loads(text)
        return found
    if tag := re.fullmatch(r"ResourceType=(.*),Tags=\[{Key=(.*),Value=([^],}]*)}]", text):
        return {"ResourceType": tag[1], "Tags": [{"Key": tag[2], "Value": tag[3]}]}
    pairs = dict(part.split("=", 1) for part in re.split(r",(?=\w+=)", text))
    kinds = {name: shape.members[name].type_name for name in pairs}
    return {
        name: {"boolean": value == "true", "list": value.split(",")}.get(kinds[name], value)
        for name, value in pairs.items()
    }
