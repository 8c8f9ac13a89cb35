"""The least IAM policy, made from the very list of calls that the guard lets pass."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from auditor.aws.operations import (
    ASSUME_ROLE,
    ATHENA_OPERATIONS,
    DELETE_OBJECT,
    GET_CALLER_IDENTITY,
    GET_OBJECT,
    LIST_OBJECTS,
    MAIL_OPERATIONS,
    OPERATIONS,
    OWNER_OPERATIONS,
    Operation,
)
from auditor.model.evidence import Source

_NEEDS_NO_GRANT = {GET_CALLER_IDENTITY}
_FLOW_LOG_SOURCES = {Source.FLOW_RECORDS, Source.QUERY_LOGS}
_RECORD_KEYS = ["arn:{aws}:s3:::*AWSLogs/*vpcflowlogs/*", "arn:{aws}:s3:::*AWSLogs/*vpcdnsquerylogs/*"]
"""Where AWS itself puts flow records and DNS query logs, in whatever bucket: no other object can be read."""


@dataclass(frozen=True, slots=True)
class Extras:
    """What a policy grants beyond the reads: roles to assume, queries on Athena, mail from one address, owners."""

    role_arns: tuple[str, ...] = ()
    athena: bool = False
    mail_from: str | None = None
    owners: bool = False


def policy(extras: Extras | None = None, *, flow_logs: bool = True, partition: str = "aws") -> str:
    """The policy as JSON. Describe* know no resources."""
    extras = extras or Extras()
    wanted = [op for op in OPERATIONS if flow_logs or op.source not in _FLOW_LOG_SOURCES]
    reads = [op for op in wanted if op.service != "s3" and op not in _NEEDS_NO_GRANT and op is not ASSUME_ROLE]
    statements = [_statement("AuditorReads", reads, "*")]
    if flow_logs:
        only_logs = {"StringLike": {"s3:prefix": ["*AWSLogs/*"]}}
        statements.append(_statement("AuditorListsFlowRecords", [LIST_OBJECTS], "*") | {"Condition": only_logs})
        statements.append(
            _statement("AuditorReadsFlowRecords", [GET_OBJECT], [key.format(aws=partition) for key in _RECORD_KEYS])
        )
    if extras.athena:
        statements += _athena(partition)
    if extras.mail_from is not None:
        statements.append(_mail(extras.mail_from, partition))
    if extras.owners:
        owners = [op for op in OWNER_OPERATIONS if op not in _NEEDS_NO_GRANT]
        statements.append(_statement("AuditorFindsOwners", owners, "*"))
    if extras.role_arns:
        statements.append(_statement("AuditorReachesMemberAccounts", [ASSUME_ROLE], list(extras.role_arns)))
    return json.dumps({"Version": "2012-10-17", "Statement": statements}, indent=2)


def _athena(aws: str) -> list[dict[str, Any]]:
    """The bucket is to be replaced by the one of the workgroup's results."""
    glue = [op for op in ATHENA_OPERATIONS if op.service == "glue"]
    tables = [f"arn:{aws}:glue:*:*:{part}" for part in ("catalog", "database/*", "table/*/auditor_*")]
    results = {"Sid": "AuditorKeepsResults", "Effect": "Allow", "Resource": [f"arn:{aws}:s3:::ATHENA-RESULTS-BUCKET/*"]}
    actions = ["s3:AbortMultipartUpload", DELETE_OBJECT.action, GET_OBJECT.action, "s3:PutObject"]
    return [
        _statement("AuditorQueries", [op for op in ATHENA_OPERATIONS if op.service == "athena"], "*"),
        _statement("AuditorMakesTables", glue, tables),
        results | {"Action": actions},
    ]


def _mail(sender: str, aws: str) -> dict[str, Any]:
    """Mail from that address and no other. IAM's list names the call's own action, AWS's refusals that of raw mail."""
    actions = sorted({action for op in MAIL_OPERATIONS for action in (op.action, f"{op.granted_in}:{op.name}")})
    identities = [f"arn:{aws}:ses:*:*:identity/*"]
    only = {"StringEquals": {"ses:FromAddress": sender}}
    return {
        "Sid": "AuditorSendsMail",
        "Effect": "Allow",
        "Action": actions,
        "Resource": identities,
        "Condition": only,
    }


def _statement(name: str, operations: Iterable[Operation], resource: str | list[str]) -> dict[str, Any]:
    actions = sorted({operation.action for operation in operations})
    return {"Sid": name, "Effect": "Allow", "Action": actions, "Resource": resource}
