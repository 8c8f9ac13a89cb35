"""Gateway endpoints for VPCs without one: what the rules say alike, whichever way the bytes take today."""

from __future__ import annotations

from collections.abc import Iterator

from auditor.model.audit import Severity
from auditor.model.evidence import Source
from auditor.model.resources import Subnet, Vpc
from auditor.model.traffic import Level
from auditor.rules.rule import Proposal
from auditor.rules.shares import Shares
from auditor.rules.view import View
from auditor.rules.wording import FREE, GATEWAY_CHECK, GATEWAY_RISKS, SERVICE_NAMES, UNMEASURED
from auditor.whatif.edits import AddGatewayEndpoint, AssociateRouteTables
from auditor.whatif.routing import HopKind

NEEDS = (
    Source.VPCS,
    Source.SUBNETS,
    Source.ROUTE_TABLES,
    Source.NAT_GATEWAYS,
    Source.ENDPOINTS,
    Source.NAT_METRICS,
    Source.TRANSIT_GATEWAYS,
    Source.TRANSIT_ROUTES,
)
LOST = "its way to the internet leads to something that was not read"

_ASSUMED = ("s3", "dynamodb")
"""Services that a VPC may be using without our knowing; S3 Express is proposed only where flow logs show it."""


def lacking(view: View, vpc: Vpc) -> Iterator[str]:
    """The services for which the VPC has neither a gateway endpoint nor an interface endpoint that takes its bytes."""
    seen = view.situation.services_of_vpc.get(vpc.id, frozenset())
    for service in (*_ASSUMED, "s3express") if "s3express" in seen else _ASSUMED:
        if not view.gateway_endpoints_of(vpc.id, service) and not view.capturing(vpc.id, service):
            yield service


def leaves_through_transit(view: View, subnets: tuple[Subnet, ...]) -> bool:
    """Whether the way of some of these subnets leads over a transit gateway."""
    return any(view.egress(subnet).through(HopKind.TRANSIT_GATEWAY) for subnet in subnets)


def saving(view: View, vpc: Vpc, service: str, subnets: tuple[Subnet, ...], way: str) -> Proposal:
    """A gateway endpoint for subnets whose bytes are paid for on that way."""
    name = SERVICE_NAMES[service]
    shares = Shares.of_service(view, subnets, service)
    return Proposal(
        resource=vpc.id,
        vpc_id=vpc.id,
        detail=service,
        title=f"{view.name(vpc)} has no {name} gateway endpoint",
        why=f"{_whatever(len(subnets), name)} goes through {way} and is paid for by the byte; a gateway endpoint"
        " carries the same bytes free of charge.",
        edits=(_edit(vpc, service, view.tables_of(subnets)),),
        risks=GATEWAY_RISKS,
        check=GATEWAY_CHECK.format(service=service, region=vpc.region),
        note=f"{FREE} {shares.sentence(UNMEASURED.format(name=name))}",
        severity=Severity.LOW if shares.is_unused else None,
    )


def private(view: View, vpc: Vpc, service: str, subnets: tuple[Subnet, ...]) -> Proposal:
    """A gateway endpoint for subnets that reach the service without paying by the byte."""
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


def gateway_edits(view: View, vpc: Vpc, service: str) -> tuple[AddGatewayEndpoint | AssociateRouteTables, ...]:
    """What lets all NAT-routed subnets of a VPC reach a service through a gateway endpoint; nothing where they do."""
    tables = view.tables_of(view.subnets_through(vpc, HopKind.NAT_GATEWAY))
    endpoints = view.gateway_endpoints_of(vpc.id, service)
    if not endpoints:
        return (_edit(vpc, service, tables),)
    associated = {table for endpoint in endpoints for table in endpoint.route_table_ids}
    missing = tuple(table for table in tables if table not in associated)
    return (AssociateRouteTables(endpoints[0].id, vpc.region, missing),) if missing else ()


def _edit(vpc: Vpc, service: str, tables: tuple[str, ...]) -> AddGatewayEndpoint:
    return AddGatewayEndpoint(vpc.id, vpc.account_id, vpc.region, service, tables)


def _whatever(subnets: int, name: str) -> str:
    send, get = ("sends", "gets") if subnets == 1 else ("send", "get")
    return f"Whatever {subnets} of its subnets {send} to {name} or {get} from it"
