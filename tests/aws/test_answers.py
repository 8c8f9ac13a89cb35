"""Answers are read as botocore reads them: its own parser is the oracle, for every call that the audit makes."""

from __future__ import annotations

import asyncio
import base64
import json
from typing import TYPE_CHECKING, Any
from unittest.mock import patch
from xml.sax.saxutils import escape

import pytest
from aiobotocore.parsers import AioResponseParserFactory
from botocore.parsers import ResponseParserError
from hypothesis import given
from hypothesis import strategies as st

from auditor.aws.answers import Answers
from auditor.aws.members import MEMBERS
from auditor.aws.operations import ATHENA_OPERATIONS, OPERATIONS, ORGANIZATION_OPERATIONS, Operation
from tests.models import model

if TYPE_CHECKING:
    from collections.abc import Iterator

    from botocore.model import Shape

MOMENT = "2026-10-17T06:05:04.000Z"
ALL = {
    (one.service, one.name): one
    for one in (*OPERATIONS, *ORGANIZATION_OPERATIONS, *ATHENA_OPERATIONS)
    if one.service != "s3"
}
READ_HERE = {pair: one for pair, one in ALL.items() if one.service in {"ec2", "cloudwatch", "pricing", "organizations"}}
"""Those that are many: they must not need botocore's parser."""


@pytest.fixture(autouse=True, scope="module")
def _all_members() -> Iterator[None]:
    """The ones too that no collector looks at."""
    with patch.dict(MEMBERS, clear=True):
        yield


def shape_of(operation: Operation) -> tuple[str, Shape]:
    service = model(operation.service)
    return service.resolved_protocol, service.operation_model(operation.name).output_shape


SCALARS: dict[str, st.SearchStrategy[Any]] = {
    "string": st.text(st.characters(exclude_categories=("Cc", "Cs"), exclude_characters="\ufffe\uffff")),
    "boolean": st.booleans(),
    "integer": st.integers(-(2**31), 2**31),
    "long": st.integers(0, 2**60),
    "float": st.floats(allow_nan=False, allow_infinity=False),
    "double": st.floats(allow_nan=False, allow_infinity=False),
    "blob": st.binary(max_size=9).map(lambda raw: base64.b64encode(raw).decode()),
}


@st.composite
def answers(draw: st.DrawFn, shape: Shape, protocol: str, depth: int = 0) -> Any:  # noqa: ANN401
    """A value of a shape as plain Python, each member there or not."""
    if shape.type_name == "structure":
        wanted = [name for name in shape.members if depth < 5 and draw(st.booleans())]
        if shape.is_tagged_union:
            wanted = wanted[:1] or [next(iter(shape.members))]
        return {name: draw(answers(shape.members[name], protocol, depth + 1)) for name in wanted}
    if shape.type_name == "list":
        return [draw(answers(shape.member, protocol, depth + 1)) for _ in range(draw(st.integers(0, 2)))]
    if shape.type_name == "map":
        return {}
    if shape.type_name == "timestamp":
        return MOMENT if protocol in {"ec2", "query"} else draw(st.sampled_from([1792217104, 1792217104.5]))
    return draw(SCALARS[shape.type_name])


def whole(shape: Shape, protocol: str, depth: int = 0) -> Any:  # noqa: ANN401
    """A value with every member, and two items in each list."""
    if shape.type_name == "structure":
        members = {} if depth > 12 else shape.members
        return {name: whole(one, protocol, depth + 1) for name, one in members.items()}
    if shape.type_name == "list":
        return [whole(shape.member, protocol, depth + 1)] * 2
    moment = MOMENT if protocol in {"ec2", "query"} else 1792217104
    plain = {"string": "a <b> & c", "boolean": True, "integer": 7, "long": 8, "float": 0.5, "double": 0.25}
    return (plain | {"timestamp": moment})[shape.type_name]


def xml(shape: Shape, value: Any) -> str:  # noqa: ANN401
    """What stands within the element of a value, as EC2 writes it."""
    if shape.type_name == "structure":
        shapes = {name: shape.members[name] for name in value}
        names = {name: one.serialization.get("name", name) for name, one in shapes.items()}
        return "".join(f"<{names[name]}>{xml(one, value[name])}</{names[name]}>" for name, one in shapes.items())
    if shape.type_name == "list":
        return "".join(f"<item>{xml(shape.member, one)}</item>" for one in value)
    return str(value).lower() if isinstance(value, bool) else escape(str(value))


def response(protocol: str, shape: Shape, value: Any) -> dict[str, Any]:  # noqa: ANN401
    if protocol == "json":
        body = json.dumps(value)
    else:
        inner = f"<requestId>r-1</requestId>{xml(shape, value)}"
        body = f'<R xmlns="http://ec2.amazonaws.com/doc/2016-11-15/">{inner}</R>'
    headers = {"x-amzn-requestid": "r-1"}
    return {"body": body.encode(), "status_code": 200, "headers": headers, "context": {}}


def read(
    protocol: str,
    shape: Shape,
    answer: dict[str, Any],
    factory: type[AioResponseParserFactory] = Answers,
) -> dict[str, Any]:
    """The answer without its headers, of which only those of errors are looked at."""
    found: dict[str, Any] = asyncio.run(factory().create_parser(protocol).parse(answer, shape))
    found["ResponseMetadata"].pop("HTTPHeaders", None)
    return found


def read_by_botocore(protocol: str, shape: Shape, answer: dict[str, Any]) -> dict[str, Any]:
    return read(protocol, shape, answer, AioResponseParserFactory)


class NeverAsked:
    async def parse(self, response: dict[str, Any], shape: Shape) -> dict[str, Any]:
        raise AssertionError(response, shape)


@pytest.mark.parametrize("operation", READ_HERE.values(), ids=lambda one: one.action)
def test_what_an_audit_reads_needs_no_other_parser(operation: Operation, monkeypatch: pytest.MonkeyPatch) -> None:
    protocol, shape = shape_of(operation)
    answer = response(protocol, shape, whole(shape, protocol))
    expected = read_by_botocore(protocol, shape, answer)
    monkeypatch.setattr(AioResponseParserFactory, "create_parser", lambda *_: NeverAsked())
    assert read(protocol, shape, answer) == expected
    assert expected.keys() == {*shape.members, "ResponseMetadata"}


@given(st.data())
def test_whatever_an_answer_holds_it_is_read_as_botocore_reads_it(data: st.DataObject) -> None:
    operation = data.draw(st.sampled_from([one for one in ALL.values() if one.service != "sts"]))
    protocol, shape = shape_of(operation)
    if protocol not in {"ec2", "json"} or shape is None:
        return
    answer = response(protocol, shape, data.draw(answers(shape, protocol)))
    assert read(protocol, shape, answer) == read_by_botocore(protocol, shape, answer)


VPCS = ALL["ec2", "DescribeVpcs"]
SUBNETS = ALL["ec2", "DescribeSubnets"]
METRICS = ALL["cloudwatch", "GetMetricData"]
ODD = [
    (VPCS, b"<html><body>a proxy's page</body></html>"),
    (VPCS, b"<R/>"),
    (VPCS, b"<R><vpcSet/></R>"),
    (VPCS, b"<R><vpcSet><item/></vpcSet><new>of tomorrow</new></R>"),
    (METRICS, b""),
    (METRICS, b"{}"),
    (METRICS, b'{"MetricDataResults": [{"Id": "q0", "Values": [1.5'),
    (METRICS, b'{"MetricDataResults": null, "NextToken": null, "Tomorrow": 1}'),
    (METRICS, b'{"MetricDataResults": [{"Id": "q0", "Timestamps": null, "Values": [1.5, 2]}]}'),
    (METRICS, b'{"MetricDataResults": [null]}'),
]


@pytest.mark.parametrize(("operation", "body"), ODD, ids=[body[:60].decode() for _, body in ODD])
def test_odd_answers_too(operation: Operation, body: bytes) -> None:
    protocol, shape = shape_of(operation)
    answer = {"body": body, "status_code": 200, "headers": {}, "context": {}}
    found, expected = read(protocol, shape, answer), read_by_botocore(protocol, shape, answer)
    assert {**found, "ResponseMetadata": {}} == {**expected, "ResponseMetadata": {}}


BROKEN = [
    (VPCS, b"<R><vpcSet><item>"),
    (VPCS, b"<R><vpcSet><item><vpcId>a</vpcId><vpcId>b</vpcId></item></vpcSet></R>"),
    (SUBNETS, b"<R><subnetSet><item><availableIpAddressCount>many</availableIpAddressCount></item></subnetSet></R>"),
    (SUBNETS, b"<R><subnetSet><item><availableIpAddressCount/></item></subnetSet></R>"),
    (METRICS, b'{"MetricDataResults": 7}'),
    (METRICS, b'{"MetricDataResults": [{"Timestamps": ["x", {}]}]}'),
    (METRICS, b"[]"),
]


@pytest.mark.parametrize(("operation", "body"), BROKEN, ids=[body[:40].decode() for _, body in BROKEN])
def test_an_answer_that_is_not_of_its_shape_is_a_failure_that_is_tried_again(operation: Operation, body: bytes) -> None:
    """Never a crash, never an element instead of a text: botocore itself raises whatever Python does."""
    protocol, shape = shape_of(operation)
    with pytest.raises(ResponseParserError):
        read(protocol, shape, {"body": body, "status_code": 200, "headers": {}, "context": {}})


def test_errors_are_botocores_to_read() -> None:
    body = b"<Response><Errors><Error><Code>Throttling</Code></Error></Errors><RequestID>r-1</RequestID></Response>"
    protocol, shape = shape_of(VPCS)
    found = read(protocol, shape, {"body": body, "status_code": 503, "headers": {}, "context": {}})
    assert (found["Error"]["Code"], found["ResponseMetadata"]["HTTPStatusCode"]) == ("Throttling", 503)
