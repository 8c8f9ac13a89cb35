"""How wide text can be, so that labels are laid out where no font is at hand.

The widths are those of DejaVu Sans, the widest font that the report asks for: in any other, labels are shorter.
"""

from __future__ import annotations

import unicodedata
from functools import cache

_WIDTHS = (
    (0.35, " ,.'ijlIJ/:;\\|f"),
    (0.42, "-()[]t!r·"),
    (0.53, '"*_`sz?–'),
    (0.65, "cLFkvxyPTYaoeESbdghnpqu$0123456789{}"),
    (0.80, "KAVBRXZCUHNDG&OQ"),
    (1.00, "#+<=>^~MmW%@w…−×→"),
)
"""Em, rounded up, by letters: advance widths in DejaVuSans.ttf 2.37."""

_WIDEST, _IDEOGRAPH = 1.25, 1.4
"""Em, for letters that are not listed: Arabic's widest are 1.22; emoji fill more than the em that ideographs do."""

_BOLD = 0.13
"""Em that a letter of DejaVu Sans Bold is wider, at the most."""

_ELLIPSIS = "…"

_TAIL = 0.35
"""How much of the room the end of a text gets that is cut."""

_LONGEST = 500
"""Letters: no label holds more."""


def width(text: str, size: float, *, bold: bool = False) -> float:
    """Pixels that the text takes at the most."""
    return size * (sum(map(_em, text)) + (len(text) * _BOLD if bold else 0))


def fitted(text: str, room: float, size: float, *, bold: bool = False) -> str:
    """The text, cut so that it takes no more than `room` pixels; an ellipsis shows where it was.

    It keeps its end, by which names of one kind differ.
    """
    if len(text) <= _LONGEST and width(text, size, bold=bold) <= room:
        return text
    left = room - width(_ELLIPSIS, size, bold=bold)
    tail = _kept(text[: -_LONGEST - 1 : -1], left * _TAIL, size, bold=bold)[::-1]
    head = _kept(text, left - width(tail, size, bold=bold), size, bold=bold)
    return head.rstrip() + _ELLIPSIS + tail.lstrip()


def _kept(letters: str, room: float, size: float, *, bold: bool) -> str:
    """As many letters from the start as there is room for."""
    for number, letter in enumerate(letters):
        room -= width(letter, size, bold=bold)
        if room < 0:
            return letters[:number]
    return letters


@cache
def _em(letter: str) -> float:
    listed = next((em for em, letters in _WIDTHS if letter in letters), None)
    if listed is not None:
        return listed
    return _IDEOGRAPH if unicodedata.east_asian_width(letter) in "WF" else _WIDEST
