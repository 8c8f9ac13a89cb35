"""The paper as a PDF that screen readers can follow (PDF/UA-1), laid out by WeasyPrint."""

from __future__ import annotations

import gc
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from xml.etree import ElementTree as ET

from auditor.errors import UsageError

PDF_FILE = "report.pdf"
"""What it is called: it alone goes out by mail."""

PANGO_PACKAGE = "libpangoft2-1.0-0"


def render_pdf(paper: str) -> bytes:
    """The paper with bookmarks, page numbers and tags; nothing is fetched, whatever it asks for.

    `UsageError` where the system has no Pango, which WeasyPrint lays text out with.
    """
    try:
        from weasyprint import HTML  # noqa: PLC0415 -- loads Pango: half a second that other formats need not pay
        from weasyprint.urls import URLFetcher  # noqa: PLC0415 -- the same
    except OSError as error:
        raise UsageError(
            f"A PDF needs the Pango library: install the Debian package {PANGO_PACKAGE}, "
            f"or choose other formats ({str(error).splitlines()[0]})"
        ) from error
    # It warns of our own style and of the system's fonts: whoever reads the log of a run can mend neither.
    logging.getLogger("weasyprint").setLevel(logging.ERROR)
    _draw_labels_whole()
    document = HTML(string="", url_fetcher=URLFetcher(allowed_protocols=()))
    _parse(paper, document)
    with _uncollected():
        pdf: bytes = document.write_pdf(pdf_variant="pdf/ua-1")
    return pdf


def _parse(paper: str, document: Any) -> None:  # noqa: ANN401 -- WeasyPrint has no types
    """Give a document its elements, read as XML: a parser that forgives the web's mistakes takes a second longer."""
    root = ET.fromstring(paper)  # noqa: S314 -- our own template, which escapes; expat expands nothing without a DTD
    document.wrapper_element = type(document.wrapper_element).from_html_root(root, content_language=None)
    document.etree_element = root


class _Whole(str):
    """A label of a picture, which WeasyPrint lays out and draws in the pieces that it yields."""

    __slots__ = ()

    def __iter__(self) -> Iterator[str]:
        return iter((str(self),) if self else ())


def _draw_labels_whole() -> None:
    """Have labels of pictures drawn as texts, as letters that join and names from right to left need it.

    WeasyPrint draws letter by letter, because SVG can give each a place of its own; our pictures never do. That also
    took an eighth of the time of a whole paper.
    """
    from weasyprint.svg import Node  # noqa: PLC0415 -- as above

    Node.text = property(lambda node: _Whole(node._etree_node.text or ""))  # noqa: SLF001 -- it has no other door


@contextmanager
def _uncollected() -> Iterator[None]:
    """Without searches for garbage: all boxes live to the document's end, and the searches take a tenth of the time."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
