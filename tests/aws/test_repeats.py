"""A request that repeats an earlier one is what botocore would have prepared, whatever its parameters."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

import botocore.session
import pytest
from aiobotocore.credentials import AioCredentials
from aiobotocore.httpsession import AIOHTTPSession

from auditor.aws.operations import (
    ATHENA_OPERATIONS,
    CREATE_TABLE,
    DESCRIBE_VPCS,
    GET_PRODUCTS,
    OPERATIONS,
    ORGANIZATION_OPERATIONS,
    Operation,
)
from auditor.aws.sending import Sender
from auditor.aws.session import AuditSession, Target
from auditor.errors import NotReadOnlyError

if TYPE_CHECKING:
    from botocore.awsrequest import AWSPreparedRequest
    from botocore.model import Shape

ALL = (*OPERATIONS, *ORGANIZATION_OPERATIONS, *ATHENA_OPERATIONS)
HERE, THERE = "eu-central-1", "us-gov-west-1"
MANY = ("ec2", "cloudwatch", "pricing")
"""Services whose calls are many: all but the first must be repeated."""

_session = botocore.session.get_session()


class SentError(Exception):
    """A request that was about to leave the process."""


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ENDPOINT_URL", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


async def stop(_: object, request: AWSPreparedRequest) -> None:
    raise SentError(request)


async def about_to_send(session: AuditSession, region: str, operation: Operation, params: dict[str, Any]) -> Any:  # noqa: ANN401
    """URL, headers and body; of what is signed only by whom."""
    with patch.object(AIOHTTPSession, "send", stop), pytest.raises(SentError) as sent:
        await session.call(Target("1", region, AioCredentials("AKIA", "secret")), operation, params)
    request = sent.value.args[0]
    headers = {key: value for key, value in request.headers.items() if key != "X-Amz-Date"}
    authorization = headers["Authorization"].partition("Signature=")[0]
    body = json.loads(request.body) if "json" in headers["Content-Type"] else request.body
    return request.url, headers | {"Authorization": authorization}, body


def whole(shape: Shape | None, name: str = "", depth: int = 0) -> Any:  # noqa: ANN401
    """Parameters with every member, and two items in each list."""
    if shape is None or (shape.type_name == "structure" and depth > 8):
        return {}
    if shape.type_name == "structure":
        return {key: whole(one, key, depth + 1) for key, one in shape.members.items()}
    if shape.type_name == "list":
        return [whole(shape.member, name, depth + 1)] * 2
    if shape.type_name == "map":
        return {"a key": whole(shape.value, name, depth + 1)}
    moment = datetime(2026, 11, 29, tzinfo=UTC)
    text = "auditor_x" if name in {"Name", "TableName"} else 'SELECT "ä b" & c=/~+%'
    return {"string": text, "timestamp": moment, "boolean": True, "double": 0.5}.get(shape.type_name, 7)


def parameters(operation: Operation) -> dict[str, Any]:
    model = _session.get_service_model(operation.service).operation_model(operation.name)
    return dict(whole(model.input_shape))


@pytest.mark.parametrize("operation", [one for one in ALL if one.service != "s3"], ids=lambda one: one.action)
def test_what_is_sent_the_second_time_is_what_botocore_prepares(operation: Operation) -> None:
    params = parameters(operation)
    other = next((one for one in ALL if one.service == operation.service and one != operation), operation)

    async def sent() -> tuple[Any, Any, int]:
        async with AuditSession(operations=ALL) as session:
            await about_to_send(session, HERE, operation, params)
            await about_to_send(session, THERE, other, parameters(other))
            with patch.object(Sender, "request", autospec=True, side_effect=Sender.request) as prepared:
                repeated = await about_to_send(session, THERE, operation, params)
        async with AuditSession(operations=ALL) as session:
            return repeated, await about_to_send(session, THERE, operation, params), prepared.call_count

    repeated, first, prepared = asyncio.run(sent())
    assert repeated == first
    assert operation.service not in MANY or not prepared


@pytest.mark.parametrize("operation", [one for one in ALL if one.service in MANY], ids=lambda one: one.action)
def test_the_first_request_to_another_region_too(operation: Operation) -> None:
    params = parameters(operation)

    async def sent() -> tuple[Any, Any]:
        async with AuditSession(operations=ALL) as session:
            await about_to_send(session, HERE, operation, params)
            second = await about_to_send(session, THERE, operation, params)
        async with AuditSession(operations=ALL) as session:
            return second, await about_to_send(session, THERE, operation, params)

    second, first = asyncio.run(sent())
    assert second == first


def test_what_was_sent_before_is_guarded_again() -> None:
    """The same operation, and this time a table that is not the audit's."""

    async def sent() -> None:
        async with AuditSession(operations=ALL) as session:
            for _ in range(2):
                await about_to_send(session, HERE, CREATE_TABLE, {"TableInput": {"Name": "auditor_1"}})
            await about_to_send(session, HERE, CREATE_TABLE, {"TableInput": {"Name": "sales"}})

    with pytest.raises(NotReadOnlyError, match="does not begin with auditor_"):
        asyncio.run(sent())


def test_another_region_is_never_asked_by_the_url_of_the_last() -> None:
    async def sent() -> list[str]:
        async with AuditSession() as session:
            return [
                (await about_to_send(session, region, operation, {}))[0]
                for operation in (DESCRIBE_VPCS, GET_PRODUCTS)
                for region in (HERE, "us-east-1", HERE)
            ]

    hosts = [f"https://{name}.{{}}.amazonaws.com/" for name in ("ec2", "api.pricing")]
    assert asyncio.run(sent()) == [host.format(region) for host in hosts for region in (HERE, "us-east-1", HERE)]
