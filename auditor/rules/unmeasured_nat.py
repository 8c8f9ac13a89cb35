"""A NAT gateway that costs real money while nothing tells which bytes it carries."""

from __future__ import annotations

from collections.abc import Iterator

from auditor.model.audit import Severity
from auditor.model.evidence import Source
from auditor.model.flow_record import LEANEST_FIELDS, hindrance, naming_field
from auditor.model.resources import FlowLog, NatGateway
from auditor.rules.rule import Proposal, Rule, Unjudged
from auditor.rules.view import View
from auditor.whatif.flow_log import NewFlowLog

REAL_MONEY_BYTES = 100 * 2**30
"""About $4.50 a month of processing in us-east-1: below that a flow log is not worth the trouble."""

LEGS = 4
"""Records of a connection in an interval: client → NAT → host and back (VPC guide, "Flow log record examples")."""

INTERVALS_A_DAY = 144
"""Of 600 seconds, the longest aggregation interval."""

_RISKS = (
    "Flow logs are charged per GB delivered, and stored at S3's price until a lifecycle rule expires them.",
    "They hold addresses: treat the bucket as personal data where those are. They do not touch the traffic itself.",
)


def judge(view: View) -> Iterator[Proposal | Unjudged]:
    """One finding per NAT gateway whose bytes are many and cannot be counted from any flow log."""
    for nat in view.nats:
        carried = view.bytes_of_nat(nat)
        if carried is None:
            yield Unjudged(nat.id, "CloudWatch has no datapoint of its bytes in the window")
        elif view.per_month(carried, nat) >= REAL_MONEY_BYTES:
            found = {log: hindrance(log, regional=_is_regional(nat)) for log in _flow_logs(view, nat)}
            if all(found.values()):
                yield _propose(view, nat, found)


def _is_regional(nat: NatGateway) -> bool:
    return nat.mode == "regional"


def _interfaces(nat: NatGateway) -> tuple[str, ...]:
    """Addresses of one NAT gateway share an interface, so each stands once."""
    return tuple(dict.fromkeys(one.interface_id for one in nat.addresses if one.interface_id))


def _flow_logs(view: View, nat: NatGateway) -> tuple[FlowLog, ...]:
    """Those that see its traffic: on itself, its interface, its subnet or its VPC."""
    own = {nat.id, nat.vpc_id, nat.subnet_id, *_interfaces(nat)}
    return tuple(log for log in view.network.flow_logs if log.resource_id in own)


def _propose(view: View, nat: NatGateway, found: dict[FlowLog, str]) -> Proposal:
    where = "the NAT gateway itself" if _is_regional(nat) else "its network interface"
    no_good = "".join(f" {log.id} on {log.resource_id} is no help: {reason}." for log, reason in found.items())
    counts = _records(view, nat)
    return Proposal(
        resource=nat.id,
        vpc_id=nat.vpc_id,
        title=f"Nothing tells what NAT gateway {view.name(nat)} carries",
        why="No flow log shows where its bytes go, so every saving on them is a bound and not a figure. The cheapest"
        f" that would is one on {where}, to S3 in Parquet, aggregated over 600 seconds, of accepted traffic, with only"
        f" the fields that name client, service and bytes.{no_good}",
        flow_log=_flow_log(nat, counts[1] if counts else None),
        risks=_RISKS,
        check="aws ec2 describe-flow-logs shows it with FlowLogStatus ACTIVE and DeliverLogsStatus SUCCESS.",
        note=_told(counts),
    )


def _flow_log(nat: NatGateway, records: int | None) -> NewFlowLog | None:
    """On the NAT gateway alone; `None` for a zonal one whose interface is not known."""
    regional = _is_regional(nat)
    ids = (nat.id,) if regional else _interfaces(nat)
    kind = "RegionalNatGateway" if regional else "NetworkInterface"
    fields = (naming_field(regional=regional), *LEANEST_FIELDS)
    return NewFlowLog(nat.region, kind, ids, fields, records) if ids else None


def _records(view: View, nat: NatGateway) -> tuple[int, int] | None:
    """Flow records of a month, at least and at the most; `None` where CloudWatch has no counts of connections.

    A connection leaves records in each interval in which it carries something: at least in that of its
    establishment. Those of an interval are established in it or were open when it began, and at no moment of the day
    were more open than at its peak. Of a regional NAT gateway the peak is that of its busiest zone.
    """
    metrics = ("ConnectionEstablishedCount", "ActiveConnectionCount")
    series = [view.evidence.series.get((nat.id, metric)) for metric in metrics]
    established, peaks = (one.sum if one and one.days else None for one in series)
    if established is None or peaks is None:
        return None
    open_before = peaks * INTERVALS_A_DAY * (len(nat.zones) or 1)
    least, most = (LEGS * view.per_month(count, nat) for count in (established, established + open_before))
    return least, most


def _told(counts: tuple[int, int] | None) -> str:
    if counts is None:
        return "What it would cost is not known: CloudWatch has no count of its connections in the window."
    least, most = counts
    return (
        f"Its TCP connections would leave between {least:,} and {most:,} flow records a month:"
        f" {LEGS} for each in each interval of 600 seconds in which it may have carried something. UDP comes on top."
    )


RULE = Rule(
    id="unmeasured-nat",
    title="Nothing tells which bytes a costly NAT gateway carries",
    severity=Severity.MEDIUM,
    needs=(Source.NAT_GATEWAYS, Source.NAT_METRICS, Source.FLOW_LOGS),
    judge=judge,
)
"""A NAT gateway that carries 100 GB a month or more deserves a flow log."""
