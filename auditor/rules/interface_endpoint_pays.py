"""A service whose bytes cost more through NAT gateways than through an interface endpoint of its own."""

from __future__ import annotations

from collections.abc import Iterator

from auditor.model.audit import Severity
from auditor.model.evidence import Source
from auditor.model.money import gigabytes
from auditor.model.resources import Vpc
from auditor.model.traffic import UNKNOWN, Flow
from auditor.rules.gateway_proposals import NEEDS
from auditor.rules.interface_proposals import (
    break_even_of,
    break_even_sentence,
    endpoint_of,
    new_endpoint,
    public_nats,
    too_few_zones,
    used_services,
)
from auditor.rules.rule import Proposal, Rule, Unjudged
from auditor.rules.shares import Shares, size
from auditor.rules.view import View
from auditor.rules.wording import INTERFACE_RISKS, UNMEASURED
from auditor.whatif.edits import AddInterfaceEndpoint
from auditor.whatif.routing import HopKind

_CHECK = (
    "The service's name resolves to private addresses inside the VPC, the endpoint's BytesProcessed rises, and the NAT"
    " gateway's bytes fall by as much."
)
_USUAL = (
    *("ecr.api", "ecr.dkr", "logs", "monitoring", "kms", "secretsmanager", "ssm", "sts", "sqs", "sns"),
    *("kinesis-streams", "execute-api"),
)
"""What most VPCs send bytes to; for words only."""


def judge(view: View) -> Iterator[Proposal | Unjudged]:
    """One proposal per VPC and service that flow logs name, one finding per VPC for bytes that have no name."""
    for vpc in view.vpcs:
        for service, zones in used_services(view, vpc).items():
            edit = None if endpoint_of(view, vpc, service) else new_endpoint(view, vpc, service, zones)
            if edit:
                yield _propose(view, vpc, edit)
        yield from _bound(view, vpc)


def _propose(view: View, vpc: Vpc, edit: AddInterfaceEndpoint) -> Proposal:
    subnets, zones = view.subnets_through(vpc, HopKind.NAT_GATEWAY), len(edit.subnet_ids)
    shares = Shares.of_service(view, subnets, edit.service)
    limit = break_even_sentence(break_even_of(view, vpc, zones), zones)
    return Proposal(
        resource=vpc.id,
        vpc_id=vpc.id,
        detail=edit.service,
        title=f"An interface endpoint for {edit.service} pays for itself in {view.name(vpc)}",
        why=f"The VPC's clients send so much to {edit.service}, and get so much from it, that these bytes cost more"
        " through NAT than an interface endpoint costs by the hour and by the byte.",
        edits=(edit,),
        risks=(*too_few_zones(view, edit.subnet_ids), *INTERFACE_RISKS),
        check=_CHECK,
        note=f"{limit} {shares.sentence(UNMEASURED.format(name=edit.service))}".strip(),
    )


def _bound(view: View, vpc: Vpc) -> Iterator[Proposal]:
    """Bytes of which nobody knows the service, where they are more than the least for which an endpoint pays."""
    subnets = view.subnets_through(vpc, HopKind.NAT_GATEWAY)
    zones = min(len({subnet.az for subnet in subnets}), view.constraints.min_endpoint_azs)
    limit = break_even_of(view, vpc, zones)
    count = sum(flow.bytes for flow in _open_flows(view, vpc))
    if limit is None or gigabytes(count) <= limit:
        return
    missing = ", ".join(one for one in _USUAL if not endpoint_of(view, vpc, one))
    yield Proposal(
        resource=vpc.id,
        vpc_id=vpc.id,
        severity=Severity.LOW,
        title=f"Bytes of {view.name(vpc)} without a name may be worth interface endpoints",
        why=f"Of up to {size(count)} a month through its NAT gateways nobody knows to which service they go. A service"
        " with enough of them is cheaper through an interface endpoint; at the most all of them are one's, at the"
        " least nobody's.",
        risks=INTERFACE_RISKS,
        check="Flow logs with client addresses and Resolver query logs of the VPC name the services.",
        note=f"{break_even_sentence(limit, zones)} No endpoint is proposed before a service's own bytes are known."
        f" What VPCs send most to, as far as this one has no endpoint for it: {missing}.",
    )


def _open_flows(view: View, vpc: Vpc) -> Iterator[Flow]:
    """Flows of a month of which the service is not known and that may be the VPC's."""
    for nat in public_nats(view, view.subnets_through(vpc, HopKind.NAT_GATEWAY)):
        for flow in view.situation.open_flows_at.get(nat.id, ()):
            is_here = flow.destination.service == UNKNOWN or flow.destination.region == view.region
            if is_here and flow.client.vpc_id in {None, vpc.id}:
                yield flow


RULE = Rule(
    id="interface-endpoint-pays",
    title="A service's bytes cost more through NAT than through an interface endpoint",
    severity=Severity.MEDIUM,
    needs=(*NEEDS, Source.ENDPOINT_SERVICES),
    judge=judge,
    only_if_it_pays=True,
)
