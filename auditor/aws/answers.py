"""Answers of AWS, read in a fraction of the time that botocore takes: parsing is most of what an audit computes.

botocore looks for every member of a shape in every element; here each element is looked up once, by a table that is
made of the same shapes. What is unusual (errors, broken answers, shapes that the audit does not read) goes to
botocore's own parser, whose result is the measure: a test compares both.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from aiobotocore.parsers import AioResponseParserFactory
from botocore.parsers import ResponseParserError

from auditor.aws.json_reading import JsonReader
from auditor.aws.shapes import UnusualError
from auditor.aws.times import parse_time
from auditor.aws.xml_reading import XmlReader

if TYPE_CHECKING:
    from botocore.model import Shape

_BEYOND_SUCCESS = 300
_REQUEST_ID = re.compile(rb"<requestId>([^<]*)</")

_READERS: dict[str, Callable[[Shape], Callable[[bytes], dict[str, Any]]]] = {"ec2": XmlReader, "json": JsonReader}
"""By protocol, what makes the reader of an operation's answers."""


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
            reader = _READERS.get(protocol_name)
            self._parsers[protocol_name] = _Parser(own, reader) if reader else own
        return self._parsers[protocol_name]


class _Parser:
    """What botocore asks of a parser; `own` is botocore's, for whatever is unusual."""

    def __init__(self, own: Any, reader: Callable[[Shape], Callable[[bytes], dict[str, Any]]]) -> None:
        self._own, self._reader = own, reader
        self._reads: dict[Shape, Callable[[bytes], dict[str, Any]]] = {}

    async def parse(self, response: dict[str, Any], shape: Shape | None) -> dict[str, Any]:
        """The answer by the members of its shape; `ResponseParserError` where it is not what the shape says."""
        if shape is not None and response["status_code"] < _BEYOND_SUCCESS:
            with suppress(UnusualError, ValueError, TypeError, AttributeError):
                return self._parsed(response, shape)
        try:
            parsed: dict[str, Any] = await self._own.parse(response, shape)
        except (ValueError, TypeError, AttributeError) as error:
            raise ResponseParserError(f"an answer that is not of its shape: {error}") from error
        return parsed

    def _parsed(self, response: dict[str, Any], shape: Shape) -> dict[str, Any]:
        if shape not in self._reads:
            self._reads[shape] = self._reader(shape)
        found = self._reads[shape](response["body"])
        request_id = _request_id(response["headers"], response["body"])
        return {**found, "ResponseMetadata": {"HTTPStatusCode": response["status_code"], "RequestId": request_id}}


def _request_id(headers: Mapping[str, str], body: bytes) -> str | None:
    """In a header; where EC2 leaves that out, in an element."""
    if found := headers.get("x-amzn-requestid"):
        return found
    said = _REQUEST_ID.search(body)
    return said[1].decode() if said else None
