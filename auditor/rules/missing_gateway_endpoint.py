"""A VPC that reaches S3 or DynamoDB through a NAT gateway, or through a hub's, and has no gateway endpoint."""

from __future__ import annotations

from collections.abc import Iterator

from auditor.model.audit import Severity
from auditor.model.evidence import Source
from auditor.model.network import Subnet, Vpc
from auditor.model.traffic import Level
from auditor.rules.rule import Proposal, Rule, Unjudged
from auditor.rules.shares import Shares
from auditor.rules.view import View
from auditor.rules.wording import FREE, GATEWAY_CHECK, GATEWAY_RISKS, SERVICE_NAMES, UNMEASURED
from auditor.whatif.edits import AddGatewayEndpoint
from auditor.whatif.routing import HopKind

_ASSUMED = ("s3", "dynamodb")
"""Services that a VPC may be using without our knowing; S3 Express is proposed only where flow logs show it."""


def judge(view: View) -> Iterator[Proposal | Unjudged]:
    """One proposal per VPC and service."""
    for vpc in view.vpcs:
        if view.is_lost(vpc):
            yield Unjudged(vpc.id, "its way to the internet leads to something that was not read")
        for service in _services(view, vpc):
            if not view.gateway_endpoints_of(vpc.id, service) and not view.capturing(vpc.id, service):
                yield from _propose(view, vpc, service)


def _services(view: View, vpc: Vpc) -> tuple[str, ...]:
    flows = view.situation.traffic.flows
    seen = {flow.destination.service for flow in flows if flow.client.vpc_id == vpc.id}
    return (*_ASSUMED, "s3express") if "s3express" in seen else _ASSUMED


def _propose(view: View, vpc: Vpc, service: str) -> Iterator[Proposal]:
    through_nat = view.subnets_through(vpc, HopKind.NAT_GATEWAY)
    public = view.subnets_through(vpc, HopKind.INTERNET_GATEWAY)
    if through_nat:
        yield _saving(view, vpc, service, through_nat)
    elif public and not vpc.is_default:
        yield _private(view, vpc, service, public)


def _saving(view: View, vpc: Vpc, service: str, subnets: tuple[Subnet, ...]) -> Proposal:
    name = SERVICE_NAMES[service]
    hub = any(view.egress(subnet).through(HopKind.TRANSIT_GATEWAY) for subnet in subnets)
    shares = Shares.of_service(view, subnets, service)
    way = "a transit gateway and the NAT gateway of a hub VPC" if hub else "a NAT gateway"
    return Proposal(
        resource=vpc.id,
        vpc_id=vpc.id,
        detail=service,
        title=f"{view.name(vpc)} has no {name} gateway endpoint",
        why=f"Whatever {len(subnets)} of its subnets send to {name} or get from it goes through {way} and is paid for"
        " by the byte; a gateway endpoint carries the same bytes free of charge.",
        edits=(_edit(vpc, service, view.tables_of(subnets)),),
        risks=GATEWAY_RISKS,
        check=GATEWAY_CHECK.format(service=service, region=vpc.region),
        note=f"{FREE} {shares.sentence(UNMEASURED.format(name=name))}",
        severity=Severity.LOW if shares.is_unused else None,
    )


def _private(view: View, vpc: Vpc, service: str, subnets: tuple[Subnet, ...]) -> Proposal:
    name = SERVICE_NAMES[service]
    return Proposal(
        resource=vpc.id,
        vpc_id=vpc.id,
        detail=service,
        severity=Severity.LOW,
        evidence=Level.TOPOLOGY,
        title=f"{view.name(vpc)} reaches {name} over its internet gateway",
        why=f"Its subnets reach {name} without a NAT gateway, so there is nothing to save; a gateway endpoint is free"
        " and keeps the traffic on AWS's network with a policy of your own.",
        edits=(_edit(vpc, service, view.tables_of(subnets)),),
        risks=GATEWAY_RISKS,
        check=GATEWAY_CHECK.format(service=service, region=vpc.region),
    )


def _edit(vpc: Vpc, service: str, tables: tuple[str, ...]) -> AddGatewayEndpoint:
    return AddGatewayEndpoint(vpc.id, vpc.account_id, vpc.region, service, tables)


RULE = Rule(
    id="missing-gateway-endpoint",
    title="A VPC reaches S3 or DynamoDB without a gateway endpoint",
    severity=Severity.HIGH,
    needs=(
        Source.VPCS,
        Source.SUBNETS,
        Source.ROUTE_TABLES,
        Source.NAT_GATEWAYS,
        Source.ENDPOINTS,
        Source.NAT_METRICS,
        Source.TRANSIT_GATEWAYS,
        Source.TRANSIT_ROUTES,
    ),
    judge=judge,
    is_about_money=True,
)
