"""Which IAM actions the product has called in the tests, as the servers of the tests were asked for them.

The proxy and the stubs note what arrives with Auditor's own user agent, so what a test seeds does not count. Each
worker of pytest-xdist hands its set over when it ends (tests/conftest.py), and where the whole suite ran, the session
fails if the calls and the printed policy differ: in either direction.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from auditor.aws.policy import Grants, Part, policy

CALLS: set[str] = set()
"""Of this process, and in the end of all workers."""

OUR_AGENT = "auditor/"
NEEDS_NO_GRANT = {"sts:GetCallerIdentity"}
NEVER_ASKED_FOR = {"s3:GetBucketLocation"}
"""What only Athena itself does in AWS."""

_SIGNED_AS = {"monitoring": "cloudwatch"}
_OBJECTS = {"GET": "GetObject", "HEAD": "GetObject", "PUT": "PutObject", "DELETE": "DeleteObject"}


def note(service: str, operation: str, params: Mapping[str, object], agent: str) -> None:
    """Remember what a call of Auditor takes."""
    if agent.startswith(OUR_AGENT):
        CALLS.add(action_of(service, operation, params))


def action_of(service: str, operation: str, params: Mapping[str, object]) -> str:
    """The IAM action of a call as it came over the wire; what is not known here is in no policy either.

    `service` is the name that signs, the operation of a REST call its method and path, `params` the query of such.
    """
    if service == "s3":
        method, path = operation.split(" ", 1)
        return f"s3:{_in_s3(method, path, params)}"
    if operation == "POST /v2/email/outbound-emails":
        return "ses:SendRawEmail"
    return f"{_SIGNED_AS.get(service, service)}:{operation}"


def _in_s3(method: str, path: str, query: Mapping[str, object]) -> str:
    """Buckets are in the path; parts of an upload and lists of keys to delete are granted with the objects."""
    _, _, key = path.strip("/").partition("/")
    if method == "POST" and "delete" in query:
        return "DeleteObject"
    if not key:
        return "ListBucket" if method in {"GET", "HEAD"} else f"{method} of a bucket"
    if method == "POST" and not {"uploads", "uploadId"}.isdisjoint(query):
        return "PutObject"
    if method == "DELETE" and "uploadId" in query:
        return "AbortMultipartUpload"
    return _OBJECTS.get(method, f"{method} of an object")


def granted() -> set[str]:
    """All actions that `auditor iam` can print."""
    statements = json.loads(policy(Grants(frozenset(Part), ("arn:aws:iam::123456789012:role/any",))))["Statement"]
    return {action for statement in statements for action in statement["Action"]}


def differences(calls: set[str], *, is_whole: bool) -> list[str]:
    """What was called and is not granted; where the whole suite ran, also what is granted and was never called."""
    found = [f"{action} was called, and `auditor iam` does not grant it" for action in sorted(calls - granted())]
    found = [line for line in found if line.split()[0] not in NEEDS_NO_GRANT]
    # SES knows two names for one call, and what Athena does is seen by AWS alone.
    same = {"ses:SendEmail"} if "ses:SendRawEmail" in calls else set()
    unused = granted() - calls - same - NEVER_ASKED_FOR
    return found + [f"{action} is granted, and no test has called it" for action in sorted(unused) if is_whole]
