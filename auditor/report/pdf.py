"""The paper as a PDF that screen readers can follow (PDF/UA-1), laid out by WeasyPrint."""

from __future__ import annotations

import logging

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
    document = HTML(string=paper, url_fetcher=URLFetcher(allowed_protocols=()))
    pdf: bytes = document.write_pdf(pdf_variant="pdf/ua-1")
    return pdf
