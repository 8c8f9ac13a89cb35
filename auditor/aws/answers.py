"""Answers of AWS, read in a third of the time that botocore takes: parsing is most of what an audit computes.

botocore looks for every member of a shape in every element; here each element is looked up once, by a table that is
made of the same shapes. What is unusual (errors, broken answers, shapes that the audit does not read) goes to
botocore's own parser, whose result is the measure: a test compares both.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from xml.etree.ElementTree import Element, ParseError, XMLParser

from aiobotocore.parsers import AioResponseParserFactory
from botocore.parsers import ResponseParserError
from pydantic_core import from_json

from auditor.aws.times import parse_time

if TYPE_CHECKING:
    from botocore.model import Shape

Read = Callable[[Any], Any]
"""An XML element or a JSON value, as its shape says."""

_BEYOND_SUCCESS = 300

_MOST_TEXTS = 1 << 14
"""How many texts are remembered: what a few large scopes have."""

_texts: dict[str, str] = {}
"""Ids, zones and states stand in an account many times over: each is kept once."""


class Answers(AioResponseParserFactory):  # type: ignore[misc]  # botocore publishes no types
    """Takes the place of botocore's component `response_parser_factory`."""

    def __init__(self) -> None:
        super().__init__()
        self.set_parser_defaults(timestamp_parser=parse_time)
        self._parsers: dict[str, Any] = {}

    def create_parser(self, protocol_name: str) -> Any:
        """The parser of a protocol, one for all calls."""
        if protocol_name not in self._parsers:
            own = super().create_parser(protocol_name)
            protocol = _PROTOCOLS.get(protocol_name)
            self._parsers[protocol_name] = _Parser(own, protocol) if protocol else own
        return self._parsers[protocol_name]


class _Parser:
    """What botocore asks of a parser; `own` is botocore's, for whatever is unusual."""

    def __init__(self, own: Any, protocol: _Protocol) -> None:
        self._own, self._protocol = own, protocol
        self._reads: dict[Shape, Read] = {}

    async def parse(self, response: dict[str, Any], shape: Shape | None) -> dict[str, Any]:
        """The answer by the members of its shape; `ResponseParserError` where it is not what the shape says."""
        if shape is not None and response["status_code"] < _BEYOND_SUCCESS:
            with suppress(_UnusualError, ParseError, ValueError, TypeError, AttributeError):
                return self._parsed(response, shape)
        try:
            parsed: dict[str, Any] = await self._own.parse(response, shape)
        except (ValueError, TypeError, AttributeError) as error:
            raise ResponseParserError(f"an answer that is not of its shape: {error}") from error
        return parsed

    def _parsed(self, response: dict[str, Any], shape: Shape) -> dict[str, Any]:
        if len(_texts) > _MOST_TEXTS:
            _texts.clear()
        if shape not in self._reads:
            self._reads[shape] = self._protocol.reader(shape)
        whole = self._protocol.decode(response["body"])
        request_id = self._protocol.request_id(whole, response["headers"])
        metadata = {"HTTPStatusCode": response["status_code"], "RequestId": request_id}
        return {**self._reads[shape](whole), "ResponseMetadata": metadata}


class _UnusualError(Exception):
    """Nothing that this module reads."""


class _Members(dict[str, tuple[str, Any] | None]):
    """Wire name → member's name and how it is read, filled as the names are met; `None` for names of no member."""

    def __init__(self, shape: Shape, reader: Callable[[Shape], Any]) -> None:
        super().__init__()
        if shape.is_tagged_union or shape.is_document_type or shape.metadata.get("exception"):
            raise _UnusualError
        self._reader = reader
        self._shapes = {one.serialization.get("name", name): (name, one) for name, one in shape.members.items()}

    def __missing__(self, wire_name: str) -> tuple[str, Any] | None:
        name, shape = self._shapes.get(wire_name.rpartition("}")[2], ("", None))
        self[wire_name] = found = None if shape is None else (name, self._reader(shape))
        return found


def _of_xml(shape: Shape) -> Read | None:
    """`None` for a text, which most elements are: it is read without a call."""
    if {"flattened", "xmlAttribute", "location"} & shape.serialization.keys():
        raise _UnusualError
    if shape.type_name == "structure":
        return _structure_of_xml(shape)
    if shape.type_name == "list":
        return _list_of_xml(_of_xml(shape.member) or _text)
    if shape.type_name not in _TEXTS:
        raise _UnusualError
    return _TEXTS[shape.type_name]


def _structure_of_xml(shape: Shape) -> Read:
    members, known = _Members(shape, _of_xml), _texts.setdefault

    def read(element: Element) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for child in element:
            if member := members[child.tag]:
                name, read_member = member
                if name in found:
                    raise ResponseParserError(f"{name} stands twice in one {shape.name}")
                if read_member:
                    found[name] = read_member(child)
                else:
                    text = child.text or ""
                    found[name] = known(text, text)
        return found

    return read


def _list_of_xml(read_item: Read) -> Read:
    return lambda element: list(map(read_item, element))


def _text(element: Element) -> str:
    text = element.text or ""
    return _texts.setdefault(text, text)


_TEXTS: dict[str, Read | None] = {
    "string": None,
    "boolean": lambda element: element.text == "true",
    "integer": lambda element: int(element.text),
    "long": lambda element: int(element.text),
    "float": lambda element: float(element.text),
    "double": lambda element: float(element.text),
    "timestamp": lambda element: parse_time(element.text),
}


def _of_json(shape: Shape) -> Read | None:
    """`None` where a value is what it is, as all but times are."""
    if shape.type_name == "structure":
        return _structure_of_json(shape)
    if shape.type_name == "list":
        return _list_of_json(_of_json(shape.member))
    if shape.type_name in {"map", "blob"}:
        raise _UnusualError
    return parse_time if shape.type_name == "timestamp" else None


def _structure_of_json(shape: Shape) -> Read:
    members = _Members(shape, _of_json)

    def read(value: dict[str, Any]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key, inner in value.items():
            if inner is not None and (member := members[key]):
                name, read_member = member
                found[name] = read_member(inner) if read_member else inner
        return found

    return read


def _list_of_json(read_item: Read | None) -> Read:
    def read(values: list[Any]) -> list[Any]:
        if not isinstance(values, list):
            raise _UnusualError
        return list(map(read_item, values)) if read_item else values

    return read


@dataclass(frozen=True, slots=True)
class _Protocol:
    """How a body is decoded, read by its shape, and where the request's id stands."""

    decode: Callable[[bytes], Any]
    reader: Callable[[Shape], Read]
    request_id: Callable[[Any, Mapping[str, str]], str | None]


def _decode_xml(body: bytes) -> Element:
    parser = XMLParser(encoding="utf-8")  # noqa: S314 -- expat itself refuses entities that grow, as in botocore
    parser.feed(body)
    return parser.close()


_PROTOCOLS = {
    "ec2": _Protocol(_decode_xml, _structure_of_xml, lambda root, _: root.findtext("{*}requestId")),
    "json": _Protocol(from_json, _structure_of_json, lambda _, headers: headers.get("x-amzn-requestid")),
}
