"""The command line: parse, call the pipeline, print; nothing else.

Whatever is heavy is imported by the command that needs it, so that `--help` answers at once.
"""

from __future__ import annotations

import gc
import sys
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn, TypeVar

import typer

from auditor import __version__
from auditor.errors import AuditorError, Exit, UsageError
from auditor.options import (
    Accounts,
    AddGatewayEndpoints,
    AddInterfaceEndpoints,
    AllowGaps,
    AthenaWorkgroup,
    Budget,
    Bundled,
    ConfigFile,
    DemoOutput,
    Drops,
    DryRun,
    EvidenceFile,
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
    PolicyParts,
    PrintFormat,
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

if TYPE_CHECKING:
    from collections.abc import Callable

    from rich.console import Console

    from auditor.collectors.run import Progress
    from auditor.config import Config
    from auditor.model.letter import Delivery
    from auditor.pipeline import Outcome, ShardRead

Made = TypeVar("Made")

_CLICK_ERROR: type[Exception] = typer.BadParameter.__bases__[0]
"""Base of usage errors; Typer carries its own click and publishes no other name for it."""

_INTERRUPTED = 130
"""What Typer ends with after Ctrl-C: 128 and the signal's number, as shells have it."""

app = typer.Typer(
    name="auditor",
    help="Which bytes your NAT gateways carry that a VPC endpoint could carry, what to change, and what it saves.",
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


configuration = typer.Typer(help="Look at the configuration.", rich_markup_mode=None)
app.add_typer(configuration, name="config")


@app.callback(invoke_without_command=True)
def version(show: Annotated[bool, typer.Option("--version", help="Show the version.")] = False) -> None:
    """Options of every command."""
    if show:
        typer.echo(__version__)
        raise typer.Exit


@app.command()
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
    from auditor import pipeline
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
        from auditor.report.terminal import print_forecast

        seen = watched(partial(pipeline.forecast, settings))
        print_forecast(seen.scans, (seen.metrics, seen.metrics_usd), settings.budget, _stdout())
        return
    if which.shard and which.named:
        _finish_shard(watched(partial(pipeline.read_shard, settings, run=which.named.run, shard=which.shard)), settings)
    make = partial(pipeline.run_and_deliver, told=_say_delivered) if mail else pipeline.run
    _finish(watched(partial(make, settings, named=which.named)), settings, quiet=quiet)


@app.command()
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
        print_schedules(schedules.listed(), _stdout())
    elif once:
        raise typer.Exit(schedules.once(once, log, grace))
    else:
        schedules.serve(log, listen, grace)


@app.command()
def demo(output: DemoOutput = Path("auditor-demo-report"), formats: Formats = None, quiet: Quiet = False) -> None:
    """Audit a made-up company on an embedded AWS: no account, no credentials, no network."""
    from auditor.config import load
    from auditor.demo.audit import run_demo
    from auditor.progress import progress

    settings = load(output=output, formats=formats, allow_gaps=True)
    with progress(quiet=quiet) as told:
        outcome = run_demo(settings, told)
    _finish(outcome, settings, quiet=quiet)


@app.command()
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
    from auditor import pipeline
    from auditor import store as kept
    from auditor.config import load
    from auditor.which import run_in

    where, run = run_in(evidence) or (None, None)
    settings = load(
        config, formats=formats, output=output, store=where or store, profile=profile, allow_gaps=allow_gaps or None
    )
    if run is None or settings.store is None:
        saved = kept.load_evidence(Path(evidence))
    elif pipeline.has_parts(run, settings):
        merge = partial(pipeline.merge_and_deliver, told=_say_delivered) if mail else pipeline.merge
        _finish(_watched(partial(merge, settings, run=run), quiet=quiet, verbose=verbose), settings, quiet=quiet)
    else:
        saved = pipeline.evidence_of(run, settings)
    if config:
        saved = pipeline.constrained(saved, settings)
    kept.require_writable(settings.output)
    _finish(pipeline.report(saved, settings), settings, quiet=quiet)


@app.command()
def history(
    store: StorePlace = None,
    profile: Profile = None,
    config: ConfigFile = None,
    form: Annotated[PrintFormat, typer.Option("--format", help="What to print.")] = PrintFormat.TABLE,
) -> None:
    """Show the runs in the store and who was told, where findings stand, and what resolved ones did save."""
    from auditor import past
    from auditor.config import load
    from auditor.model.plain import to_json
    from auditor.report.past import print_history

    found = past.history_of(past.store_of(load(config, store=store, profile=profile)))
    if form is PrintFormat.JSON:
        typer.echo(to_json(found), nl=False)
    else:
        print_history(found, _stdout())


@app.command()
def diff(
    old: Annotated[str, typer.Argument(metavar="OLD", help="An audit.json, an evidence.json, or a run in the store.")],
    new: Annotated[str, typer.Argument(metavar="NEW", help="The same, later.")],
    store: StorePlace = None,
    profile: Profile = None,
    config: ConfigFile = None,
    form: Annotated[PrintFormat, typer.Option("--format", help="What to print.")] = PrintFormat.TABLE,
) -> None:
    """Show what came, what went and what costs another amount between two audits."""
    from auditor import offline
    from auditor.config import load
    from auditor.history import diff as compare
    from auditor.model.plain import to_json
    from auditor.report.past import print_diff

    settings = load(config, store=store, profile=profile)
    found = compare(offline.audit_named(old, settings), offline.audit_named(new, settings))
    if form is PrintFormat.JSON:
        typer.echo(to_json(found), nl=False)
    else:
        print_diff(found, _stdout())


@app.command("what-if")
def what_if(
    evidence: EvidenceFile,
    add_gateway_endpoint: AddGatewayEndpoints = None,
    add_interface_endpoint: AddInterfaceEndpoints = None,
    drop: Drops = None,
    form: Annotated[PrintFormat, typer.Option("--format", help="What to print.")] = PrintFormat.TABLE,
) -> None:
    """Try changes on saved evidence, offline, and see the bill before and after."""
    from auditor import offline, store
    from auditor.model.plain import to_json
    from auditor.report.comparison import print_comparison
    from auditor.wanted import wishes

    wanted = wishes(add_gateway_endpoint, add_interface_endpoint, drop)
    compared = offline.what_if(store.load_evidence(evidence), wanted)
    if form is PrintFormat.JSON:
        typer.echo(to_json(compared), nl=False)
    else:
        print_comparison(compared, _stdout())


@app.command()
def attribute(
    paths: Annotated[
        list[str], typer.Argument(metavar="PATH...", help="Flow-log files, folders of them, s3://bucket/prefix.")
    ],
    nat_gateways: Annotated[
        Path, typer.Option(metavar="FILE", help="What `aws ec2 describe-nat-gateways` prints, as JSON.")
    ],
    region: Annotated[str, typer.Option(metavar="REGION", help="Where those NAT gateways are.")],
    ip_ranges: Annotated[
        Path | None, typer.Option(metavar="FILE", help="AWS's ip-ranges.json. Default: a bundled copy.")
    ] = None,
    budget: Budget = None,
    profile: Profile = None,
    log_format: Annotated[
        str | None, typer.Option(metavar="FORMAT", help="LogFormat of files without header line: '${version} ...'.")
    ] = None,
    form: Annotated[PrintFormat, typer.Option("--format", help="What to print.")] = PrintFormat.JSON,
) -> None:
    """Say which bytes NAT gateways carried to which service, from flow-log files on disk or in S3."""
    from auditor.attribute import attribute
    from auditor.config import load
    from auditor.model.plain import to_json
    from auditor.report.text import clean

    settings = load(ip_ranges=ip_ranges, budget=budget, profile=profile)
    found = attribute(paths, nat_gateways, region, settings, log_format)
    for note in found.notes:
        typer.echo(f"auditor: {clean(note)}", err=True)
    if form is PrintFormat.JSON:
        typer.echo(to_json(found.result), nl=False)
    else:
        from auditor.report.terminal import print_attributed

        print_attributed(found.result, _stdout())


@app.command()
def rules() -> None:
    """List the rules."""
    from rich.table import Table

    from auditor.rules import all_rules

    table = Table("rule", "severity", "fires when", box=None, header_style="bold")
    for rule in all_rules():
        table.add_row(rule.id, rule.severity, rule.title)
    _stdout().print(table)


@app.command()
def explain(
    rule: Annotated[str, typer.Argument(metavar="RULE", help="A rule's id, as `auditor rules` lists it.")],
) -> None:
    """Show a rule's page: what, why, an example, how to fix it, risks."""
    from rich.markdown import Markdown

    from auditor import resources
    from auditor.rules import all_rules

    known = [one.id for one in all_rules()]
    if rule not in known:
        raise UsageError(f"unknown rule {rule!r}: known are {', '.join(known)}")
    page = resources.path(f"docs/rules/{rule}.md").read_text("utf-8")
    _stdout().print(Markdown(page)) if sys.stdout.isatty() else typer.echo(page)


@app.command()
def iam(
    parts: PolicyParts = None,
    role_arn: Annotated[list[str] | None, typer.Option(metavar="ARN", help="Member role that it may assume.")] = None,
    mail_from: Annotated[str | None, typer.Option(metavar="ADDRESS", help="With mail by SES, from it alone.")] = None,
    store: Annotated[str | None, typer.Option(metavar="PLACE", help="With a store, at s3://bucket/prefix.")] = None,
    partition: Annotated[str, typer.Option(metavar="NAME", help="aws-us-gov, aws-cn, aws-eusc.")] = "aws",
) -> None:
    """Print the least IAM policy: the very lists of calls that the client lets pass."""
    from auditor.aws.policy import BLANKS, Grants, Part, parts_named, policy

    unsaid = Grants(role_arns=tuple(role_arn or ()), partition=partition)
    wanted = parts_named(parts) if parts else unsaid.parts
    also = {part for part, given in ((Part.MAIL, mail_from), (Part.STORE, store)) if given}
    grants = replace(unsaid, parts=wanted | also, mail_from=mail_from or unsaid.mail_from, store=store or unsaid.store)
    text = policy(grants)
    typer.echo(text)
    if blanks := [blank for blank in BLANKS if blank in text]:
        _say(f"replace {', '.join(blanks)} by your own, or see --mail-from and --store")


@configuration.command("check")
def check_configuration(
    file: Annotated[
        Path | None, typer.Argument(metavar="FILE", help="TOML file. Default: the environment alone.")
    ] = None,
) -> None:
    """Show what is set and by what, and every mistake; 0 if there is none, else 2."""
    from auditor.config.checking import check
    from auditor.report.terminal import print_settings

    found = check(file)
    for mistake in (*found.warnings, *found.mistakes):
        _say(mistake)
    if found.mistakes:
        raise typer.Exit(Exit.USAGE)
    rows = [(one.key, one.value, one.origin, one.instead_of) for one in found.settings]
    print_settings(rows, _stdout())


@app.command()
def prices(
    region: Annotated[list[str], typer.Option("--region", metavar="REGION", help="Repeatable.")],
    bundled: Bundled = False,
    profile: Profile = None,
) -> None:
    """Show the prices that an audit of a region uses, and where each is from."""
    from auditor import pipeline
    from auditor.config import load
    from auditor.report.terminal import print_prices

    settings = load(regions=region, profile=profile, live_prices=False if bundled else None)
    rows, notes = pipeline.prices(settings, datetime.now(UTC))
    print_prices(settings.regions, rows, notes, _stdout())


@app.command()
def doctor(region: Regions = None, profile: Profile = None) -> None:
    """Check credentials and try each call once, before the first run."""
    from auditor import pipeline
    from auditor.config import load
    from auditor.report.terminal import print_trials

    who, trials = pipeline.check(load(regions=region, profile=profile), datetime.now(UTC))
    rows = [(trial.region, trial.action, trial.problem) for trial in trials]
    print_trials(who, rows, _stdout())
    if any(trial.problem for trial in trials):
        raise typer.Exit(Exit.GAPS)


def main() -> None:
    """The process: every expected error is one line and an exit code, anything else a traceback."""
    gc.disable()  # until the evidence is read: imports and answers make many objects and no garbage worth a pause
    try:
        code = app(args=sys.argv[1:] or ["--help"], standalone_mode=False)
    except AuditorError as error:
        _stop(str(error), error.exit_code)
    except _CLICK_ERROR as error:
        _stop(f"{str(error).rstrip('.')}; see auditor --help", Exit.USAGE)
    if code == _INTERRUPTED:
        _stop("stopped: nothing was changed, and reports may be missing", code)
    sys.exit(code)


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


def _finish_shard(read: ShardRead, settings: Config) -> NoReturn:
    """What was read goes to stderr, where the run is to stdout."""
    typer.echo(f"shard {read.shard}: {read.accounts} accounts read, {read.with_gaps} with gaps", err=True)
    typer.echo(read.where)
    raise typer.Exit(read.exit_code(settings))


def _finish(outcome: Outcome, settings: Config, *, quiet: bool) -> NoReturn:
    """The summary goes to stderr, the paths alone to stdout; the exit code says how it went."""
    from rich.console import Console

    from auditor.report.terminal import summary

    if not quiet:
        summary(outcome.audit, Console(stderr=True, highlight=False), ())
    _say_delivered(() if quiet else outcome.deliveries)
    for path in outcome.paths:
        typer.echo(path)
    if outcome.not_stored:
        _say(f"the report is made, but the store fails: {outcome.not_stored}")
    raise typer.Exit(outcome.exit_code(settings))


def _say_delivered(deliveries: tuple[Delivery, ...]) -> None:
    """Who was told, and who was not, why, and what to do."""
    from auditor.report.text import clean

    for one in deliveries:
        whom = clean(one.recipient) + (f", of {one.of:%Y-%m-%d %H:%M} UTC" if one.of else "")
        if one.is_delivered:
            typer.echo(f"delivered to {whom}", err=True)
        else:
            typer.echo(f"not delivered to {whom}: {clean(str(one.problem))}: {one.next_step}", err=True)


def _stdout() -> Console:
    """A console; what is no terminal gets long lines rather than broken ones."""
    from rich.console import Console

    return Console(highlight=False, width=None if sys.stdout.isatty() else 200)


def _stop(message: str, code: int) -> NoReturn:
    _say(message)
    sys.exit(code)


def _say(message: str) -> None:
    from auditor.report.text import clean

    typer.echo(f"auditor: {clean(message)}", err=True)
