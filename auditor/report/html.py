"""The audit as one HTML page that needs nothing else: no network, no other file.

All text of the account is escaped (autoescape) and cleaned of control characters (finalize); a name that a
template misspells raises (StrictUndefined) instead of leaving a hole in the report. The page's one script and one
style are named by their hashes in its policy, so nothing else runs, whatever stands in a tag.
"""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from auditor import __version__, resources
from auditor.report import anchors, catalogs, changes, charts, coverage, ledger, proof, queries, text, view
from auditor.report.filters import FILTERS, UNKNOWN
from auditor.report.pictures import bill, break_even, days, places, sankey, svg, trend, vpc_map

if TYPE_CHECKING:
    from auditor.model.audit import Audit

HTML_FILE = "report.html"

LEVELS = {
    "topology": "configuration only",
    "metrics": "CloudWatch metrics",
    "flow-logs": "flow logs",
    "names": "flow logs and DNS names",
    "bill": "billed",
}

PICTURES = {
    "bill": bill.bill_picture,
    "break_even": break_even.break_even_pictures,
    "break_even_legend": break_even.LEGEND,
    "break_even_most": break_even.MOST,
    "by_account": places.account_picture,
    "by_region": places.region_picture,
    "days": days.day_pictures,
    "days_legend": days.LEGEND,
    "maps": vpc_map.map_pairs,
    "map_legend": vpc_map.LEGEND,
    "sankey": sankey.sankey_picture,
    "trend": trend.trend_pictures,
}

MOST_STEPS = 500
"""Steps of the plan in the page's table; of all others each finding says its step."""

MOST_ROWS = 1_000
"""Rows of any other table; what is cut says so."""


def render_html(audit: Audit) -> str:
    """The report as a page."""
    words = words_of(audit)
    cards = environment().get_template("_cards.html.j2").make_module(words)
    return (
        environment()
        .get_template("report.html.j2")
        .render(
            words,
            catalogs=catalogs.catalogs(words["view"], cards),
            script=inlined("report.js") + inlined("pictures.js"),
            style=inlined("report.css") + inlined("pictures.css"),
        )
    )


def words_of(audit: Audit) -> dict[str, Any]:
    """What templates of one audit speak of, on page and paper."""
    return {
        "audit": audit,
        "view": view.view(audit),
        "told": frozenset(finding.id for finding in audit.findings),
        "proofs": proof.Proofs(audit),
        "ledger": ledger.ledger(audit),
        "daily": charts.daily(audit).get,
        "most_steps": MOST_STEPS,
        "most_rows": MOST_ROWS,
        "most_maps": vpc_map.MOST,
        "most_drawn": break_even.MOST,
        "is_paper": False,
    }


def inlined(name: str) -> Markup:
    """A script or a style of the templates' folder as it stands in the page: our own text, nobody else's."""
    return Markup((resources.path("templates") / name).read_text("utf-8"))  # noqa: S704 -- a file of this package


def integrity(text: str) -> str:
    """The hash by which a policy names an inline script or style (CSP level 3, "hash-source")."""
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


@cache
def environment() -> Environment:
    """The templates with all filters and words that pages and messages share."""
    made = Environment(
        loader=FileSystemLoader(resources.path("templates")),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_finalize,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= FILTERS
    made.filters |= {"name": text.name, "line": text.line, "listing": text.listing}
    made.filters |= {"sentence": text.sentence, "units": text.units}
    made.filters |= {"anchor": anchors.anchor, "integrity": integrity}
    made.globals |= {
        "bill": view.bill,
        "changes": changes.changes,
        "dearest": changes.dearest,
        "kept_promise": changes.kept_promise,
        "counted": text.counted,
        "covered": coverage.covered,
        "explained": coverage.explained,
        "endpoint_queries": queries.endpoint_queries,
        "engines": coverage.ENGINES,
        "is_exact": view.is_exact,
        "is_measured": view.is_measured,
        "levels": LEVELS,
        "pictures": PICTURES,
        "nat_queries": queries.nat_queries,
        "share": charts.share,
        "svg": svg.svg,
        "swatch": svg.swatch,
        "version": __version__,
        "words_of_status": dict(view.STATUS_WORDS),
    }
    return made


def _finalize(value: object) -> object:
    """Markup is the templates' own and stays; what is missing is unknown; all other text is made safe."""
    if isinstance(value, Markup):
        return value
    return UNKNOWN if value is None else text.clean(str(value))
