"""Commands that say what Auditor knows, may do and is set to."""

from __future__ import annotations

import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from auditor.cli.console import say, stdout
from auditor.cli.options import Bundled, PolicyParts, Profile, Regions
from auditor.errors import Exit, UsageError


def rules() -> None:
    """List the rules."""
    from rich.table import Table

    from auditor.rules import all_rules

    table = Table("rule", "severity", "fires when", box=None, header_style="bold")
    for rule in all_rules():
        table.add_row(rule.id, rule.severity, rule.title)
    stdout().print(table)


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
    stdout().print(Markdown(page)) if sys.stdout.isatty() else typer.echo(page)


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
        say(f"replace {', '.join(blanks)} by your own, or see --mail-from and --store")


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
        say(mistake)
    if found.mistakes:
        raise typer.Exit(Exit.USAGE)
    rows = [(one.key, one.value, one.origin, one.instead_of) for one in found.settings]
    print_settings(rows, stdout())


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
    print_prices(settings.regions, rows, notes, stdout())


def doctor(region: Regions = None, profile: Profile = None) -> None:
    """Check credentials and try each call once, before the first run."""
    from auditor import pipeline
    from auditor.config import load
    from auditor.report.terminal import print_trials

    who, trials = pipeline.check(load(regions=region, profile=profile), datetime.now(UTC))
    rows = [(trial.region, trial.action, trial.problem) for trial in trials]
    print_trials(who, rows, stdout())
    if any(trial.problem for trial in trials):
        raise typer.Exit(Exit.GAPS)
