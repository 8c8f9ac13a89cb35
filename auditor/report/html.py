"""The audit as one HTML page that needs nothing else: no network, no script, no other file.

All text of the account is escaped (autoescape) and cleaned of control characters (finalize); a name that a
template misspells raises (StrictUndefined) instead of leaving a hole in the report.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from auditor import __version__, resources
from auditor.report import changes, charts, coverage, text, view
from auditor.report.filters import FILTERS, UNKNOWN
from auditor.report.pictures import bill, break_even, days, places, sankey, svg, vpc_map

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
}


def render_html(audit: Audit) -> str:
    """The report as a page; the same page becomes the PDF."""
    return environment().get_template("report.html.j2").render(view=view.view(audit), audit=audit)


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
    made.globals |= {
        "bill": view.bill,
        "changes": changes.changes,
        "kept_promise": changes.kept_promise,
        "trend": charts.trend,
        "counted": text.counted,
        "daily": charts.daily,
        "explained": coverage.explained,
        "engines": coverage.ENGINES,
        "is_exact": view.is_exact,
        "is_measured": view.is_measured,
        "levels": LEVELS,
        "pictures": PICTURES,
        "share": charts.share,
        "svg": svg.svg,
        "swatch": svg.swatch,
        "version": __version__,
    }
    return made


def _finalize(value: object) -> object:
    """Markup is the templates' own and stays; what is missing is unknown; all other text is made safe."""
    if isinstance(value, Markup):
        return value
    return UNKNOWN if value is None else text.clean(str(value))
