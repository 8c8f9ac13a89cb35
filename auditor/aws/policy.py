"""The least IAM policy, made from the very list of calls that the guard lets pass."""

from __future__ import annotations

import json

from auditor.aws.operations import ASSUME_ROLE, GET_CALLER_IDENTITY, OPERATIONS

_NEEDS_NO_GRANT = {GET_CALLER_IDENTITY}


def policy(role_arns: tuple[str, ...] = ()) -> str:
    """The policy as JSON. With role ARNs it also lets the caller assume these; Describe* know no resources."""
    reads = [op.action for op in OPERATIONS if op not in _NEEDS_NO_GRANT and op is not ASSUME_ROLE]
    statements = [_statement("AuditorReads", sorted(set(reads)), "*")]
    if role_arns:
        statements.append(_statement("AuditorReachesMemberAccounts", [ASSUME_ROLE.action], list(role_arns)))
    return json.dumps({"Version": "2012-10-17", "Statement": statements}, indent=2)


def _statement(name: str, actions: list[str], resource: str | list[str]) -> dict[str, object]:
    return {"Sid": name, "Effect": "Allow", "Action": actions, "Resource": resource}
