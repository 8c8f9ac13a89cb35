"""Whether an endpoint's policy is open to everybody, whatever is written in it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from auditor.collectors.policies import LONGEST, is_open

FULL = {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}
ORGANIZATION = {"StringEquals": {"aws:PrincipalOrgID": "o-1"}}


def policy(*statements: object) -> str:
    return json.dumps({"Version": "2008-10-17", "Statement": list(statements)})


def statement(**more: Any) -> dict[str, Any]:
    return {**FULL, **more}


@pytest.mark.parametrize(
    "document",
    [
        policy(FULL),
        json.dumps({"Statement": FULL}),
        policy(statement(Principal={"AWS": "*"})),
        policy(statement(Principal={"AWS": ["arn:aws:iam::1:root", "*"]})),
        policy(statement(Action=["s3:GetObject", "*"], Resource=["*"])),
        policy(statement(Action="*:*")),
        policy(statement(Action="S3:*")),
        policy(statement(Condition={})),
        policy(statement(Action="s3:GetObject", Condition=ORGANIZATION), FULL),
        policy(statement(NotAction="iam:*"), FULL),
    ],
)
def test_everybody_may_do_everything(document: str) -> None:
    assert is_open(document, "s3") is True


@pytest.mark.parametrize(
    "document",
    [
        policy(statement(Condition=ORGANIZATION)),
        policy(statement(Action="s3:GetObject")),
        policy(statement(Action="dynamodb:*")),
        policy(statement(Action="s3*")),
        policy(statement(Resource="arn:aws:s3:::bucket/*")),
        policy(statement(Principal={"AWS": "arn:aws:iam::1:root"})),
        policy(statement(Principal={"Service": "*"})),
        policy(FULL, statement(Effect="Deny", Action="s3:PutObject")),
        policy(FULL, {"Effect": "Deny", "NotPrincipal": "*"}),
        policy(*({"Effect": "Allow"},)),
        policy(statement(Action=[{"*": "*"}, 1, None])),
    ],
)
def test_something_narrows_it(document: str) -> None:
    assert is_open(document, "s3") is False


@pytest.mark.parametrize("left_out", ["NotAction", "NotResource", "NotPrincipal"])
def test_what_is_said_by_what_it_leaves_out_is_unknown(left_out: str) -> None:
    rest = {key: value for key, value in FULL.items() if key != left_out.removeprefix("Not")}
    assert is_open(policy({**rest, left_out: "x"}), "s3") is None


@pytest.mark.parametrize(
    "document",
    [
        None,
        7,
        "",
        "not json",
        "null",
        "[]",
        "[" * 20_000,
        '{"Statement":' + "[" * 9_000 + "]" * 9_000 + "}",
        "{}",
        json.dumps({"Statement": []}),
        json.dumps({"Statement": "everything"}),
        policy(FULL, "text"),
        policy(statement(Effect="Perhaps")),
        policy(statement(Effect=["Allow"])),
        policy({"Principal": "*", "Action": "*", "Resource": "*"}),
        '{"Statement": 1' + "0" * 10_000 + "}",
        policy(FULL) + " " * LONGEST,
    ],
    ids=lambda document: str(document)[:24],
)
def test_what_cannot_be_read_is_unknown(document: object) -> None:
    assert is_open(document, "s3") is None


def test_the_longest_policy_is_read() -> None:
    assert is_open(policy(FULL).ljust(LONGEST), "s3") is True


def test_each_service_has_a_wildcard_of_its_own() -> None:
    assert is_open(policy(statement(Action="ecr:*")), "ecr.api") is True
    assert is_open(policy(statement(Action="ecr:*")), "logs") is False
