"""EC2 may write its XML in any way, and its elements in any order: what is read is what botocore reads."""

from __future__ import annotations

import asyncio
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
from auditor.aws.shapes import UnusualError
from auditor.aws.xml_reading import XmlReader
from tests.models import model

if TYPE_CHECKING:
    from collections.abc import Iterator

    from botocore.model import Shape

SPACE = ("", "\n", "\n    ", " \t")
TEXTS = st.text(
    st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="\ufffe\uffff") | st.sampled_from("\t\n\r")
)


@pytest.fixture(autouse=True, scope="module")
def _all_members() -> Iterator[None]:
    """The ones too that no collector looks at."""
    with patch.dict(MEMBERS, clear=True):
        yield


def shape_of(operation: str) -> Shape:
    return model().operation_model(operation).output_shape


def by_botocore(body: bytes, shape: Shape) -> dict[str, Any]:
    answer = {"body": body, "status_code": 200, "headers": {}, "context": {}}
    found: dict[str, Any] = asyncio.run(AioResponseParserFactory().create_parser("ec2").parse(answer, shape))
    del found["ResponseMetadata"]
    return found


@st.composite
def texts(draw: st.DrawFn) -> str:
    """A text as XML: with references by name and number."""
    said = draw(TEXTS)
    if draw(st.booleans()):
        return "".join(f"&#{ord(one)};" if draw(st.booleans()) else escape(one) for one in said)
    return escape(said, {'"': "&quot;", "'": "&apos;"})


@st.composite
def elements(draw: st.DrawFn, shape: Shape, depth: int = 0) -> str:
    """What stands in the element of a shape: its members in any order, some of them new ones of tomorrow."""
    space = st.sampled_from(SPACE)
    if shape.type_name == "structure":
        chosen = draw(st.lists(st.sampled_from(list(shape.members)), unique=True, max_size=6)) if depth < 6 else []
        inner = [element(draw, *named(shape, name), depth) for name in chosen]
        inner += ["<ofTomorrow><tags><item>x</item></tags><more/></ofTomorrow>"] * draw(st.booleans())
        return draw(space) + "".join(one + draw(space) for one in draw(st.permutations(inner)))
    if shape.type_name == "list":
        count = draw(st.integers(0, 3))
        return draw(space) + "".join(element(draw, "item", shape.member, depth) + draw(space) for _ in range(count))
    plain = {"boolean": "true", "integer": "7", "long": "-8", "double": "0.5", "timestamp": "2026-10-17T06:05:04.000Z"}
    return plain.get(shape.type_name) or draw(texts())


def named(shape: Shape, name: str) -> tuple[str, Shape]:
    member = shape.members[name]
    return member.serialization.get("name", name), member


def element(draw: st.DrawFn, tag: str, shape: Shape, depth: int) -> str:
    content = draw(elements(shape, depth + 1))
    if not content.strip() and shape.type_name in {"structure", "list", "string"} and draw(st.booleans()):
        return f"<{tag}/>"
    return f"<{tag}>{content}</{tag}>"


OPERATIONS = ("DescribeSubnets", "DescribeRouteTables", "DescribeNatGateways", "DescribeVpcEndpoints", "DescribeVpcs")


@given(st.data())
def test_an_answer_is_read_the_same_however_it_is_written(data: st.DataObject) -> None:
    shape = shape_of(data.draw(st.sampled_from(OPERATIONS)))
    read, declared = XmlReader(shape), '<?xml version="1.0" encoding="UTF-8"?>\n'
    for _ in range(2):  # the second one meets what the first one taught
        inner = data.draw(elements(shape))
        body = f'{declared}<R xmlns="http://ec2.amazonaws.com/doc/2016-11-15/">{inner}</R>\n'.encode()
        assert read(body) == by_botocore(body, shape)


NOT_READ_HERE = {
    "a comment": b"<R><vpcSet><!-- x --><item><vpcId>a</vpcId></item></vpcSet></R>",
    "a comment in a text": b"<R><vpcSet><item><vpcId>a<!-- x -->b</vpcId></item></vpcSet></R>",
    "CDATA": b"<R><vpcSet><item><vpcId><![CDATA[a]]></vpcId></item></vpcSet></R>",
    "an attribute": b'<R><vpcSet nil="true"/></R>',
    "another encoding": b'<?xml version="1.0" encoding="latin-1"?><R><vpcSet/></R>',
    "a declaration": b'<!DOCTYPE R [<!ENTITY e "x">]><R><vpcSet><item><vpcId>&e;</vpcId></item></vpcSet></R>',
    "text around elements": b"<R>some<vpcSet><item><vpcId>a</vpcId></item></vpcSet></R>",
    "a larger sign": b"<R><vpcSet><item><vpcId>a > b</vpcId></item></vpcSet></R>",
    "an element in a text": b"<R><vpcSet><item><vpcId>a<b/></vpcId></item></vpcSet></R>",
}
BROKEN = {
    "nothing": b"",
    "cut in a text": b"<R><vpcSet><item><vpcId>vpc-1",
    "cut in a tag": b"<R><vpcSet><item><vpcId>vpc-1</vpc",
    "cut between elements": b"<R><vpcSet><item><vpcId>vpc-1</vpcId></item></vpcSet>",
    "closed by another": b"<R><vpcSet><item><vpcId>vpc-1</state><state>available</state></item></vpcSet></R>",
    "closed too early": b"<R><vpcSet><item><vpcId>vpc-1</vpcId></vpcSet></item></R>",
    "closed too often": b"<R><vpcSet><item/></vpcSet></R></R>",
    "two answers": b"<R><vpcSet><item/></vpcSet></R><R><vpcSet/></R>",
    "something after the answer": b"<R><vpcSet/></R>upstream timed out",
    "no XML": b"<R><vpcSet><item><vpcId>a<b</vpcId></item></vpcSet></R>",
    "a reference to nothing": b"<R><vpcSet><item><vpcId>&nbsp;</vpcId></item></vpcSet></R>",
    "a forbidden character": b"<R><vpcSet><item><vpcId>a\x01b</vpcId></item></vpcSet></R>",
    "no UTF-8": b"<R><vpcSet><item><vpcId>\xff</vpcId></item></vpcSet></R>",
}


@pytest.mark.parametrize("body", [*NOT_READ_HERE.values(), *BROKEN.values()], ids=[*NOT_READ_HERE, *BROKEN])
def test_what_is_unusual_or_broken_is_not_read_here(body: bytes) -> None:
    """However much of the like was read before."""
    read = XmlReader(shape_of("DescribeVpcs"))
    read(b"<R><vpcSet><item><vpcId>a</vpcId><state>available</state></item><item/></vpcSet></R>")
    with pytest.raises((UnusualError, UnicodeDecodeError)):
        read(body)


@pytest.mark.parametrize("body", BROKEN.values(), ids=BROKEN)
def test_broken_xml_is_a_failure_and_never_part_of_an_answer(body: bytes) -> None:
    answer = {"body": body, "status_code": 200, "headers": {}, "context": {}}
    with pytest.raises(ResponseParserError):
        asyncio.run(Answers().create_parser("ec2").parse(answer, shape_of("DescribeVpcs")))


@pytest.mark.parametrize(
    "inner", ["<vpcId>a</vpcId><vpcId>b</vpcId>", "<tagSet><item/></tagSet><tagSet/>", "<vpcId/><vpcId/>"]
)
def test_a_member_that_stands_twice_is_a_failure(inner: str) -> None:
    """A list that comes twice would otherwise lose its first half."""
    with pytest.raises(ResponseParserError, match="stands twice"):
        XmlReader(shape_of("DescribeVpcs"))(f"<R><vpcSet><item>{inner}</item></vpcSet></R>".encode())
