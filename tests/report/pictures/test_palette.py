"""Paints are told apart without colours, on paper and on a dark screen, and each has its dark form."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest

from auditor import resources
from auditor.report.pictures.palette import PAINTS

CSS = (resources.path("templates") / "pictures.css").read_text()
FORMS = r"(fill|stroke): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\)"
NEIGHBOURS = (
    ("nat-soft", "nat", "nat-rest", "endpoint", "endpoint-soft"),
    ("nat", "endpoint"),
    ("nat", "nat-soft"),
    ("gateway", "interface", "other"),
    ("saved", "to-save"),
)
"""What stands side by side in a bar or a stream."""


def luminance(colour: str) -> float:
    """Relative luminance as WCAG 2.2 defines it."""
    parts = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def dark(name: str) -> dict[str, str]:
    """What the page's CSS says of a paint on a dark screen; on a light one it says what paper shows."""
    (body,) = re.findall(rf"\.drawing \.{name} \{{([^{{}}]*)\}}", CSS)
    found = {kind: (light, night) for kind, light, night in re.findall(FORMS, body)}
    assert {kind: light for kind, (light, _) in found.items()} == {kind: getattr(PAINTS[name], kind) for kind in found}
    return {kind: night for kind, (_, night) in found.items()}


@pytest.mark.parametrize("row", NEIGHBOURS)
def test_neighbours_differ_in_lightness(row: tuple[str, ...]) -> None:
    for one, other in pairwise(row):
        assert contrast(PAINTS[one].fill, PAINTS[other].fill) >= 1.5, (one, other)
        assert contrast(dark(one)["fill"], dark(other)["fill"]) >= 1.5, (one, other)


@pytest.mark.parametrize(("name", "paper", "screen"), [("ink", "#ffffff", "#11171d"), ("muted", "#ffffff", "#11171d")])
def test_text_is_read_with_ease(name: str, paper: str, screen: str) -> None:
    assert contrast(PAINTS[name].fill, paper) >= 4.5
    assert contrast(dark(name)["fill"], screen) >= 4.5


@pytest.mark.parametrize("name", PAINTS)
def test_a_paint_has_a_dark_form_for_all_that_it_paints(name: str) -> None:
    painted = {kind for kind in ("fill", "stroke") if getattr(PAINTS[name], kind) != "none"}
    assert painted <= dark(name).keys()
