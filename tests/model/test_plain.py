"""Values of the model as JSON: exact, stable, and the same again when read back."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from enum import StrEnum

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.model.plain import Plain, json_pieces, plain, to_json


class Colour(StrEnum):
    RED = "red"


@dataclass(frozen=True)
class Leaf:
    name: str
    amount: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Tree:
    leaves: tuple[Leaf, ...]
    colour: Colour


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Decimal("1E+3"), "1000"),
        (Decimal("1E-30"), "0.000000000000000000000000000001"),
        (Decimal("10.500"), "10.5"),
        (Decimal(1200), "1200"),
        (Decimal("-0.00"), "0"),
        (Decimal("0E+5"), "0"),
        (Decimal("-3.20"), "-3.2"),
        (Decimal("4152.893554687500000000000000000000000001"), "4152.893554687500000000000000000000000001"),
        (datetime(2026, 11, 20, 15, 20, tzinfo=UTC), "2026-11-20T15:20:00Z"),
        (datetime(2026, 11, 20, 15, 20, 0, 5, tzinfo=UTC), "2026-11-20T15:20:00.000005Z"),
        (datetime(2026, 11, 20, 1, tzinfo=timezone(timedelta(hours=2))), "2026-11-19T23:00:00Z"),
        (date(2026, 11, 20), "2026-11-20"),
        (Colour.RED, "red"),
        (True, True),
        (7, 7),
        (None, None),
        ((), []),
    ],
)
def test_each_kind_of_value_has_one_exact_form(value: object, text: Plain) -> None:
    assert plain(value) == text


def test_a_dataclass_is_an_object_of_its_fields_in_their_order() -> None:
    tree = Tree((Leaf("a", Decimal("1.50")), Leaf("b")), Colour.RED)
    expected = {"leaves": [{"name": "a", "amount": "1.5"}, {"name": "b", "amount": None}], "colour": "red"}
    assert plain(tree) == expected
    assert list(json.loads(to_json(tree))) == ["leaves", "colour"]


@dataclass(frozen=True)
class Nothing:
    pass


@dataclass(frozen=True)
class Everything:
    inner: tuple[object, ...]
    at: datetime = datetime(2026, 11, 20, tzinfo=UTC)
    day: date = date(2026, 11, 20)
    flags: tuple[bool | None, ...] = (True, False, None)
    count: int = -(10**30)
    amount: Decimal = Decimal("1E-30")
    empty: tuple[()] = ()


VALUES = st.recursive(
    st.text() | st.integers() | st.booleans() | st.none() | st.dates() | st.sampled_from([Colour.RED, Nothing()]),
    lambda inner: st.lists(inner).map(tuple) | st.lists(inner).map(lambda many: Everything(tuple(many))),
)


@given(VALUES)
def test_the_text_is_that_of_the_standard_library(value: object) -> None:
    written = json.dumps(plain(value), indent=1) + "\n"
    assert to_json(value) == written
    assert "".join(json_pieces(value)) == written


@pytest.mark.parametrize("value", [1.5, {"a": 1}, [1], b"bytes", datetime(2026, 11, 20), Leaf])  # noqa: DTZ001
def test_what_the_model_does_not_have_is_refused(value: object) -> None:
    """A float would lose cents, a time without a zone would mean another hour on each machine."""
    with pytest.raises(TypeError):
        plain(value)
    with pytest.raises(TypeError):
        to_json(value)


def test_a_large_text_comes_in_pieces_of_one_item() -> None:
    many = Everything(tuple(Leaf("x" * 1000) for _ in range(1000)))
    pieces = list(json_pieces(many))
    assert "".join(pieces) == to_json(many)
    assert max(map(len, pieces)) < 1100


def test_the_text_is_ascii_so_no_terminal_obeys_it() -> None:
    name = "\x1b[31m \x9b2J \x7f \u202e é 🚀"
    text = to_json(Leaf(name))
    assert text.isascii()
    assert all(character.isprintable() or character == "\n" for character in text)
    assert json.loads(text)["name"] == name
