"""The paints of pictures, as they are on paper; `pictures.css` says what they are on a screen, light and dark.

Colours are those of Okabe and Ito (2008), which colour-blind readers tell apart. They differ in lightness too, and
what is only possible is an outline, so that a copy in black and white says the same.
"""

from __future__ import annotations

from typing import NamedTuple


class Paint(NamedTuple):
    """Fill and stroke; `dash` as SVG has it."""

    fill: str = "none"
    stroke: str = "none"
    width: float = 0
    dash: str = ""
    opacity: float = 1


PAINTS = {
    "ink": Paint("#1b2530"),
    "muted": Paint("#56626f"),
    "ground": Paint("#ffffff", opacity=0.86),
    "axis": Paint(stroke="#8a96a3", width=1),
    "grid": Paint(stroke="#dfe4ea", width=1),
    "total": Paint("#33475b"),
    "nat": Paint("#00629b"),
    "nat-soft": Paint("#56b4e9"),
    "nat-rest": Paint("#d6e8f4", "#00629b", 0.6),
    "endpoint": Paint("#62bf9f"),
    "endpoint-soft": Paint("#dcf2e9", "#007a5a", 0.6),
    "saved": Paint("#b8dfc9", "#007a5a", 1),
    "spent": Paint("#e6b9a0", "#a34700", 1),
    "to-save": Paint("#e69f00"),
    "maybe": Paint("none", "#56626f", 1.2, "4 3"),
    "gateway": Paint("#d55e00"),
    "interface": Paint("#e69f00"),
    "other": Paint("#dbe1e7", "#8a96a3", 0.6),
    "open": Paint("#f0f2f5", "#8a96a3", 0.8, "3 2"),
    "flow-gateway": Paint("#d55e00", opacity=0.72),
    "flow-interface": Paint("#e69f00", opacity=0.72),
    "flow-other": Paint("#cdd5dd", opacity=0.6),
    "flow-open": Paint("#eef1f4", "#8a96a3", 0.6, "3 2"),
    "line-nat": Paint(stroke="#00629b", width=2),
    "line-endpoint": Paint(stroke="#007a5a", width=2, dash="6 3"),
    "mark": Paint("#1b2530", "#ffffff", 1.2),
    "route": Paint(stroke="#8a96a3", width=1.2),
    "route-new": Paint(stroke="#007a5a", width=2.2),
    "route-gone": Paint(stroke="#a34700", width=1.6, dash="4 3"),
    "box": Paint("#ffffff", "#8a96a3", 1),
    "box-new": Paint("#dff1e8", "#007a5a", 2),
    "box-gone": Paint("#faece3", "#a34700", 1.6, "4 3"),
}
