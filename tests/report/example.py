"""Audits built by hand: each figure in them was worked out on paper."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from auditor.history.sight import mention_of
from auditor.model.attributed import NamedBy
from auditor.model.audit import (
    AUDIT_VERSION,
    Audit,
    EndpointCost,
    Finding,
    FlowLogEvidence,
    NatGatewayCost,
    NotEvaluated,
    PlanRemediation,
    PlanStep,
    Remediation,
    RunCost,
    Saving,
    ScanCost,
    ScopeSummary,
    Severity,
    SourceCost,
    Status,
    Talker,
    Totals,
    Traffic,
)
from auditor.model.evidence import Gap, Series, Source, Window
from auditor.model.history import Point, Realised, SinceLast
from auditor.model.money import Item, Line, Price
from auditor.model.traffic import Level

GIB = 2**30
PRICED = ("AWS price list", "2026-11-01")
WINDOW = Window(datetime(2026, 10, 21, tzinfo=UTC), datetime(2026, 11, 20, tzinfo=UTC))

HOSTILE = (
    "<script>alert(1)</script>",
    "{{7*7}}{% raw %}",
    "\"quoted\" 'name' & <b>bold</b>",
    "<img src=x onerror=document.title='owned'>",
    "מסוף \u202egnp.exe",
    "🚀 production 🇪🇺",
    "x" * 10_000,
    "\x1b[31mred\x1b[0m \x9b2J\x00",
    "[bold red]markup[/bold red] [link=http://127.0.0.1/]x[/link]",
)
"""What anybody may write into a tag."""

NAT_A = NatGatewayCost(
    id="nat-0a11ce0000000000a",
    name="prod-a",
    account_id="111122223333",
    region="us-east-1",
    vpc_id="vpc-0prod000000000001",
    vpc_name="prod",
    az="us-east-1a",
    state="available",
    mode="zonal",
    connectivity="public",
    # 730 × 0.045 + 4,152.89 × 0.045 = 32.85 + 186.88005
    monthly_cost=Decimal("219.73005"),
    bytes_in_from_source=1_000 * GIB,
    bytes_in_from_destination=3_096 * GIB,
    coverage=Decimal("0.974365"),  # 3,991 of 4,096
    attribution=FlowLogEvidence(
        flow_log_ids=("fl-0a11ce0000000000a",),
        engine="duckdb",
        start=WINDOW.start,
        end=WINDOW.end,
        days=30,
        bytes_measured=4_096 * GIB,
        share_of_window=Decimal(1),
        skipdata=0,
        unreadable=0,
        clients_known=True,
        notes=(),
    ),
    # A month: × 730 / 720 × 0.045.
    destinations=(
        Traffic("s3", "us-east-1", 900 * GIB, 2_900 * GIB, NamedBy.ADDRESS, Decimal("173.375"), "gateway"),
        Traffic("internet", None, 20 * GIB, 120 * GIB, NamedBy.ADDRESS, Decimal("6.3875"), None),
        Traffic("ecr.api", "us-east-1", GIB, 50 * GIB, NamedBy.QUERY_LOG, Decimal("2.326875"), "interface"),
    ),
    unattributed_bytes=105 * GIB,
    unattributed_cost=Decimal("4.790625"),
    talkers=(
        Talker(
            "10.0.11.24",
            "instance i-0c0ffee, name=etl-worker",
            "eni-0a1",
            "subnet-0a11",
            "us-east-1a",
            "s3",
            "us-east-1",
            700 * GIB,
            2_100 * GIB,
        ),
        Talker("10.0.12.9", "", None, None, None, "internet", None, 11 * GIB, 90 * GIB),
    ),
    observed_hours=720,
    has_appliances=False,
    lines=(
        Line(
            "nat-0a11ce0000000000a",
            "NAT gateway hours",
            Decimal(730),
            "hour",
            Decimal("0.045"),
            Decimal("32.85"),
            *PRICED,
        ),
        Line(
            "nat-0a11ce0000000000a",
            "NAT gateway data processed",
            Decimal("4152.89"),
            "GB",
            Decimal("0.045"),
            Decimal("186.88005"),
            *PRICED,
        ),
    ),
)

NAT_B = NatGatewayCost(
    id="nat-0b0b00000000000b",
    name="",
    account_id="444455556666",
    region="eu-central-1",
    vpc_id="vpc-0staging00000002",
    vpc_name="staging",
    az=None,
    state="available",
    mode="regional",
    connectivity="public",
    monthly_cost=None,
    bytes_in_from_source=None,
    bytes_in_from_destination=None,
    coverage=None,
    attribution=None,
    destinations=(),
    unattributed_bytes=None,
    unattributed_cost=None,
    talkers=(),
    observed_hours=720,
    has_appliances=False,
    lines=(
        Line(
            "nat-0b0b00000000000b",
            "Regional NAT gateway hours",
            Decimal(1460),
            "hour",
            Decimal("0.052"),
            Decimal("75.92"),
            *PRICED,
        ),
        Line(
            "nat-0b0b00000000000b",
            "Regional NAT gateway data processed",
            None,
            "GB",
            Decimal("0.052"),
            None,
            *PRICED,
        ),
    ),
)

PARTLY_READ = replace(
    NAT_A,
    id="nat-0c0c00000000000c",
    name="legacy",
    coverage=Decimal("0.6"),  # 576 of 960 GB
    attribution=FlowLogEvidence(
        flow_log_ids=("fl-0c0c000000000000c",),
        engine="athena",
        start=WINDOW.end - timedelta(days=7),
        end=WINDOW.end,
        days=7,
        bytes_measured=960 * GIB,
        share_of_window=Decimal("0.234375"),  # 960 of 4,096 GB
        skipdata=1_204,
        unreadable=1,
        clients_known=False,
        notes=("2026/11/15/0b.log.gz: not read to its end: the gzip stream is cut",),
    ),
    # 96 and 480 of 960 GB are a tenth and half of a month's 4,152.89 GB, at 0.045.
    destinations=(
        Traffic("aws", "us-east-1", 80 * GIB, 400 * GIB, NamedBy.ADDRESS, Decimal("93.44"), None),
        Traffic("kms", "us-east-1", 6 * GIB, 90 * GIB, NamedBy.DNS, Decimal("18.688"), "interface"),
    ),
    unattributed_bytes=384 * GIB,
    unattributed_cost=Decimal("74.752"),
    talkers=(),
)
"""A NAT gateway whose flow log was read for a week, lost records and names no client."""

ENDPOINT = EndpointCost(
    id="vpce-0e0000000000000e1",
    name="ecr",
    account_id="111122223333",
    region="us-east-1",
    vpc_id="vpc-0prod000000000001",
    vpc_name="prod",
    type="Interface",
    service="ecr.dkr",
    state="available",
    monthly_cost=Decimal("14.6"),
    bytes_processed=0,
    lines=(
        Line(
            "vpce-0e0000000000000e1",
            "Interface endpoint hours",
            Decimal(1460),
            "hour",
            Decimal("0.01"),
            Decimal("14.6"),
            *PRICED,
        ),
        Line(
            "vpce-0e0000000000000e1",
            "Interface endpoint data processed",
            Decimal(0),
            "GB",
            Decimal("0.01"),
            Decimal(0),
            *PRICED,
        ),
    ),
)

S3_FINDING = Finding(
    id="missing-gateway-endpoint/vpc-0prod000000000001/s3",
    rule="missing-gateway-endpoint",
    account_id="111122223333",
    region="us-east-1",
    vpc_id="vpc-0prod000000000001",
    resource="vpc-0prod000000000001",
    severity=Severity.HIGH,
    evidence=Level.FLOW_LOGS,
    title="VPC prod reaches S3 through a NAT gateway and has no gateway endpoint",
    why="3,800 GB of the window went through nat-0a11ce0000000000a to S3 in the same region. "
    "A gateway endpoint carries them for nothing.",
    risks=(
        "Open TCP connections to S3 drop once when the route appears.",
        "Policies that name the NAT gateway's address in aws:SourceIp stop matching; use aws:SourceVpce.",
    ),
    check="Run: aws ec2 describe-route-tables --filters Name=vpc-id,Values=vpc-0prod000000000001",
    # High: with the 105 GB that nobody attributed.
    saving=Saving(Decimal("173.375"), Decimal("173.375"), Decimal("178.165625")),
    saving_note="S3 in us-east-1 was 92.8% of the NAT gateway's bytes: 3,800 GB in 30 days. Flow logs explain 97.4%.",
    avoided=(
        Line(
            "nat-0a11ce0000000000a",
            "NAT gateway data processed",
            Decimal("3852.7777777"),
            "GB",
            Decimal("0.045"),
            Decimal("173.3749999965"),
            *PRICED,
        ),
    ),
    added=(),
    remediation=Remediation(
        cli="aws ec2 create-vpc-endpoint \\\n  --vpc-id vpc-0prod000000000001 \\\n"
        "  --service-name com.amazonaws.us-east-1.s3 \\\n  --route-table-ids rtb-0aaa rtb-0bbb",
        rollback="aws ec2 delete-vpc-endpoints --vpc-endpoint-ids <id of the new endpoint>",
    ),
    status=Status.NEW,
)

ENDPOINT_FINDING = Finding(
    id="interface-endpoint-pays/vpc-0staging00000002/logs",
    rule="interface-endpoint-pays",
    account_id="444455556666",
    region="eu-central-1",
    vpc_id="vpc-0staging00000002",
    resource="nat-0b0b00000000000b",
    severity=Severity.MEDIUM,
    evidence=Level.METRICS,
    title="An interface endpoint for CloudWatch Logs may cost less than the NAT gateway",
    why="The bytes of this NAT gateway are not attributed to a service.",
    risks=("With private DNS the endpoint takes all of the VPC's traffic to the service.",),
    check="Turn on flow logs for the NAT gateway and run the audit again.",
    saving=Saving(Decimal(0), None, Decimal("412.5")),
    saving_note="It pays from 208.6 GB a month in each AZ.",
    avoided=(
        Line(
            "nat-0b0b00000000000b",
            "Regional NAT gateway data processed",
            Decimal(8250),
            "GB",
            Decimal("0.052"),
            Decimal(429),
            *PRICED,
        ),
    ),
    added=(
        Line(
            "new endpoint for logs",
            "Interface endpoint hours",
            Decimal(1650),
            "hour",
            Decimal("0.01"),
            Decimal("16.5"),
            *PRICED,
        ),
    ),
    remediation=Remediation(),
)

AUDIT = Audit(
    schema_version=AUDIT_VERSION,
    generated_at=datetime(2026, 11, 20, 15, 20, 7, tzinfo=UTC),
    window=WINDOW,
    currency="USD",
    totals=Totals(
        nat_monthly_cost=Decimal("295.65005"),  # 219.73005 + 75.92
        endpoint_monthly_cost=Decimal("14.6"),
        saving_measured=Decimal("173.375"),
        saving_unmeasured_high=Decimal("417.290625"),
        after_plan=Decimal("136.87505"),  # 295.65005 + 14.6 − 173.375
        unknown_lines=1,
    ),
    scopes=(
        ScopeSummary("111122223333", "us-east-1", "audited", None),
        ScopeSummary("444455556666", "eu-central-1", "partial", None),
        ScopeSummary("444455556666", "me-south-1", "skipped", "the region is not enabled"),
    ),
    nat_gateways=(NAT_A, NAT_B),
    endpoints=(ENDPOINT,),
    findings=(ENDPOINT_FINDING, S3_FINDING),
    plan=(
        PlanStep(1, S3_FINDING.id, Decimal("173.375"), Decimal("173.375"), Decimal("4.790625"), Decimal("4.790625")),
        PlanStep(2, ENDPOINT_FINDING.id, Decimal(0), Decimal("173.375"), Decimal("412.5"), Decimal("417.290625")),
    ),
    gaps=(
        Gap(
            "444455556666",
            "eu-central-1",
            Source.NAT_METRICS,
            "cloudwatch:GetMetricData",
            "AccessDenied: not authorized to perform cloudwatch:GetMetricData",
        ),
        Gap(
            "777788889999",
            "",
            Source.ACCOUNT,
            "sts:AssumeRole",
            "AccessDenied: role AuditorRead cannot be assumed",
        ),
    ),
    not_evaluated=(
        NotEvaluated(
            "idle-nat-gateway",
            "444455556666",
            "eu-central-1",
            "needs nat-gateway-metrics",
            "nat-0b0b00000000000b",
        ),
    ),
    prices=(
        Price("us-east-1", Item.NAT_GB, Decimal("0.045"), "GB", *PRICED),
        Price("us-east-1", Item.NAT_HOUR, Decimal("0.045"), "hour", *PRICED),
        Price("us-east-1", Item.INTERFACE_ENDPOINT_GB, Decimal("0.004"), "GB", *PRICED, Decimal(5_242_880)),
    ),
    notes=("Prices are list prices in USD, without discounts or taxes.",),
    cost_of_this_run=RunCost(
        api_calls=44,
        usd=Decimal("0.02008"),
        by_source=(
            SourceCost("athena:StartQueryExecution", 1, Decimal("0.02")),
            SourceCost("cloudwatch:GetMetricData", 2, Decimal("0.00008")),
            SourceCost("ec2:DescribeNatGateways", 41, Decimal(0)),
        ),
        scans=(
            ScanCost("fl-0a11ce0000000000a", "duckdb", 3 * GIB, Decimal(0), 3 * GIB, Decimal(0)),
            ScanCost("fl-0c0c000000000000c", "athena", 4 * GIB, Decimal("0.021"), 4 * GIB, Decimal("0.02")),
        ),
    ),
    series=(
        Series(
            NAT_A.id,
            "BytesInFromDestination",
            tuple(date(2026, 10, 21) + timedelta(days=n) for n in range(30) if n != 7),
            tuple((90 + n % 7 * 5) * GIB for n in range(30) if n != 7),
        ),
        Series(NAT_A.id, "BytesInFromSource", (date(2026, 10, 21),), (1_000 * GIB,)),
    ),
    plan_remediation=(
        PlanRemediation(
            "111122223333",
            "us-east-1",
            (1,),
            Remediation(cli="# Step 1\naws ec2 plan", cloudformation="Resources:", rollback="aws ec2 way-back"),
        ),
    ),
)


def audit_with(**changes: object) -> Audit:
    """The example audit with other fields."""
    return replace(AUDIT, **changes)  # type: ignore[arg-type]


def totals(cost: str = "0", unknown_lines: int = 0) -> Totals:
    """Totals without any saving."""
    amount = Decimal(cost)
    return Totals(amount, Decimal(0), Decimal(0), Decimal(0), amount, unknown_lines)


def empty_audit() -> Audit:
    """An account that was read in full and has no NAT gateway."""
    return audit_with(
        totals=totals(),
        scopes=(ScopeSummary("111122223333", "us-east-1", "audited", None),),
        nat_gateways=(),
        endpoints=(),
        findings=(),
        plan=(),
        gaps=(),
        not_evaluated=(),
        prices=(),
        notes=(),
        series=(),
        plan_remediation=(),
    )


def resolved_audit() -> Audit:
    """The example after all was done: every finding is resolved, and everything was read."""
    cost = AUDIT.totals.nat_monthly_cost + AUDIT.totals.endpoint_monthly_cost
    return audit_with(
        totals=replace(AUDIT.totals, saving_measured=Decimal(0), saving_unmeasured_high=Decimal(0), after_plan=cost),
        scopes=tuple(replace(scope, status="audited", reason=None) for scope in AUDIT.scopes),
        findings=tuple(replace(one, status=Status.RESOLVED) for one in AUDIT.findings),
        plan=(),
        plan_remediation=(),
        gaps=(),
        not_evaluated=(),
    )


def followed_audit() -> Audit:
    """The example after five weekly runs: all that can have become of a finding, and of a change that was made."""
    weeks = [AUDIT.generated_at - timedelta(weeks=n) for n in range(4, -1, -1)]
    amounts = [Decimal(n) for n in (470, 450, 430, 425, 418)]
    points = tuple(
        Point(f"run-{n}", at, n != 2, usd, Decimal(14), usd / 2, None if n < 2 else Decimal(n * 10 - 25))
        for n, (at, usd) in enumerate(zip(weeks, amounts, strict=True))
    )
    others = [one for one in AUDIT.findings if one != S3_FINDING]
    rows = (Status.NEW, Status.CAME_BACK, Status.ACCEPTED, Status.RESOLVED)
    copies = tuple(
        replace(S3_FINDING, id=f"{S3_FINDING.id}:{status}", status=status, title=f"A finding that is {status}")
        for status in rows
    )
    gone = replace(
        mention_of(S3_FINDING, AUDIT), id="gone", title="VPC gone had no S3 gateway endpoint", since=weeks[1]
    )
    unseen, back = replace(gone, id="unseen"), replace(gone, since=weeks[4], until=weeks[2])
    measured = Realised(
        findings=(gone,),
        after=weeks[2],
        by=weeks[3],
        promised=Decimal(90),
        promised_high=Decimal(120),
        before=(),
        added=(),
        days=6,
        bytes_before=10,
        bytes_after=5,
        cost_before=Decimal(200),
        cost_after=Decimal(118),
        saving=Decimal(82),
        note="",
        is_final=False,
    )
    early = replace(measured, cost_before=None, cost_after=None, saving=None, note="Too few days: 1 of 6.", days=1)
    since = SinceLast(
        "run-3", weeks[3], (replace(gone, until=weeks[1]),), (gone,), (back,), (unseen,), realised=(measured, early)
    )
    return audit_with(findings=(S3_FINDING, *copies, *others), since_last=replace(since, trend=points))


def blind_audit() -> Audit:
    """An audit that could read nothing."""
    return replace(
        empty_audit(),
        scopes=(ScopeSummary("111122223333", "us-east-1", "failed", "denied"),),
        gaps=AUDIT.gaps,
    )


def _hostile_nat(number: int, text: str) -> NatGatewayCost:
    assert PARTLY_READ.attribution
    return replace(
        PARTLY_READ,
        id=f"nat-{number}",
        name=text,
        vpc_name=text,
        attribution=replace(PARTLY_READ.attribution, notes=(text,), flow_log_ids=(text,)),
        destinations=tuple(replace(one, service=text) for one in PARTLY_READ.destinations[:1]),
        talkers=tuple(replace(one, owner=text, address=text, az=text) for one in NAT_A.talkers),
    )


def hostile_audit(texts: tuple[str, ...] = HOSTILE) -> Audit:
    """The example with hostile text wherever an account can put any."""
    nats = tuple(_hostile_nat(n, text) for n, text in enumerate(texts))
    findings = tuple(
        replace(
            S3_FINDING,
            id=f"{text}/{n}",
            title=f"VPC {text} has no endpoint",
            why=text,
            risks=(text,),
            check=text,
            saving_note=text,
            avoided=(replace(S3_FINDING.avoided[0], resource=text, label=text, source=text),),
            remediation=Remediation(cli=f"aws ec2 describe '{text}'", rollback=text),
        )
        for n, text in enumerate(texts)
    )
    plan = tuple(replace(AUDIT.plan[0], step=n, finding_id=finding.id) for n, finding in enumerate(findings))
    gaps = tuple(replace(AUDIT.gaps[0], reason=text, action=text) for text in texts)
    return audit_with(
        nat_gateways=nats,
        endpoints=tuple(replace(ENDPOINT, id=f"vpce-{n}", name=text, service=text) for n, text in enumerate(texts)),
        findings=findings,
        plan=plan,
        gaps=gaps,
        not_evaluated=tuple(replace(AUDIT.not_evaluated[0], reason=text) for text in texts),
        notes=texts,
        plan_remediation=tuple(
            PlanRemediation(text, text, (1,), Remediation(text, text, text, text)) for text in texts
        ),
        cost_of_this_run=replace(
            AUDIT.cost_of_this_run,
            scans=tuple(replace(AUDIT.cost_of_this_run.scans[0], flow_log_id=text) for text in texts),
        ),
    )
