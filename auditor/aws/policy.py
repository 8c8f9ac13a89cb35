"""The least IAM policy, made from the very lists of calls that the guard lets pass."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from urllib.parse import urlsplit

from auditor.aws.operations import (
    ASSUME_ROLE,
    ATHENA_OPERATIONS,
    DELETE_OBJECT,
    GET_CALLER_IDENTITY,
    GET_OBJECT,
    MAIL_OPERATIONS,
    OPERATIONS,
    ORGANIZATION_OPERATIONS,
    OWNER_OPERATIONS,
    STORE_OPERATIONS,
    Operation,
)
from auditor.errors import UsageError
from auditor.model.evidence import Source

_NEEDS_NO_GRANT = {GET_CALLER_IDENTITY}
_FLOW_LOG_SOURCES = {Source.FLOW_RECORDS, Source.QUERY_LOGS}
_RECORD_KEYS = ["arn:{aws}:s3:::*AWSLogs/*vpcflowlogs/*", "arn:{aws}:s3:::*AWSLogs/*vpcdnsquerylogs/*"]
"""Where AWS itself puts flow records and DNS query logs, in whatever bucket: no other object can be read."""
_BUCKET_ACTION = "s3:ListBucket"
BY_ATHENA = ("s3:AbortMultipartUpload", "s3:GetBucketLocation", "s3:PutObject")
"""What Athena does in the bucket of results with the caller's permissions, by no call of ours (AWS's managed policy
AmazonAthenaFullAccess, from memory)."""


class Part(StrEnum):
    """A part of Auditor that has permissions of its own."""

    COLLECT = "collect"
    FLOW_LOGS = "flow-logs"
    ATHENA = "athena"
    MAIL = "mail"
    STORE = "store"
    OWNERS = "owners"
    ORGANIZATION = "organization"


BLANKS = ("MAIL-FROM", "STORE-BUCKET/PREFIX", "ATHENA-RESULTS-BUCKET")
"""What nobody named stands in capitals, for the user to replace."""


@dataclass(frozen=True, slots=True)
class Grants:
    """What is granted, and on what: roles to assume, the one sender of mail, the store."""

    parts: frozenset[Part] = frozenset({Part.COLLECT, Part.FLOW_LOGS})
    role_arns: tuple[str, ...] = ()
    mail_from: str = BLANKS[0]
    store: str = f"s3://{BLANKS[1]}"
    partition: str = "aws"


def parts_named(words: Iterable[str]) -> frozenset[Part]:
    """The parts, given as `a,b` or one by one; `UsageError` names those that there are."""
    named = [word.strip() for text in words for word in text.split(",")]
    wrong = next((word for word in named if word not in list(Part)), None)
    if wrong is not None:
        raise UsageError(f"option --for: {wrong!r}: there are {', '.join(Part)}")
    return frozenset(map(Part, named))


def operations_of(part: Part) -> tuple[Operation, ...]:
    """The calls that a part makes, member roles aside."""
    lists = {
        Part.COLLECT: [op for op in OPERATIONS if op.source not in _FLOW_LOG_SOURCES and op is not ASSUME_ROLE],
        Part.FLOW_LOGS: [op for op in OPERATIONS if op.source in _FLOW_LOG_SOURCES],
        Part.ATHENA: ATHENA_OPERATIONS,
        Part.MAIL: MAIL_OPERATIONS,
        Part.STORE: STORE_OPERATIONS,
        Part.OWNERS: OWNER_OPERATIONS,
        Part.ORGANIZATION: ORGANIZATION_OPERATIONS,
    }
    return tuple(op for op in lists[part] if op not in _NEEDS_NO_GRANT)


def policy(grants: Grants | None = None) -> str:
    """The policy as JSON; `UsageError` where the store is not in S3. Describe* know no resources."""
    grants = grants or Grants()
    aws = grants.partition
    statements = _reads(grants.parts)
    if Part.FLOW_LOGS in grants.parts:
        statements += _flow_logs(aws)
    if Part.ATHENA in grants.parts:
        statements += _athena(aws)
    if Part.MAIL in grants.parts:
        statements.append(_mail(grants.mail_from, aws))
    if Part.OWNERS in grants.parts:
        statements.append(_statement("AuditorFindsOwners", operations_of(Part.OWNERS), "*"))
    if Part.ORGANIZATION in grants.parts:
        statements.append(_statement("AuditorFindsAccounts", operations_of(Part.ORGANIZATION), "*"))
    if Part.STORE in grants.parts:
        statements += _store(grants.store, aws)
    if grants.role_arns:
        statements.append(_statement("AuditorReachesMemberAccounts", [ASSUME_ROLE], list(grants.role_arns)))
    return json.dumps({"Version": "2012-10-17", "Statement": statements}, indent=2)


def _reads(parts: frozenset[Part]) -> list[dict[str, Any]]:
    reads = [op for part in (Part.COLLECT, Part.FLOW_LOGS) if part in parts for op in operations_of(part)]
    anywhere = [op for op in reads if op.service != "s3"]
    return [_statement("AuditorReads", anywhere, "*")] if anywhere else []


def _flow_logs(aws: str) -> list[dict[str, Any]]:
    in_s3 = [op for op in operations_of(Part.FLOW_LOGS) if op.service == "s3"]
    listing, objects = _by_resource(in_s3)
    only_logs = {"StringLike": {"s3:prefix": ["*AWSLogs/*"]}}
    return [
        _statement("AuditorListsFlowRecords", listing, "*") | {"Condition": only_logs},
        _statement("AuditorReadsFlowRecords", objects, [key.format(aws=aws) for key in _RECORD_KEYS]),
    ]


def _athena(aws: str) -> list[dict[str, Any]]:
    """The bucket is to be replaced by the one of the workgroup's results."""
    glue = [op for op in ATHENA_OPERATIONS if op.service == "glue"]
    tables = [f"arn:{aws}:glue:*:*:{part}" for part in ("catalog", "database/*", "table/*/auditor_*")]
    bucket = f"arn:{aws}:s3:::{BLANKS[2]}"
    results = _statement("AuditorKeepsResults", [DELETE_OBJECT, GET_OBJECT], [bucket, f"{bucket}/*"])
    return [
        _statement("AuditorQueries", [op for op in ATHENA_OPERATIONS if op.service == "athena"], "*"),
        _statement("AuditorMakesTables", glue, tables),
        results | {"Action": sorted({*results["Action"], *BY_ATHENA})},
    ]


def _mail(sender: str, aws: str) -> dict[str, Any]:
    """Mail from that address and no other. IAM's list names the call's own action, AWS's refusals that of raw mail."""
    actions = sorted({action for op in MAIL_OPERATIONS for action in (op.action, f"{op.granted_in}:{op.name}")})
    identities = [f"arn:{aws}:ses:*:*:identity/*"]
    only = {"StringEquals": {"ses:FromAddress": sender}}
    return _statement("AuditorSendsMail", (), identities) | {"Action": actions, "Condition": only}


def _store(where: str, aws: str) -> list[dict[str, Any]]:
    """The bucket, and objects below the prefix. A condition on prefixes would refuse HeadBucket."""
    parts = urlsplit(where)
    if parts.scheme != "s3" or not parts.netloc:
        raise UsageError(f"option --store: {where!r}: is not s3://bucket/prefix, and a folder needs no policy")
    bucket = f"arn:{aws}:s3:::{parts.netloc}"
    below = "/".join(part for part in (bucket, parts.path.strip("/"), "*") if part)
    listing, objects = _by_resource(STORE_OPERATIONS)
    return [_statement("AuditorListsRuns", listing, bucket), _statement("AuditorKeepsRuns", objects, below)]


def _by_resource(operations: Iterable[Operation]) -> tuple[list[Operation], list[Operation]]:
    """Calls of S3 that are granted on a bucket, and those on objects."""
    every = tuple(operations)
    return [op for op in every if op.action == _BUCKET_ACTION], [op for op in every if op.action != _BUCKET_ACTION]


def _statement(name: str, operations: Iterable[Operation], resource: str | list[str]) -> dict[str, Any]:
    actions = sorted({operation.action for operation in operations})
    return {"Sid": name, "Effect": "Allow", "Action": actions, "Resource": resource}
