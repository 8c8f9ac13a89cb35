"""The audit in a few lines on a terminal: the figures, the first steps, and where the reports are.

Every text is a Rich `Text` cleaned of control characters, so no tag of the account becomes markup, nor a
command to the terminal.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from auditor.model.attributed import Attributed, PlannedScan
from auditor.model.audit import Audit, Finding, Severity, Status
from auditor.model.money import ZERO, Item, Price
from auditor.report.changes import changes
from auditor.report.filters import UNKNOWN, period, price, usd
from auditor.report.text import clean, counted, line, unique
from auditor.report.view import Figure, View, view

if TYPE_CHECKING:
    from collections.abc import Iterable
    from decimal import Decimal
    from pathlib import Path

    from rich.console import Console

TOP = 5
"""Steps and findings shown; the reports hold all of them."""

STYLES = {Severity.HIGH: "bold red", Severity.MEDIUM: "yellow", Severity.LOW: "cyan"}


def summary(audit: Audit, console: Console, paths: Iterable[Path]) -> None:
    """Print the summary; it is for people, programs read `audit.json`."""
    seen = view(audit)
    console.print(Text("AWS network costs, ", "bold").append(period(audit.window)))
    console.print(Text(seen.seen, "dim" if seen.is_complete else "yellow"))
    _print_changes(audit, console)
    console.print()
    _print_figures(seen, console)
    _print_destinations(seen, console)
    _print_plan(seen, console)
    _print_findings(seen, console)
    _print_accepted(seen, console)
    if not seen.is_complete:
        missing = counted(len(audit.gaps), "gap") if audit.gaps else "Scopes were skipped"
        console.print(Text(f"\n{missing}: what could not be read is in no figure.", "yellow"))
    for path in paths:
        console.print(Text(clean(str(path))), soft_wrap=True)


def print_attributed(found: Attributed, console: Console) -> None:
    """Bytes by NAT gateway and destination, and below how many records there were."""
    table = Table(box=None, header_style="bold")
    for name in ("NAT gateway", "destination", "region"):
        table.add_column(name)
    for name in ("bytes up", "bytes down"):
        table.add_column(name, justify="right")
    for gateway in found.nat_gateways:
        nat = Text(clean(gateway.id))
        table.add_row(nat, "all", "", f"{gateway.bytes_up:,}", f"{gateway.bytes_down:,}", style="bold")
        for one in gateway.destinations:
            place = (Text(clean(one.service)), Text(clean(one.region or "")))
            table.add_row(nat, *place, f"{one.bytes_up:,}", f"{one.bytes_down:,}")
    console.print(table)
    counts = ("records", "nodata", "skipdata", "rejected", "unreadable")
    console.print(", ".join(f"{name} {getattr(found, name):,}" for name in counts))


def print_forecast(
    scans: Iterable[PlannedScan], metrics: tuple[int, Decimal | None], budget: Decimal, console: Console
) -> None:
    """What a run would read beyond the free descriptions, and what that would cost."""
    count, metrics_usd = metrics
    console.print(f"{counted(count, 'metric')} of CloudWatch: {usd(metrics_usd)}")
    table = Table(box=None, header_style="bold")
    for name in ("flow log", "account", "region", "read by", "to read", "USD"):
        table.add_column(name, justify="right" if name == "USD" else "left")
    refused, known = [], []
    for one in scans:
        if one.refusal:
            refused.append(one.refusal)
            continue
        known.append(one.usd)
        cells = (one.flow_log_id, one.account_id, one.region, one.engine or "", one.detail)
        table.add_row(*(Text(clean(cell)) for cell in cells), usd(one.usd))
    if known:
        console.print(table)
    console.print(f"{counted(len(known), 'flow log')} to read, of a budget of {usd(budget)}")
    for reason in refused:
        console.print(Text(f"not read: {clean(reason)}", "yellow"), soft_wrap=True)


def print_prices(regions: Iterable[str], prices: Iterable[Price], notes: Iterable[str], console: Console) -> None:
    """Prices by region with their date and a number for their source; an item nobody told us of is unknown."""
    known = _by_item(prices)
    sources = unique(row.source for rows in known.values() for row in rows)
    table = Table("region", "item", "USD", "unit", "above", "as of", "source", box=None, header_style="bold")
    for region in regions:
        for item in Item:
            for row in known.get((region, item), []):
                above = f"{row.from_quantity:,f}" if row.from_quantity else ""
                table.add_row(
                    region, item, price(row.usd), row.unit, above, row.as_of, f"[{sources.index(row.source) + 1}]"
                )
            if (region, item) not in known:
                table.add_row(region, item, UNKNOWN)
    console.print(table)
    for number, source in enumerate(sources, start=1):
        console.print(Text(f"[{number}] {clean(source)}", "dim"))
    for note in notes:
        console.print(Text(clean(note), "yellow"))


def print_trials(who: str, trials: Iterable[tuple[str, str, str]], console: Console) -> None:
    """Region, action and problem of each call that was tried."""
    console.print(Text(f"You are {clean(who)}."))
    table = _grid()
    for region, action, problem in trials:
        mark = Text("denied" if problem else "ok", "red" if problem else "green")
        table.add_row(mark, Text(region), Text(action), Text(clean(problem), "dim"))
    console.print(table)


def print_settings(settings: Iterable[tuple[str, str, str, str]], console: Console) -> None:
    """Key, value, origin and what it overrides, of each key that is set."""
    rows = list(settings)
    console.print(Text("Nothing is wrong with it." if rows else "Nothing is set: the defaults hold."))
    table = _grid()
    for key, value, origin, instead_of in rows:
        over = f"instead of {clean(instead_of)} in the file" if instead_of else ""
        table.add_row(Text(clean(key)), Text(clean(value)), Text(clean(origin), "dim"), Text(over, "dim"))
    console.print(table)


def _by_item(prices: Iterable[Price]) -> dict[tuple[str, Item], list[Price]]:
    found: dict[tuple[str, Item], list[Price]] = {}
    for row in prices:
        found.setdefault((row.region, row.item), []).append(row)
    return found


def _print_figures(seen: View, console: Console) -> None:
    more = seen.audit.totals.saving_unmeasured_high
    table = _grid()
    table.add_row(Text("NAT gateways"), _amount(seen.nat_cost), Text("a month"))
    table.add_row(Text("VPC endpoints"), _amount(seen.endpoint_cost), Text("a month"))
    table.add_row(Text("The plan saves"), _amount(seen.saving), Text("a month, measured"))
    if more:
        table.add_row(Text("  up to"), Text(usd(more)), Text("more, not measured"))
    table.add_row(Text("After the plan"), _amount(seen.after_plan), Text("a month remains of both"))
    console.print(table)
    if seen.apart:
        console.print(Text(seen.apart))


def _print_changes(audit: Audit, console: Console) -> None:
    """What changed since the last run, where a store knows one."""
    for sentence in changes(audit):
        console.print(Text(sentence.text, "yellow" if sentence.is_warning else ""))


def _print_destinations(seen: View, console: Console) -> None:
    """What the largest destinations cost by the byte, of the NAT gateways that have flow logs."""
    if not seen.told.count:
        return
    table = _grid()
    for one in sorted(seen.told.destinations, key=lambda one: one.monthly_cost or ZERO, reverse=True)[:TOP]:
        way = (
            f", {'an' if one.endpoint == 'interface' else 'a'} {one.endpoint} endpoint could carry it"
            if one.endpoint
            else ""
        )
        table.add_row(
            Text(), Text(usd(one.monthly_cost)), Text(f"{line(one.service)} {one.region or ''}".rstrip() + way)
        )
    table.add_row(Text(), Text(usd(seen.told.unattributed_cost)), Text("not attributed"))
    gateways = f"{seen.told.count} of {counted(len(seen.audit.nat_gateways), 'NAT gateway')}"
    _print_section(f"Where the bytes of {gateways} go, by cost a month", table, console)


def _print_plan(seen: View, console: Console) -> None:
    if not seen.steps:
        return
    table = _grid()
    for row in seen.steps[:TOP]:
        title = row.numbered.finding.title if row.numbered else row.step.finding_id
        measured = bool(row.step.saving) or not row.step.unmeasured_high
        saving = usd(row.step.saving) if measured else f"up to {usd(row.step.unmeasured_high)}"
        table.add_row(Text(f"{row.step.step}."), Text(saving), Text(line(title)))
    proven = ", proven to save most of what was measured" if seen.audit.plan_is_proven else ""
    _print_section(f"The plan, {counted(len(seen.steps), 'step')}{proven}", table, console)


def _print_findings(seen: View, console: Console) -> None:
    if not seen.findings:
        return
    table = _grid()
    for numbered in seen.findings[:TOP]:
        finding = numbered.finding
        severity = Text(finding.severity.value, STYLES[finding.severity])
        table.add_row(severity, Text(_saving(finding)), Text(line(finding.title)))
    counts = ", ".join(f"{count} {severity.value}" for severity, count in seen.severities)
    _print_section(f"Findings, {counts}", table, console)


def _print_accepted(seen: View, console: Console) -> None:
    """How many findings somebody accepts: they are in no sum, and never only gone."""
    accepted = sum(numbered.finding.status is Status.ACCEPTED for numbered in seen.settled)
    if accepted:
        console.print(Text(f"\n{counted(accepted, 'finding')} accepted: not in the plan, listed in the report.", "dim"))


def _print_section(title: str, table: Table, console: Console) -> None:
    console.print()
    console.print(Text(title, "bold"))
    console.print(table)


def _saving(finding: Finding) -> str:
    if finding.saving is None:
        return "–"
    expected = finding.saving.expected
    return f"up to {usd(finding.saving.high)}" if expected is None else usd(expected)


def _amount(figure: Figure) -> Text:
    if figure.usd is None:
        return Text(UNKNOWN, "yellow")
    return Text(("at least " if figure.at_least else "") + usd(figure.usd), "bold")


def _grid() -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column()
    table.add_column(justify="right", no_wrap=True)
    table.add_column(overflow="fold")
    return table
