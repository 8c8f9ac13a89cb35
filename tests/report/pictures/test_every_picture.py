"""What holds of every picture of any audit: nothing overlaps, nothing sticks out, nothing of an account runs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import combinations
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.model.audit import Audit
from auditor.report.html import render_html
from auditor.report.pictures.bill import bill_picture
from auditor.report.pictures.break_even import break_even_pictures
from auditor.report.pictures.days import day_pictures
from auditor.report.pictures.drawing import Box, Picture, Rect
from auditor.report.pictures.places import account_picture, region_picture
from auditor.report.pictures.sankey import sankey_picture
from auditor.report.pictures.svg import NAMESPACE, svg
from auditor.report.pictures.trend import trend_pictures
from auditor.report.pictures.vpc_map import map_pairs
from auditor.report.view import view
from tests.report.example import AUDIT, blind_audit, empty_audit, hostile_audit
from tests.report.pictures.audits import any_audit

SIZES = st.sampled_from([0, 1, 2, 5, 60])


def pictures_of(audit: Audit) -> Iterator[Picture]:
    """All that the report shows."""
    found = [bill_picture(view(audit)), region_picture(audit), account_picture(audit), sankey_picture(audit)]
    yield from (picture for picture in found if picture)
    yield from trend_pictures(audit)
    yield from (picture for _, picture in day_pictures(audit))
    yield from (picture for _, picture in break_even_pictures(audit))
    for pair in map_pairs(audit):
        yield from (picture for picture in (pair.before, pair.after) if picture)


def parsed(picture: Picture) -> ET.Element:
    """The SVG as a parser of XML reads it: what is not well-formed raises."""
    return ET.fromstring(svg(picture))  # noqa: S314 -- the picture is ours


def is_inside(box: Box, picture: Picture, by: float = 0.01) -> bool:
    """Whether it stands in the picture, to a fraction of a pixel."""
    across = box.left >= -by and box.right <= picture.width + by
    return across and box.top >= -by and box.bottom <= picture.height + by


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6), SIZES)
def test_no_label_overlaps_another_or_sticks_out(seed: int, nats: int) -> None:
    for picture in pictures_of(any_audit(seed, nats)):
        boxes = [(label.text, label.box) for label in picture.labels if label.text]
        for (text, box), (other, box_of_other) in combinations(boxes, 2):
            assert not box.meets(box_of_other), f"{picture.name}: {text!r} meets {other!r}"
        for text, box in boxes:
            assert is_inside(box, picture), f"{picture.name}: {text!r} sticks out"


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6), SIZES)
def test_every_shape_is_inside_and_well_formed(seed: int, nats: int) -> None:
    for picture in pictures_of(any_audit(seed, nats)):
        for shape in picture.shapes:
            if isinstance(shape, Rect):
                assert min(shape.width, shape.height) > 0
                box = Box(shape.x, shape.y, shape.x + shape.width, shape.y + shape.height)
                assert is_inside(box, picture, by=1)
        root = parsed(picture)
        assert root.get("role") == "img"
        assert root.get("aria-label", "").startswith(picture.title)
        assert "nan" not in svg(picture).lower().split("aria-label")[0]


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6), SIZES)
def test_names_may_be_cut_and_figures_never(seed: int, nats: int) -> None:
    for picture in pictures_of(any_audit(seed, nats, names=("vpc",))):
        for label in picture.labels:
            assert not re.search(r"[$\d.,]…|…[\d.,]", label.text), label.text


ALLOWED = {"svg", "rect", "path", "circle", "text", "title"}


@pytest.mark.parametrize("seed", range(5))
def test_no_name_of_an_account_becomes_an_element_or_an_attribute(seed: int) -> None:
    for picture in pictures_of(any_audit(seed, 8)):
        for element in parsed(picture).iter():
            assert element.tag.removeprefix(f"{{{NAMESPACE}}}") in ALLOWED
            assert not [name for name in element.attrib if name.startswith("on") or "href" in name or name == "style"]


@pytest.mark.parametrize("audit", [empty_audit(), blind_audit()])
def test_what_was_not_seen_is_not_drawn_as_zero(audit: Audit) -> None:
    assert list(pictures_of(audit)) == []


@pytest.mark.parametrize("audit", [AUDIT, any_audit(3, 4, ("prod", ""))])
def test_pages_hold_their_pictures_once(audit: Audit) -> None:
    page = render_html(audit)
    assert len(re.findall(r'<figure class="picture', page)) == len(list(pictures_of(audit)))
    scripts = set(re.findall(r"<script[^>]*>", render_html(hostile_audit()), re.IGNORECASE))
    assert scripts == {"<script>", '<script type="application/json" class="index">'}, "the page's own"
