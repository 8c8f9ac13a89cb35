"""The history of a store and the difference of two audits, on a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from auditor.report.changes import kept_promise
from auditor.report.filters import day, moment, usd
from auditor.report.text import line

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.console import Console

    from auditor.model.history import (
        AuditDiff,
        CostChange,
        History,
        Mention,
        PastDelivery,
        PastRun,
        Realised,
        Standing,
        UnfinishedRun,
    )


def print_history(history: History, console: Console) -> None:
    """Runs, what they owe to people, the standing of each finding, and what changes did save."""
    if not (history.runs or history.unfinished):
        console.print("No runs in this store.")
        return
    if history.runs:
        console.print(_runs(history.runs))
    _section(console, "Runs to be resumed", _unfinished(history.unfinished), is_empty=not history.unfinished)
    failed = [run for run in history.runs if run.reason]
    owed = [(run, one) for run in history.runs for one in run.deliveries if one.state != _DELIVERED]
    _section(console, "Runs that made no report", _failed(failed), is_empty=not failed)
    _section(console, "Messages that were not delivered", _owed(owed), is_empty=not owed)
    _section(console, "Findings of the last run", _standings(history.findings), is_empty=not history.findings)
    _section(console, "What changes did save a month", _realised(history.realised), is_empty=not history.realised)


def print_diff(diff: AuditDiff, console: Console) -> None:
    """What came, what went, what the newer audit could not see, and costs that differ."""
    table = _table("", "old", "new")
    table.add_row("made", moment(diff.old.at), moment(diff.new.at))
    for name in ("nat_monthly_cost", "endpoint_monthly_cost", "saving_open"):
        table.add_row(_NAMES[name], usd(getattr(diff.old, name)), usd(getattr(diff.new, name)))
    console.print(table)
    for title, mentions in (("Came", diff.came), ("Went", diff.went), ("Could not be seen", diff.not_seen)):
        _section(console, title, _mentions(mentions), is_empty=not mentions)
    _section(console, "Costs a month that differ", _costs(diff.costs), is_empty=not diff.costs)
    for lost in diff.lost:
        console.print(Text(line(f"not read any more: {lost.account_id} {lost.region}: {lost.reason}"), "yellow"))
    if not (diff.came or diff.went or diff.not_seen or diff.costs or diff.lost):
        console.print("\nNothing differs.")


_FEW = 8
_DELIVERED = "delivered"
_NAMES = {
    "nat_monthly_cost": "NAT gateways, a month",
    "endpoint_monthly_cost": "VPC endpoints, a month",
    "saving_open": "the plan saves, a month",
}


def _runs(runs: Iterable[PastRun]) -> Table:
    names = ("run", "schedule", "exit", "gaps", "told", "NAT", "endpoints", "still to save", "saved")
    table = _table(*names)
    for run in runs:
        figures = run.figures
        costs = (figures.nat_monthly_cost, figures.endpoint_monthly_cost) if figures else ()
        savings = (figures.saving_open, figures.saving_realised) if figures else ()
        cells = [usd(amount) for amount in (*costs, *savings)] or ["–"] * 4
        gaps = "–" if run.reason else str(run.gaps)
        table.add_row(run.run, Text(line(run.schedule or "–")), str(run.exit_code), gaps, _told(run), *cells)
    return table


def _unfinished(runs: Iterable[UnfinishedRun]) -> Table:
    table = _table("run", "began", "accounts read", "shards not read", "go on with")
    for run in runs:
        shards = ", ".join(run.shards) if len(run.shards) <= _FEW else f"{len(run.shards)} of them"
        go_on = f"auditor run --resume {run.run}" if run.shards in {("1/1",), ()} else f"--run {run.run} --shard …"
        table.add_row(run.run, moment(run.began), f"{run.accounts_read} of {run.accounts}", shards or "–", go_on)
    return table


def _told(run: PastRun) -> str:
    delivered = sum(one.state == _DELIVERED for one in run.deliveries)
    return f"{delivered} of {len(run.deliveries)}" if run.deliveries else "–"


def _failed(runs: Iterable[PastRun]) -> Table:
    table = _table("run", "why")
    for run in runs:
        table.add_row(run.run, Text(line(run.reason or "")))
    return table


def _owed(rows: Iterable[tuple[PastRun, PastDelivery]]) -> Table:
    table = _table("run", "to", "state", "attempts", "why")
    for run, one in rows:
        table.add_row(run.run, Text(line(one.recipient)), one.state, str(one.attempts), Text(line(one.reason or "–")))
    return table


def _standings(rows: Iterable[Standing]) -> Table:
    table = _table("status", "since", "finding", "saving")
    for row in rows:
        table.add_row(row.status, day(row.finding.since), Text(line(row.finding.title)), _saving(row.finding))
    return table


def _realised(changes: Iterable[Realised]) -> Table:
    table = _table("saved", "promised", "change")
    for change in changes:
        titles = "; ".join(line(mention.title) for mention in change.findings)
        table.add_row(usd(change.saving), usd(change.promised), Text(f"{titles}. {kept_promise(change)}"))
    return table


def _mentions(mentions: Iterable[Mention]) -> Table:
    table = _table("saving", "finding", "id")
    for mention in mentions:
        table.add_row(_saving(mention), Text(line(mention.title)), Text(line(mention.id)))
    return table


def _costs(changes: Iterable[CostChange]) -> Table:
    table = _table("resource", "account", "region", "old", "new")
    for change in changes:
        name = Text(line(f"{change.name} {change.resource}".strip()))
        old = "–" if change.is_new else usd(change.before)
        table.add_row(name, change.account_id, change.region, old, "gone" if change.is_gone else usd(change.after))
    return table


def _saving(mention: Mention) -> str:
    if mention.saving_high is None:
        return "–"
    return f"up to {usd(mention.saving_high)}" if mention.saving is None else usd(mention.saving)


def _section(console: Console, title: str, table: Table, *, is_empty: bool) -> None:
    if not is_empty:
        console.print(Text(f"\n{title}", "bold"))
        console.print(table)


def _table(*names: str) -> Table:
    table = Table(box=None, header_style="bold")
    for name in names:
        table.add_column(name, overflow="fold")
    return table
