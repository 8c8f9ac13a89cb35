"""Text is never wider than it is taken to be: a browser measures it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.report.pictures.letters import fitted, width
from tests.report.pictures.audits import NAMES

if TYPE_CHECKING:
    from playwright.sync_api import Browser

SAMPLES = (
    *(name[:80] for name in NAMES if name and "\x1b" not in name),
    "NAT gateway hours",
    "shop-prod-private-a",
    "$1,234,567.89",
    "−$636.51 · interface endpoint",
    "and 1,234 others",
    "ÄÖÜ àéîõü ß œ",
    "Привет мир ЩЖЮ",
    "مرحبا شسضص",
    "שלום עולם",
)


MEASURE = """([texts, style]) => texts.map(text => {
  const span = document.createElement("span");
  span.style.cssText = style;
  span.textContent = text;
  document.body.append(span);
  return span.getBoundingClientRect().width;
})"""


@pytest.mark.parametrize("bold", [False, True])
def test_no_text_is_wider_in_a_browser_than_estimated(browser: Browser, *, bold: bool) -> None:
    style = f"font: {'bold' if bold else 'normal'} 100px DejaVu Sans, sans-serif; white-space: pre"
    page = browser.new_page()
    measured = page.evaluate(MEASURE, [SAMPLES, style])
    page.close()
    assert len(measured) == len(SAMPLES)
    too_wide = {text: (is_, width(text, 100, bold=bold)) for text, is_ in zip(SAMPLES, measured, strict=True)}
    assert {text: pair for text, pair in too_wide.items() if pair[0] > pair[1]} == {}


@given(st.text(max_size=80), st.floats(20, 400))
def test_a_fitted_text_has_room_and_keeps_its_ends(text: str, room: float) -> None:
    shown = fitted(text, room, 11)
    assert width(shown, 11) <= room
    if shown != text:
        head, _, tail = shown.rpartition("…")
        assert text.startswith(head)
        assert text.endswith(tail)


def test_a_text_of_any_length_is_cut_at_once() -> None:
    assert len(fitted("x" * 10_000_000, 100, 11)) < 30
