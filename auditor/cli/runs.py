"""Commands that make an audit, or a report of one that was read before."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn, Protocol, TypeVar

import typer

from auditor.cli.console import say, say_delivered, stdout
from auditor.cli.options import (
    Accounts,
    AllowGaps,
    AthenaWorkgroup,
    Budget,
    Bundled,
    ConfigFile,
    DemoOutput,
    DryRun,
    ExternalId,
    FailAbove,
    FlowLogRecords,
    Formats,
    Grace,
    IpRanges,
    Listen,
    ListSchedules,
    LogFormatOption,
    Mail,
    MaxApiShare,
    NewConstraints,
    NoLookups,
    Once,
    Organization,
    Output,
    Profile,
    Quiet,
    Regions,
    Reported,
    Resume,
    Role,
    RunName,
    ScanWith,
    ShardOfRun,
    StorePlace,
    Verbose,
    Window,
)
from auditor.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from auditor.collectors.progress import Progress
    from auditor.config import Config
    from auditor.model.shard import Named, Shard
    from auditor.outcome import Outcome

Made = TypeVar("Made")


class Watched(Protocol):
    """Makes something as `_watched` does."""

    def __call__(self, make: Callable[[datetime, Progress], Made], /) -> Made:
        """What `make` makes."""


def run(
    region: Regions = None,
    account: Accounts = None,
    organization: Organization = False,
    role: Role = None,
    external_id: ExternalId = None,
    profile: Profile = None,
    max_api_share: MaxApiShare = None,
    window: Window = None,
    formats: Formats = None,
    output: Output = None,
    store: StorePlace = None,
    fail_above: FailAbove = None,
    allow_gaps: AllowGaps = False,
    bundled_prices: Bundled = False,
    flow_logs: FlowLogRecords = None,
    budget: Budget = None,
    scan_with: ScanWith = None,
    athena_workgroup: AthenaWorkgroup = None,
    ip_ranges: IpRanges = None,
    no_public_lookups: NoLookups = False,
    dry_run: DryRun = False,
    mail: Mail = False,
    resume: Resume = None,
    shard: ShardOfRun = None,
    run_name: RunName = None,
    config: ConfigFile = None,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Audit now, and write the reports."""
    from auditor.config import load
    from auditor.which import Which

    settings = load(
        config,
        regions=region,
        accounts=account,
        organization=organization or None,
        role=role,
        external_id=external_id,
        profile=profile,
        max_api_share=max_api_share,
        window_days=_days(window),
        formats=formats,
        output=output,
        store=store,
        fail_above=fail_above,
        allow_gaps=allow_gaps or None,
        live_prices=False if bundled_prices else None,
        flow_logs=flow_logs,
        budget=budget,
        scan_with=scan_with,
        athena_workgroup=athena_workgroup,
        ip_ranges=ip_ranges,
        public_lookups=False if no_public_lookups else None,
    )
    which = Which.of(resume, run_name, shard, reports=mail or dry_run)
    watched = partial(_watched, quiet=quiet, verbose=verbose)
    if dry_run:
        _forecast(watched, settings)
    elif which.shard and which.named:
        _read_shard(watched, settings, which.named.run, which.shard)
    else:
        _audit(watched, settings, which.named, mail=mail, quiet=quiet)


def schedule(
    config: ConfigFile = None,
    once: Once = None,
    list_them: ListSchedules = False,
    store: StorePlace = None,
    output: Output = None,
    profile: Profile = None,
    listen: Listen = None,
    grace: Grace = 20,
    log_format: LogFormatOption = "auto",
    verbose: Verbose = False,
) -> None:
    """Run the schedules of the configuration when they are due, until stopped."""
    from auditor.scheduler import LogSettings, Schedules, print_schedules

    schedules = Schedules.read(config, store=store, output=output, profile=profile)
    log = LogSettings.of(log_format, verbose=verbose)
    if list_them:
        print_schedules(schedules.listed(), stdout())
    elif once:
        raise typer.Exit(schedules.once(once, log, grace))
    else:
        schedules.serve(log, listen, grace)


def demo(output: DemoOutput = Path("auditor-demo-report"), formats: Formats = None, quiet: Quiet = False) -> None:
    """Audit a made-up company on an embedded AWS: no account, no credentials, no network."""
    from auditor.config import load
    from auditor.demo.audit import run_demo
    from auditor.progress import progress

    settings = load(output=output, formats=formats, allow_gaps=True)
    with progress(quiet=quiet) as told:
        outcome = run_demo(settings, told)
    _finish(outcome, settings, quiet=quiet)


def report(
    evidence: Reported,
    formats: Formats = None,
    output: Output = None,
    store: StorePlace = None,
    profile: Profile = None,
    mail: Mail = False,
    allow_gaps: AllowGaps = False,
    config: NewConstraints = None,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Render saved evidence again, offline: the same evidence gives the same figures. Or report a run of shards.

    A run whose shards have read their accounts, or that was interrupted, is put together: flow logs are read as the
    configuration says, what is missing is named, the report is stored and, with --mail, sent.
    """
    from auditor import outcome
    from auditor import store as kept
    from auditor.config import load
    from auditor.which import run_in

    where, run = run_in(evidence) or (None, None)
    settings = load(
        config, formats=formats, output=output, store=where or store, profile=profile, allow_gaps=allow_gaps or None
    )
    if run is None or settings.store is None:
        saved = kept.load_evidence(Path(evidence))
    else:
        from auditor import pipeline

        if pipeline.has_parts(run, settings):
            merge = partial(pipeline.merge_and_deliver, told=say_delivered) if mail else pipeline.merge
            _finish(_watched(partial(merge, settings, run=run), quiet=quiet, verbose=verbose), settings, quiet=quiet)
        saved = pipeline.evidence_of(run, settings)
    if config:
        saved = replace(saved, constraints=settings.constraints)
    kept.require_writable(settings.output)
    _finish(outcome.report(saved, settings), settings, quiet=quiet)


def _forecast(watched: Watched, settings: Config) -> None:
    from auditor.pipeline import forecast
    from auditor.report.terminal import print_forecast

    seen = watched(partial(forecast, settings))
    print_forecast(seen.scans, (seen.metrics, seen.metrics_usd), settings.budget, stdout())


def _read_shard(watched: Watched, settings: Config, run: str, shard: Shard) -> NoReturn:
    """What was read goes to stderr, where the run is to stdout."""
    from auditor.pipeline import read_shard

    read = watched(partial(read_shard, settings, run=run, shard=shard))
    typer.echo(f"shard {read.shard}: {read.accounts} accounts read, {read.with_gaps} with gaps", err=True)
    typer.echo(read.where)
    raise typer.Exit(read.exit_code(settings))


def _audit(watched: Watched, settings: Config, named: Named | None, *, mail: bool, quiet: bool) -> NoReturn:
    from auditor.pipeline import run, run_and_deliver

    make = partial(run_and_deliver, told=say_delivered) if mail else run
    _finish(watched(partial(make, settings, named=named)), settings, quiet=quiet)


def _days(window: str | None) -> int | None:
    if window is None:
        return None
    days = window.removesuffix("d")
    if not (days.isascii() and days.isdigit()):
        raise UsageError(f"option --window: {window!r}: is not a number of days such as 30d")
    return int(days)


def _watched(make: Callable[[datetime, Progress], Made], *, quiet: bool, verbose: bool) -> Made:
    """What a run makes that begins now, with progress on stderr, until a signal ends it."""
    from auditor.progress import progress
    from auditor.stopping import stoppable

    with progress(quiet=quiet, verbose=verbose) as told, stoppable():
        return make(datetime.now(UTC), told)


def _finish(outcome: Outcome, settings: Config, *, quiet: bool) -> NoReturn:
    """The summary goes to stderr, the paths alone to stdout; the exit code says how it went."""
    from rich.console import Console

    from auditor.report.terminal import summary

    if not quiet:
        summary(outcome.audit, Console(stderr=True, highlight=False), ())
    say_delivered(() if quiet else outcome.deliveries)
    for path in outcome.paths:
        typer.echo(path)
    if outcome.not_stored:
        say(f"the report is made, but the store fails: {outcome.not_stored}")
    raise typer.Exit(outcome.exit_code(settings))
