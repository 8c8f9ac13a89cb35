"""A gateway endpoint that stands there while route tables of NAT-routed subnets do not lead to it."""

from __future__ import annotations

from collections.abc import Iterator

from auditor.model.audit import Severity
from auditor.model.evidence import Source
from auditor.model.resources import Vpc
from auditor.rules.rule import Proposal, Rule, Unjudged
from auditor.rules.shares import Shares, counted
from auditor.rules.view import View
from auditor.rules.wording import FREE, GATEWAY_CHECK, GATEWAY_RISKS, SERVICE_NAMES, UNMEASURED
from auditor.whatif.edits import AssociateRouteTables
from auditor.whatif.routing import HopKind


def judge(view: View) -> Iterator[Proposal | Unjudged]:
    """One proposal per VPC and service that has an endpoint, unless DNS sends the service's bytes elsewhere anyway."""
    for vpc in view.vpcs:
        for service in SERVICE_NAMES:
            if not view.capturing(vpc.id, service):
                yield from _propose(view, vpc, service)


def _propose(view: View, vpc: Vpc, service: str) -> Iterator[Proposal]:
    endpoints = view.gateway_endpoints_of(vpc.id, service)
    associated = {table for endpoint in endpoints for table in endpoint.route_table_ids}
    subnets = view.subnets_through(vpc, HopKind.NAT_GATEWAY)
    tables = view.tables_of(subnets)
    missing = tuple(table for table in tables if table not in associated)
    if not endpoints or not missing:
        return
    endpoint, name = endpoints[0], SERVICE_NAMES[service]
    shares = Shares.of_service(view, tuple(s for s in subnets if view.table(s).id in missing), service)
    yield Proposal(
        resource=endpoint.id,
        vpc_id=vpc.id,
        title=f"The {name} gateway endpoint of {view.name(vpc)} is missing in {counted(len(missing), 'route table')}",
        why=f"Subnets with {', '.join(missing)} go on using the NAT gateway for {name} although the endpoint is there:"
        " a gateway endpoint works only through the route tables that are associated with it.",
        edits=(AssociateRouteTables(endpoint.id, vpc.region, missing),),
        risks=GATEWAY_RISKS,
        check=GATEWAY_CHECK.format(service=service, region=vpc.region),
        note=f"{FREE} {shares.sentence(UNMEASURED.format(name=name))}",
        severity=Severity.LOW if shares.is_unused else None,
    )


RULE = Rule(
    id="gateway-endpoint-not-associated",
    title="A gateway endpoint is not associated with the route table of a NAT-routed subnet",
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
