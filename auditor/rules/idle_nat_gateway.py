"""A NAT gateway that carried no byte in the whole window."""

from __future__ import annotations

from collections.abc import Iterator

from auditor.model.audit import Severity
from auditor.model.evidence import Source
from auditor.rules.rule import Proposal, Rule, Unjudged
from auditor.rules.users import users_sentence
from auditor.rules.view import View
from auditor.rules.wording import DROP_NAT_CHECK, DROP_NAT_RISKS
from auditor.whatif.edits import DropNatGateway


def judge(view: View) -> Iterator[Proposal | Unjudged]:
    """One proposal per NAT gateway that is older than the window."""
    for nat in view.nats:
        carried = view.bytes_of_nat(nat)
        if carried is None:
            yield Unjudged(nat.id, "CloudWatch has no datapoint of its bytes in the window")
        elif carried == 0 and view.is_young(nat):
            yield Unjudged(nat.id, "it carried nothing yet, but it is younger than the window")
        elif carried == 0:
            yield Proposal(
                resource=nat.id,
                vpc_id=nat.vpc_id,
                title=f"NAT gateway {view.name(nat)} is idle",
                why="It carried no byte in either direction in the whole window and is billed for every hour of it."
                + users_sentence(view, nat),
                edits=(DropNatGateway(nat.id, nat.region),),
                risks=DROP_NAT_RISKS,
                check=DROP_NAT_CHECK,
            )


RULE = Rule(
    id="idle-nat-gateway",
    title="A NAT gateway carried nothing in the window",
    severity=Severity.HIGH,
    needs=(Source.NAT_GATEWAYS, Source.NAT_METRICS, Source.ROUTE_TABLES),
    judge=judge,
)
