"""A NAT gateway that costs real money while nothing tells which bytes it carries."""

from __future__ import annotations

from collections.abc import Iterator

from auditor.model.audit import Severity
from auditor.model.evidence import Source
from auditor.model.network import NatGateway
from auditor.rules.rule import Proposal, Rule, Unjudged
from auditor.rules.view import View

REAL_MONEY_BYTES = 100 * 2**30
"""About $4.50 a month of processing in us-east-1: below that a flow log is not worth the trouble."""


def judge(view: View) -> Iterator[Proposal | Unjudged]:
    """One finding per NAT gateway whose bytes are many and not covered by an active flow log."""
    for nat in view.nats:
        carried = view.bytes_of_nat(nat)
        if carried is None:
            yield Unjudged(nat.id, "CloudWatch has no datapoint of its bytes in the window")
        elif view.per_month(carried, nat) >= REAL_MONEY_BYTES and not _has_flow_log(view, nat):
            yield _propose(view, nat)


def _has_flow_log(view: View, nat: NatGateway) -> bool:
    own = {nat.id, nat.vpc_id, nat.subnet_id, *(address.interface_id for address in nat.addresses)}
    logs = (log for log in view.network.flow_logs if log.status == "ACTIVE" and log.traffic_type != "REJECT")
    return any(log.resource_id in own for log in logs)


def _propose(view: View, nat: NatGateway) -> Proposal:
    where = "the NAT gateway itself" if nat.mode == "regional" else "its network interface"
    return Proposal(
        resource=nat.id,
        vpc_id=nat.vpc_id,
        title=f"Nothing tells what NAT gateway {view.name(nat)} carries",
        why="No active flow log covers it, so every saving on its bytes is a bound and not a figure. The cheapest"
        f" flow log is one on {where}, to S3 in Parquet, aggregated over 600 seconds, with only the fields that name"
        " client, service and bytes.",
        risks=("Flow logs are charged per GB delivered and stored; they do not touch the traffic itself.",),
        check="aws ec2 describe-flow-logs lists it as ACTIVE.",
    )


RULE = Rule(
    id="unmeasured-nat",
    title="Nothing tells which bytes a costly NAT gateway carries",
    severity=Severity.MEDIUM,
    needs=(Source.NAT_GATEWAYS, Source.NAT_METRICS, Source.FLOW_LOGS),
    judge=judge,
)
