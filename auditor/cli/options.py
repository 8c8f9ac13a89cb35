"""The options of the command line: what each is called, and how what stands in it is read."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


class PrintFormat(StrEnum):
    """How a command prints its result."""

    JSON = "json"
    TABLE = "table"


Regions = Annotated[
    list[str] | None, typer.Option("--region", metavar="REGION", help="Repeatable. Default: all enabled.")
]
Accounts = Annotated[list[str] | None, typer.Option("--account", metavar="ID", help="Repeatable. Default: your own.")]
Organization = Annotated[
    bool, typer.Option("--organization", help="All active accounts of your organization in AWS Organizations.")
]
MaxApiShare = Annotated[
    int | None,
    typer.Option(metavar="PERCENT", help="Share of AWS's API limits that the audit may take. Default: 25."),
]
Role = Annotated[str | None, typer.Option(metavar="ROLE", help="Role to assume in the other accounts: name or ARN.")]
ExternalId = Annotated[str | None, typer.Option(metavar="ID", help="Its external id; better AUDITOR_EXTERNAL_ID.")]
Profile = Annotated[str | None, typer.Option(metavar="NAME", help="AWS profile.")]
Window = Annotated[str | None, typer.Option(metavar="DAYS", help="Whole days to look back, 1d to 455d. Default: 30d.")]
Formats = Annotated[
    list[str] | None,
    typer.Option("--format", metavar="FORMAT", help="html, pdf, json, xlsx, csv, md; repeatable or a,b."),
]
PolicyParts = Annotated[
    list[str] | None,
    typer.Option(
        "--for",
        metavar="PART",
        help="collect, flow-logs, athena, mail, store, owners; repeatable or a,b. Default: collect,flow-logs.",
    ),
]
Output = Annotated[Path | None, typer.Option(metavar="DIR", help="Folder for the reports. Default: auditor-report.")]
DemoOutput = Annotated[Path, typer.Option("--output", metavar="DIR", help="Folder for the reports.")]
StorePlace = Annotated[
    str | None, typer.Option("--store", metavar="PLACE", help="Store of runs: a folder or s3://bucket/prefix.")
]
Resume = Annotated[
    str | None,
    typer.Option("--resume", metavar="RUN", help="Go on with a run that was interrupted: read what is missing."),
]
ShardOfRun = Annotated[
    str | None,
    typer.Option(
        "--shard", metavar="K/N", help="Read this share of the accounts into the store; then auditor report RUN."
    ),
]
RunName = Annotated[
    str | None, typer.Option("--run", metavar="NAME", help="Name of the run, the same for all of its shards.")
]
FailAbove = Annotated[str | None, typer.Option(metavar="USD", help="Exit 10 if more than this is saved, measured.")]
AllowGaps = Annotated[bool, typer.Option("--allow-gaps", help="Exit 0 although something could not be read.")]
Bundled = Annotated[bool, typer.Option("--bundled-prices", help="Do not ask the Price List API.")]
FlowLogRecords = Annotated[str | None, typer.Option("--flow-logs", metavar="auto|off", help="Default: auto.")]
Budget = Annotated[str | None, typer.Option(metavar="USD", help="Most that reading flow logs may cost. Default: 1.")]
ScanWith = Annotated[
    str | None, typer.Option(metavar="auto|duckdb|athena", help="What reads flow logs in S3. Default: auto.")
]
AthenaWorkgroup = Annotated[
    str | None, typer.Option(metavar="NAME", help="Workgroup with a cutoff, for logs too large for one machine.")
]
IpRanges = Annotated[
    Path | None, typer.Option("--ip-ranges", metavar="FILE", help="AWS's ip-ranges.json. Default: the newest copy.")
]
NoLookups = Annotated[
    bool, typer.Option("--no-public-lookups", help="Ask nothing but AWS's APIs: no ip-ranges.json, no DNS.")
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would be read and what that would cost.")]
Mail = Annotated[
    bool,
    typer.Option("--mail", help="Tell those whom the configuration names, of a failure too."),
]
ConfigFile = Annotated[
    Path | None, typer.Option("--config", metavar="FILE", help="TOML file with these options as keys.")
]
NewConstraints = Annotated[
    Path | None,
    typer.Option("--config", metavar="FILE", help="Its constraints instead of those that the run was under."),
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing but the paths of the reports.")]
Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="Log every call of AWS to stderr.")]
Once = Annotated[
    str | None, typer.Option("--once", metavar="NAME", help="Run this schedule now, and end with its code.")
]
ListSchedules = Annotated[bool, typer.Option("--list", help="Show when each schedule runs next, and its last run.")]
Listen = Annotated[
    str | None,
    typer.Option(metavar="[ADDRESS:]PORT", help="Serve /healthz, /readyz and /metrics there. Default: nowhere."),
]
LogFormatOption = Annotated[
    str, typer.Option("--log-format", metavar="auto|text|json", help="auto: text on a terminal, JSON elsewhere.")
]
Grace = Annotated[
    float, typer.Option(metavar="SECONDS", min=0, help="How long a run may go on after SIGTERM or SIGINT.")
]
Reported = Annotated[
    str,
    typer.Argument(
        metavar="EVIDENCE|RUN", help="An evidence.json of an earlier run, or a run in the store: RUN, or STORE/RUN."
    ),
]
EvidenceFile = Annotated[Path, typer.Argument(metavar="EVIDENCE", help="An evidence.json of an earlier run.")]
AddGatewayEndpoints = Annotated[
    list[str] | None,
    typer.Option(
        "--add-gateway-endpoint", metavar="VPC:SERVICE", help="vpc-1:s3, in all its route tables. Repeatable."
    ),
]
AddInterfaceEndpoints = Annotated[
    list[str] | None,
    typer.Option(
        "--add-interface-endpoint",
        metavar="VPC:SERVICE",
        help="vpc-1:ecr.api, in each zone whose clients use a NAT gateway. Repeatable.",
    ),
]
Drops = Annotated[
    list[str] | None,
    typer.Option("--drop", metavar="ID", help="vpce-1, nat-1, or nat-1:nat-2 to give its routes to nat-2. Repeatable."),
]
