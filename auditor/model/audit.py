"""The result of an audit, in the very shape of `audit.json`; every report format is made from it.

Money and quantities are exact decimals (strings in JSON), bytes are integers. `None` means unknown.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from auditor.model.attributed import NamedBy
from auditor.model.evidence import Gap, Series, Window
from auditor.model.history import SinceLast
from auditor.model.layout import VpcMap
from auditor.model.money import Line, Price
from auditor.model.parts import PartSaving
from auditor.model.traffic import Level

AUDIT_VERSION = "1.3"


class Severity(StrEnum):
    """How much it matters, apart from how sure it is."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class Status(StrEnum):
    """Where a finding stands; history sets `new` and `came-back`. A resolved one is none: see `since_last`."""

    NEW = "new"
    OPEN = "open"
    CAME_BACK = "came-back"
    RESOLVED = "resolved"
    ACCEPTED = "accepted"


@dataclass(frozen=True, slots=True)
class Saving:
    """USD a month. `expected` is `None` where the traffic that decides it was not measured."""

    low: Decimal
    expected: Decimal | None
    high: Decimal


@dataclass(frozen=True, slots=True)
class Remediation:
    """The change as text to paste; `None` where a form does not exist."""

    cli: str | None = None
    cloudformation: str | None = None
    terraform: str | None = None
    rollback: str | None = None


class AcceptedBy(StrEnum):
    """Where it is said that a finding is accepted."""

    CONFIGURATION = "configuration"
    TAG = "tag"
    KEEP_PRIVATE = "keep-private"


@dataclass(frozen=True, slots=True)
class Acceptance:
    """Who accepts a finding, why, and to which day, that day included; `None` where nobody said so, or for good.

    It holds where the finding's status is `accepted`; else it has expired.
    """

    by: AcceptedBy
    owner: str | None
    reason: str | None
    expires: date | None


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to change, to measure or to know. `avoided` and `added` are the lines that make up the saving.

    They are those of `saving.expected`, or of `saving.high` where that is not known. Without a saving, `added` is
    what the flow log that it proposes costs at the most.
    """

    id: str
    rule: str
    account_id: str
    region: str
    vpc_id: str | None
    resource: str
    severity: Severity
    evidence: Level
    title: str
    why: str
    risks: tuple[str, ...]
    check: str
    saving: Saving | None
    saving_note: str
    avoided: tuple[Line, ...]
    added: tuple[Line, ...]
    remediation: Remediation
    status: Status = Status.OPEN
    acceptance: Acceptance | None = None
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class PlanStep:
    """One step: what it saves on top of those before it, measured and (apart from that) at most unmeasured.

    `unmeasured_high` is negative where a step makes certain what those before it made possible. `parts` say where on
    the bill `saving` falls, and add up to it.
    """

    step: int
    finding_id: str
    saving: Decimal
    cumulative: Decimal
    unmeasured_high: Decimal
    cumulative_unmeasured_high: Decimal
    parts: tuple[PartSaving, ...] = ()


@dataclass(frozen=True, slots=True)
class PlanRemediation:
    """The steps of the plan in one account and region as text to paste: no script, stack or provider spans several."""

    account_id: str
    region: str
    steps: tuple[int, ...]
    remediation: Remediation


@dataclass(frozen=True, slots=True)
class Traffic:
    """Bytes that flow logs attribute to one destination, as seen on the days that were read.

    `monthly_cost` is what they cost a month by the byte; `endpoint` is the kind that could carry them.
    """

    service: str
    region: str | None
    bytes_up: int
    bytes_down: int
    named_by: NamedBy
    monthly_cost: Decimal | None
    endpoint: str | None


@dataclass(frozen=True, slots=True)
class Talker:
    """One of the largest clients of a NAT gateway at one destination."""

    address: str
    owner: str
    interface_id: str | None
    subnet_id: str | None
    az: str | None
    service: str
    region: str | None
    bytes_up: int
    bytes_down: int
    route_table_id: str | None = None


@dataclass(frozen=True, slots=True)
class Sender:
    """Bytes a month from one subnet through a NAT gateway; `subnet_id` is `None` where the clients are not known.

    `endpoint` is the kind of endpoint that could carry them. `attributed` is false of bytes that may go anywhere.
    """

    subnet_id: str | None
    subnet_name: str
    vpc_id: str | None
    vpc_name: str
    az: str | None
    endpoint: str | None
    attributed: bool
    bytes_monthly: int
    monthly_cost: Decimal | None


@dataclass(frozen=True, slots=True)
class FlowLogEvidence:
    """What flow records were read for a NAT gateway: whole UTC days, `end` excluded."""

    flow_log_ids: tuple[str, ...]
    engine: str
    start: datetime
    end: datetime
    days: int
    bytes_measured: int | None
    share_of_window: Decimal | None
    skipdata: int
    unreadable: int
    clients_known: bool
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NatRoute:
    """A route table that leads to a NAT gateway, by which destinations, and the subnets that use it.

    `is_main`: subnets without a table of their own use it too, and are among them.
    """

    route_table_id: str
    is_main: bool
    destinations: tuple[str, ...]
    subnet_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NatGatewayCost:
    """A NAT gateway with its bytes in the window and its cost a month; `None` where nothing was measured."""

    id: str
    name: str
    account_id: str
    region: str
    vpc_id: str
    vpc_name: str
    az: str | None
    state: str
    mode: str
    connectivity: str
    monthly_cost: Decimal | None
    bytes_in_from_source: int | None
    bytes_in_from_destination: int | None
    coverage: Decimal | None
    attribution: FlowLogEvidence | None
    destinations: tuple[Traffic, ...]
    unattributed_bytes: int | None
    unattributed_cost: Decimal | None
    talkers: tuple[Talker, ...]
    observed_hours: int
    has_appliances: bool
    lines: tuple[Line, ...]
    senders: tuple[Sender, ...] = ()
    interface_ids: tuple[str, ...] = ()
    routes: tuple[NatRoute, ...] = ()


@dataclass(frozen=True, slots=True)
class EndpointCost:
    """A VPC endpoint with its bytes in the window and its cost a month.

    `break_even_gb` a month is from where it costs less than a NAT gateway, `nat_gb_price` is that one's USD a GB;
    `None` where a price is not known or the endpoint never costs less.
    """

    id: str
    name: str
    account_id: str
    region: str
    vpc_id: str
    vpc_name: str
    type: str
    service: str
    state: str
    monthly_cost: Decimal | None
    bytes_processed: int | None
    lines: tuple[Line, ...]
    nat_gb_price: Decimal | None = None
    break_even_gb: Decimal | None = None
    service_name: str = ""


@dataclass(frozen=True, slots=True)
class Totals:
    """USD a month. Sums of what is known; `unknown_lines` counts the lines that are missing from them."""

    nat_monthly_cost: Decimal
    endpoint_monthly_cost: Decimal
    saving_measured: Decimal
    saving_unmeasured_high: Decimal
    after_plan: Decimal
    unknown_lines: int


@dataclass(frozen=True, slots=True)
class ScopeSummary:
    """What was seen of one account in one region."""

    account_id: str
    region: str
    status: str
    reason: str | None


@dataclass(frozen=True, slots=True)
class NotEvaluated:
    """A rule that could not be judged; `resource` is empty where that holds for the whole scope."""

    rule: str
    account_id: str
    region: str
    reason: str
    resource: str = ""


@dataclass(frozen=True, slots=True)
class SourceCost:
    """Calls and USD of one kind of call."""

    source: str
    api_calls: int
    usd: Decimal | None
    throttled: int = 0


@dataclass(frozen=True, slots=True)
class ScanCost:
    """What the reading of a flow log was estimated to take, and took."""

    flow_log_id: str
    engine: str
    bytes_estimated: int
    usd_estimated: Decimal | None
    bytes_scanned: int
    usd: Decimal | None


@dataclass(frozen=True, slots=True)
class RunCost:
    """What the run itself called and cost, the reading of flow logs included."""

    api_calls: int
    usd: Decimal | None
    by_source: tuple[SourceCost, ...]
    scans: tuple[ScanCost, ...]
    throttled: int = 0


@dataclass(frozen=True, slots=True)
class Audit:
    """A whole audit."""

    schema_version: str
    generated_at: datetime
    window: Window
    currency: str
    totals: Totals
    scopes: tuple[ScopeSummary, ...]
    nat_gateways: tuple[NatGatewayCost, ...]
    endpoints: tuple[EndpointCost, ...]
    findings: tuple[Finding, ...]
    plan: tuple[PlanStep, ...]
    gaps: tuple[Gap, ...]
    not_evaluated: tuple[NotEvaluated, ...]
    prices: tuple[Price, ...]
    notes: tuple[str, ...]
    cost_of_this_run: RunCost
    series: tuple[Series, ...] = ()
    plan_remediation: tuple[PlanRemediation, ...] = ()
    plan_is_proven: bool = False
    since_last: SinceLast | None = None
    vpcs: tuple[VpcMap, ...] = ()
