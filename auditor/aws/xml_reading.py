"""Answers of EC2, read in half of the time that it takes to parse them into elements and to go through these.

They are XML of the plainest kind: no attributes, and text in innermost elements only. Cut at each `</`, an answer is a
row of pieces like `subnetId><vpcId>vpc-1`. What stands before the text, the head, is one of a few that can follow in
a place of the answer; what it means is worked out by the shape when it first comes, and remembered. It names what it
closes, so elements that do not match are noticed. They are not read here, nor is anything else that is unusual.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

from botocore.parsers import ResponseParserError

from auditor.aws.members import MEMBERS
from auditor.aws.shapes import UnusualError, members_of
from auditor.aws.times import parse_time

if TYPE_CHECKING:
    from botocore.model import Shape

_BEGINNING = re.compile(r'(?:<\?xml version="1\.0" encoding="(?:UTF|utf)-8"\?>)?\s*<(\w+)(?: xmlns="[^"]*")?>')
_HEAD = re.compile(r"(\w*)((?:>\s*<\w+/?)*)", re.ASCII)
_OPENED = re.compile(r"<(\w+)(/?)")
_ELSEWHERE = {"flattened", "xmlAttribute", "location"}
"""Members that are not written as an element of their own."""

_MOST_TEXTS = 1 << 14
"""How many texts are remembered: what a few large scopes have."""


class _Texts(dict[str, str]):
    """Ids, zones and states stand in an account many times over: each is kept once, by how it is written."""

    def __missing__(self, written: str) -> str:
        is_plain = written.isprintable() and "&" not in written and "<" not in written
        self[written] = text = written if is_plain else _parsed(written)
        return text


def _parsed(written: str) -> str:
    """As XML has it: references, ends of lines, and characters that it does not admit."""
    try:
        return ET.fromstring(f"<text>{written}</text>").text or ""  # noqa: S314 -- it declares nothing that could grow
    except ET.ParseError as error:
        raise UnusualError from error


_texts = _Texts()

_MAKES: dict[str, Callable[[], Any]] = {"structure": dict, "list": list}
_READS: dict[str, Callable[[str], Any]] = {
    "string": _texts.__getitem__,
    "boolean": "true".__eq__,
    "integer": int,
    "long": int,
    "float": float,
    "double": float,
    "timestamp": parse_time,
}


class XmlReader:
    """Reads the answers of one operation; its output's shape says what stands in them."""

    def __init__(self, shape: Shape) -> None:
        self._shape = shape
        self._beginnings: dict[str, _Place] = {}

    def __call__(self, body: bytes) -> dict[str, Any]:
        """The answer by the names of its members; `UnusualError` or `ValueError` for what is not read here."""
        answer = body.decode()
        beginning = _BEGINNING.match(answer)
        if not beginning or not answer.rstrip().endswith(">"):
            raise UnusualError
        if len(_texts) > _MOST_TEXTS:
            _texts.clear()
        return _read(f">{answer[beginning.end() :]}", self._beginning(beginning[1]))

    def _beginning(self, tag: str) -> _Place:
        """Within the answer's element, as if an element without a name had just ended: its name starts no piece."""
        if tag not in self._beginnings:
            self._beginnings[tag] = _Place(tag, _END, "", self._shape).inside("")
        return self._beginnings[tag]


_Move = tuple[str | None, Callable[[], Any]] | None
"""Into a member (`None` in a list) with what makes its value; or out of it (`None`)."""


_Step = tuple[tuple[_Move, ...], "_Place", str | None, Callable[[str], Any] | None]
"""What a head means: the moves, the place where one is then, and for whom its text is read, if it is."""


class _Place(dict[str, _Step]):
    """An element that is open, and what each head that can follow means. Without a shape nobody knows it."""

    def __init__(self, tag: str, around: _Place | None, name: str | None = None, shape: Shape | None = None) -> None:
        super().__init__()
        kind = shape.type_name if shape else ""
        self._tag, self._around, self._shape = tag, around, shape
        self.name, self._make, self.read = name, _MAKES.get(kind), _READS.get(kind)
        self._inner: dict[str, _Place] = {}
        self._members = _read_of(shape) if shape and kind == "structure" else {}
        if shape and (_ELSEWHERE & shape.serialization.keys() or not (self._make or self.read)):
            raise UnusualError

    def __missing__(self, head: str) -> _Step:
        matched = _HEAD.fullmatch(head)
        if not matched or matched[1] != self._tag or self._around is None:
            raise UnusualError
        place = self._around
        moves: list[_Move] = [None] * bool(self._make)
        for tag, ends in _OPENED.findall(matched[2]):
            inner = place.inside(tag)
            moves += inner.moves(ends=bool(ends))
            place = place if ends else inner
        self[head] = step = tuple(moves), place, place.name, place.read
        return step

    def moves(self, *, ends: bool) -> list[_Move]:
        """Into this element, and out again where it ends at once; a text is read without going there."""
        if self._make:
            return [(self.name, self._make), *([None] * ends)]
        return [(self.name, partial(self.read, "")), None] if self.read and ends else []

    def inside(self, tag: str) -> _Place:
        """The place of an element in this one."""
        if tag not in self._inner:
            self._inner[tag] = _Place(tag, self, *self._member(tag))
        return self._inner[tag]

    def _member(self, tag: str) -> tuple[str | None, Shape | None]:
        if self.read or self is _END:
            raise UnusualError
        if self._make is list and self._shape:
            return None, self._shape.member
        return self._members.get(tag, (None, None))


def _read_of(shape: Shape) -> dict[str, tuple[str, Shape]]:
    wanted = MEMBERS.get(shape.name)
    members = members_of(shape)
    return {tag: one for tag, one in members.items() if wanted is None or one[0] in wanted}


_END = _Place("", None)
"""Around the answer: nothing can follow."""


def _read(answer: str, place: _Place) -> dict[str, Any]:
    whole: dict[str, Any] = {}
    entered: list[Any] = [whole, whole]
    into: Any = whole
    for piece in answer.split("</"):
        head, _, text = piece.rpartition(">")
        moves, place, name, read = place[head]
        if moves:
            into = _moved(entered, moves)
        if read:
            if name is None:
                into.append(read(text))
            elif name in into:
                raise _twice(name)
            else:
                into[name] = read(text)
    if place is not _END:
        raise UnusualError
    return whole


def _moved(entered: list[Any], moves: tuple[_Move, ...]) -> Any:
    """The structure or the list where one is after the moves."""
    for move in moves:
        if move is None:
            entered.pop()
            continue
        name, make = move
        inner, into = make(), entered[-1]
        if name is None:
            into.append(inner)
        elif name in into:
            raise _twice(name)
        else:
            into[name] = inner
        entered.append(inner)
    return entered[-1]


def _twice(name: str) -> ResponseParserError:
    return ResponseParserError(f"{name} stands twice in one element")
