"""A picture as SVG: the only place that writes it, and that makes an account's text harmless in it.

Attributes say what paper shows, for WeasyPrint gives SVG no CSS; classes let the page's CSS say otherwise. In the page
each shape has its title, which a pointer shows; on paper only the picture has one, which becomes what a PDF says
instead of it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from markupsafe import Markup, escape

from auditor.report import text
from auditor.report.pictures.drawing import Dot, Label, Path, Picture, Rect, Shape
from auditor.report.pictures.palette import PAINTS

if TYPE_CHECKING:
    from collections.abc import Iterable

NAMESPACE = "http://www.w3.org/2000/svg"
"""Paper is read as XML, which needs it."""

FONTS = "Liberation Sans, DejaVu Sans, sans-serif"

TITLE_LENGTH = 300

_NOTHING = Markup("")


def svg(picture: Picture, *, on_paper: bool = False) -> Markup:
    """The picture as an image with a name; it scales to its place."""
    words = _safe(f"{picture.title}. {picture.says}", 2 * TITLE_LENGTH)
    name = _NOTHING if on_paper else Markup(' role="img" aria-label="{}"').format(words)
    title = Markup("<title>{}</title>").format(words) if on_paper else _NOTHING
    return Markup(
        '<svg xmlns="{0}" class="drawing" viewBox="0 0 {1:g} {2:g}" width="{1:g}" height="{2:g}"{3} font-family="{4}">'
        "{5}{6}</svg>"
    ).format(NAMESPACE, picture.width, picture.height, name, FONTS, title, _shapes(picture, on_paper=on_paper))


def _shapes(picture: Picture, *, on_paper: bool) -> Markup:
    shapes = (replace(shape, title="") if on_paper else shape for shape in picture.shapes)
    return _NOTHING.join(_shape(shape) for shape in shapes)


def swatch(paint: str, *, on_paper: bool = False) -> Markup:
    """A paint as a small sample, for a legend."""
    title = Markup("<title>sample</title>") if on_paper else _NOTHING
    return Markup(
        '<svg xmlns="{}" class="drawing swatch" viewBox="0 0 18 12" width="18" height="12" aria-hidden="true">'
        "{}{}</svg>"
    ).format(NAMESPACE, title, _shape(_sample(paint)))


def _sample(paint: str) -> Shape:
    if paint == "mark":
        return Dot(9, 6, 4.5, paint)
    return Path("M0 6H18", paint) if PAINTS[paint].fill == "none" else Rect(1, 1, 16, 10, paint)


def _shape(shape: Shape) -> Markup:
    match shape:
        case Rect():
            corner = (("x", shape.x), ("y", shape.y), ("rx", shape.radius))
            size = (("width", shape.width), ("height", shape.height))
            return _element("rect", _numbers((*corner, *size)), shape.paint, shape.title)
        case Dot():
            place = (("cx", shape.x), ("cy", shape.y), ("r", shape.radius))
            return _element("circle", _numbers(place), shape.paint, shape.title)
        case Path():
            return _element("path", Markup(' d="{}"').format(shape.d), shape.paint, shape.title)
        case Label():
            return _text(shape)


def _text(label: Label) -> Markup:
    attributes = _numbers((("x", label.x), ("y", label.y), ("font-size", label.size)))
    if label.anchor != "start":
        attributes += Markup(' text-anchor="{}"').format(label.anchor)
    if label.bold:
        attributes += Markup(' font-weight="bold"')
    return _element("text", attributes, label.paint, label.title, escape(_safe(label.text)))


def _element(kind: str, attributes: Markup, paint: str, title: str, content: Markup = _NOTHING) -> Markup:
    told = Markup("<title>{}</title>").format(_safe(title)) if title else _NOTHING
    return Markup('<{0} class="{1}"{2}{3}>{4}{5}</{0}>').format(kind, paint, attributes, _painted(paint), told, content)


def _painted(name: str) -> Markup:
    paint = PAINTS[name]
    written = Markup(' fill="{}"').format(paint.fill)
    if paint.stroke != "none":
        written += Markup(' stroke="{}" stroke-width="{:g}"').format(paint.stroke, paint.width)
    if paint.dash:
        written += Markup(' stroke-dasharray="{}"').format(paint.dash)
    return written if paint.opacity == 1 else written + Markup(' opacity="{:g}"').format(paint.opacity)


def _numbers(pairs: Iterable[tuple[str, float]]) -> Markup:
    return _NOTHING.join(Markup(' {}="{:g}"').format(name, round(value, 2)) for name, value in pairs)


def _safe(words: str, length: int = TITLE_LENGTH) -> str:
    return text.line(words, length)
