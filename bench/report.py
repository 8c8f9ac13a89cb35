"""What reports of a large organization take: copies of one audit, each in accounts of its own.

    auditor demo --output DIR
    python bench/report.py DIR/audit.json 10000

Prints seconds of CPU and the size of each format, and the most memory that the process held. CPU, because whatever
else the machine does only adds to the time on the wall. Then page, paper and JSON as a run makes them, with the press.
"""

from __future__ import annotations

import re
import resource
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from auditor.config import Format
from auditor.model.audit import Audit, PlanStep
from auditor.model.money import total
from auditor.offline import rendered
from auditor.report.document import render_json
from auditor.report.html import render_html
from auditor.report.paper import render_paper
from auditor.report.pdf import render_pdf
from auditor.report.press import Press
from auditor.store.files import parse_audit

ID = re.compile(rb"\b((?:vpc|nat|subnet|rtb|vpce|eni|fl|tgw|i)-[0-9a-f]{13})[0-9a-f]{4}\b|\b(\d{8})(\d{4})\b")
LISTS = ("scopes", "nat_gateways", "endpoints", "findings", "gaps", "not_evaluated", "series", "plan_remediation")


def copied(content: bytes, number: int) -> Audit:
    """The audit with other ids and accounts."""

    def other(found: re.Match[bytes]) -> bytes:
        return found[1] + b"%04x" % number if found[1] else b"%08d" % (10_000_000 + number) + found[3]

    return parse_audit(ID.sub(other, content), "copy")


def enlarged(content: bytes, findings: int) -> Audit:
    """So many copies side by side that there are that many findings; the plan's sums are made anew."""
    first = copied(content, 0)
    copies = [first] + [copied(content, n) for n in range(1, -(-findings // len(first.findings)))]
    lists: dict[str, Any] = {name: tuple(one for audit in copies for one in getattr(audit, name)) for name in LISTS}
    made = replace(first, **lists, plan=_steps(copies))
    totals: dict[str, Any] = {
        name: total(getattr(audit.totals, name) for audit in copies)
        for name in (
            "nat_monthly_cost",
            "endpoint_monthly_cost",
            "saving_measured",
            "saving_unmeasured_high",
            "after_plan",
        )
    }
    return replace(made, totals=replace(first.totals, **totals))


def _steps(copies: list[Audit]) -> tuple[PlanStep, ...]:
    steps = [step for audit in copies for step in audit.plan]
    measured = high = steps[0].saving * 0
    made: list[PlanStep] = []
    for number, step in enumerate(steps, start=1):
        measured, high = measured + step.saving, high + step.unmeasured_high
        made.append(replace(step, step=number, cumulative=measured, cumulative_unmeasured_high=high))
    return tuple(made)


def timed(name: str, make: Callable[[], bytes]) -> None:
    """Print what it takes and how large it is."""
    begin = time.process_time()
    made = make()
    megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{name:5} {time.process_time() - begin:6.1f} s {len(made) / 1e6:8.2f} MB, at most {megabytes:,.0f} MiB held")
    if len(sys.argv) > 3:
        (Path(sys.argv[3]) / f"large.{name}").write_bytes(made)


def together(audit: Audit) -> None:
    """Print what a run takes that makes the three, in both processes, and on the wall."""
    begin, formats = time.perf_counter(), (Format.HTML, Format.PDF, Format.JSON)
    with Press() as press:
        for _ in rendered(audit, formats, press):
            pass
    wall = time.perf_counter() - begin
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    megabytes = usage.ru_maxrss / 1024
    print(f"all   {wall:6.1f} s on the wall; the press {usage.ru_utime:.1f} s, at most {megabytes:,.0f} MiB held")


def main() -> None:
    """Print a line for each format."""
    audit = enlarged(Path(sys.argv[1]).read_bytes(), int(sys.argv[2]))
    print(f"{len(audit.findings):,} findings, {len(audit.nat_gateways):,} NAT gateways, {len(audit.scopes):,} scopes")
    together(audit)
    timed("html", lambda: render_html(audit).encode())
    timed("pdf", lambda: render_pdf(render_paper(audit)))
    timed("json", lambda: render_json(audit).encode())


if __name__ == "__main__":
    main()
