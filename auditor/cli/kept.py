"""Commands that look at what is there: stored runs, saved evidence, flow-log files."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from auditor.cli.console import stdout
from auditor.cli.options import (
    AddGatewayEndpoints,
    AddInterfaceEndpoints,
    Budget,
    ConfigFile,
    Drops,
    EvidenceFile,
    PrintFormat,
    Profile,
    StorePlace,
)


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
        print_history(found, stdout())


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
        print_diff(found, stdout())


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
        print_comparison(compared, stdout())


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

        print_attributed(found.result, stdout())
