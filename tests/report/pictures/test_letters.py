"""Text is never wider than it is taken to be: a browser measures it."""

from __future__ import annotations

import json
import re
import shutil
from html import unescape
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.report.pictures.letters import fitted, width
from tests.report.pictures.audits import NAMES
from tests.report.test_html import chromium

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


@pytest.mark.skipif(not shutil.which("chromium"), reason="needs Chromium")
@pytest.mark.parametrize("bold", [False, True])
def test_no_text_is_wider_in_a_browser_than_estimated(tmp_path: Path, *, bold: bool) -> None:
    page = tmp_path / "letters.html"
    style = f"font: {'bold' if bold else 'normal'} 100px DejaVu Sans, sans-serif; white-space: pre"
    texts = json.dumps(SAMPLES).replace("<", "\\u003c")  # no sample may end the script
    script = (
        f"const spans = {texts}.map(text => {{ const s = document.createElement('span');"
        f"s.style.cssText = {json.dumps(style)}; s.textContent = text; document.body.append(s); return s }});"
        "document.title = JSON.stringify(spans.map(s => s.getBoundingClientRect().width))"
    )
    page.write_text(f"<!DOCTYPE html><meta charset=utf-8><title></title><body><script>{script}</script></body>")
    found = re.search(r"<title>(.*?)</title>", chromium(page, tmp_path / "profile"))
    assert found
    measured = json.loads(unescape(found[1]))
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
