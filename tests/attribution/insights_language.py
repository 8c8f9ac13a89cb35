"""A little interpreter of Logs Insights QL, after AWS's user guide: parse, filter, stats and limit over log events.

It shares nothing with what writes the queries. Whatever it does not know is malformed.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

Event = dict[str, str | int]
Test = Callable[[Event], bool]

_TOKEN = re.compile(
    r"""\s*(?:(?P<text>"[^"]*"|'[^']*')|(?P<number>\d+)|(?P<name>[@A-Za-z][\w.]*)|(?P<sign>[<>!]=|[=<>()\[\],*]))"""
)
_KEYWORDS = {"and", "or", "not", "in", "like", "as", "by"}


class MalformedQueryError(Exception):
    """What AWS answers with MalformedQueryException."""


def answer(query: str, events: Iterable[Event], most_rows: int) -> list[dict[str, str]]:
    """The rows of a query that ends in stats and limit."""
    rows: list[dict[str, str]] | None = None
    for command in _commands(query):
        verb, _, rest = command.partition(" ")
        if verb == "parse":
            events = list(_parse(rest, events))
        elif verb == "filter":
            test = _Filter(list(_tokens(rest))).whole()
            events = [event for event in events if test(event)]
        elif verb == "stats":
            rows = list(_stats(rest, events))
        elif verb == "limit" and rows is not None and int(rest) <= 100_000:
            return rows[: min(int(rest), most_rows)]
        else:
            raise MalformedQueryError(command)
    raise MalformedQueryError("without stats and limit there is nothing to answer")


def _commands(query: str) -> list[str]:
    """Split at the bars that stand outside of quotes."""
    parts = re.findall(r"""(?:"[^"]*"|'[^']*'|[^|"'])+""", query)
    return [part.strip() for part in parts]


def _tokens(text: str) -> Iterator[str]:
    position = 0
    while position < len(text.rstrip()):
        found = _TOKEN.match(text, position)
        if not found:
            raise MalformedQueryError(text[position:])
        yield found[0].strip()
        position = found.end()


def _parse(text: str, events: Iterable[Event]) -> Iterator[Event]:
    found = re.fullmatch(r'@message "([^"]*)" as (.*)', text)
    if not found:
        raise MalformedQueryError(text)
    names = [name.strip() for name in found[2].split(",")]
    pieces = found[1].split("*")
    if len(pieces) != len(names) + 1 or len(set(names)) < len(names) or set(names) & _KEYWORDS:
        raise MalformedQueryError(text)
    if not all(re.fullmatch(r"[@A-Za-z]\w*", name) for name in names):
        raise MalformedQueryError(text)
    pattern = re.compile("(.*?)".join(map(re.escape, pieces)) + "$")
    for event in events:
        match = pattern.match(str(event["@message"]))
        yield {**event, **dict(zip(names, match.groups(), strict=True))} if match else event


@dataclass
class _Filter:
    """Reads a condition: `or` binds weaker than `and`, brackets bind strongest."""

    tokens: list[str]
    at: int = field(default=0)

    def whole(self) -> Test:
        test = self._either()
        if self.at < len(self.tokens):
            raise MalformedQueryError(self.tokens[self.at])
        return test

    def _next(self, *wanted: str) -> str:
        token = self.tokens[self.at] if self.at < len(self.tokens) else ""
        if wanted and token not in wanted:
            raise MalformedQueryError(f"{token!r} where {wanted} is expected")
        self.at += 1
        return token

    def _peek(self) -> str:
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def _either(self) -> Test:
        tests = [self._all()]
        while self._peek() == "or":
            self._next()
            tests.append(self._all())
        return lambda event: any(test(event) for test in tests)

    def _all(self) -> Test:
        tests = [self._one()]
        while self._peek() == "and":
            self._next()
            tests.append(self._one())
        return lambda event: all(test(event) for test in tests)

    def _one(self) -> Test:
        if self._peek() == "(":
            self._next("(")
            test = self._either()
            self._next(")")
            return test
        name = self._next()
        if name == "toMillis":
            self._next("(")
            name = self._next("@timestamp")
            self._next(")")
        return self._condition(name, self._next("=", ">=", "<", "in", "not"))

    def _condition(self, name: str, sign: str) -> Test:
        if sign == "in":
            texts = self._list()
            return lambda event: event.get(name) in texts
        if sign == "not":
            self._next("like")
            text = self._next()[1:-1]
            return lambda event: text not in str(event.get(name, ""))
        value = self._next()
        if sign == "=":
            return lambda event: event.get(name) == value[1:-1]
        number = int(value)
        return lambda event: int(event[name]) >= number if sign == ">=" else int(event[name]) < number

    def _list(self) -> set[str]:
        self._next("[")
        found = set()
        while True:
            found.add(self._next()[1:-1])
            if self._next(",", "]") == "]":
                return found


def _stats(text: str, events: Iterable[Event]) -> Iterator[dict[str, str]]:
    sums, _, keys = text.partition(" by ")
    functions = re.findall(r"(\w+)\(([\w*]+)\) as (\w+)(?:, |$)", sums)
    if ", ".join(f"{how}({name}) as {alias}" for how, name, alias in functions) != sums or not keys:
        raise MalformedQueryError(text)
    names = [name.strip() for name in keys.split(",")]
    groups: dict[tuple[str | int | None, ...], list[Event]] = defaultdict(list)
    for event in events:
        groups[tuple(event.get(name) for name in names)].append(event)
    for key, members in groups.items():
        row = {name: str(value) for name, value in zip(names, key, strict=True) if value is not None}
        found = {alias: _aggregate(how, name, members) for how, name, alias in functions}
        yield row | {alias: value for alias, value in found.items() if value is not None}


def _aggregate(how: str, name: str, events: list[Event]) -> str | None:
    """What is no number is passed over; a field without any number is not in the answer."""
    if (how, name) == ("count", "*"):
        return _shown(len(events))
    numbers = [float(value) for event in events if re.fullmatch(r"\d+", value := str(event.get(name, "")))]
    functions: dict[str, Callable[[list[float]], float]] = {"sum": sum, "min": min, "max": max}
    if how not in functions:
        raise MalformedQueryError(how)
    return _shown(functions[how](numbers)) if numbers else None


def _shown(number: float) -> str:
    """As Java shows a floating point number: 12345678 is 1.2345678E7."""
    if number < 10**7:
        return str(int(number))
    digits = str(int(number))
    return f"{digits[0]}.{digits[1:].rstrip('0') or '0'}E{len(digits) - 1}"
