"""An S3 interface endpoint that the VPC's own clients pay for, where a gateway endpoint is free."""

from __future__ import annotations

from collections.abc import Iterator

from auditor.model.audit import Severity
from auditor.model.evidence import Source
from auditor.model.resources import Endpoint
from auditor.rules.rule import Proposal, Rule, Unjudged
from auditor.rules.view import View
from auditor.rules.wording import GATEWAY_CHECK, GATEWAY_RISKS
from auditor.whatif.edits import (
    AddGatewayEndpoint,
    AssociateRouteTables,
    Edit,
    LimitPrivateDnsToInboundResolver,
)


def judge(view: View) -> Iterator[Proposal | Unjudged]:
    """One proposal per S3 interface endpoint that carries bytes and whose private DNS answers the VPC's own clients."""
    for endpoint in view.interface_endpoints:
        if view.capturing(endpoint.vpc_id, "s3") != endpoint:
            continue
        carried = view.bytes_of_endpoint(endpoint)
        if carried is None:
            yield Unjudged(endpoint.id, "CloudWatch has no datapoint of its bytes in the window")
        elif carried:
            yield _propose(view, endpoint)


def _propose(view: View, endpoint: Endpoint) -> Proposal:
    return Proposal(
        resource=endpoint.id,
        vpc_id=endpoint.vpc_id,
        title=f"S3 traffic inside the VPC pays for interface endpoint {view.name(endpoint)}",
        why="Its private DNS name sends the VPC's own clients to it, and it is charged for every byte. A gateway"
        " endpoint carries them free; the interface endpoint then serves only clients outside the VPC, through an"
        " inbound resolver endpoint.",
        edits=_edits(view, endpoint),
        risks=(
            *GATEWAY_RISKS,
            "Clients on premises must resolve S3 through a Route 53 inbound resolver endpoint of this VPC.",
        ),
        check=GATEWAY_CHECK.format(service="s3", region=endpoint.region),
        note="The saving counts the bytes that CloudWatch measured at the endpoint; bytes of clients outside the"
        " VPC stay on it, and where such clients are possible the low figure assumes that all of them are.",
    )


def _edits(view: View, endpoint: Endpoint) -> tuple[Edit, ...]:
    """First a gateway endpoint in every route table of the VPC, then the DNS: AWS demands that order."""
    tables = view.tables_of(
        tuple(s for s in view.network.subnets_of_vpc.get(endpoint.vpc_id, ()) if _has_table(view, s.id))
    )
    gateways = view.gateway_endpoints_of(endpoint.vpc_id, "s3")
    limit = LimitPrivateDnsToInboundResolver(endpoint.id, endpoint.region)
    if not gateways:
        return (
            AddGatewayEndpoint(endpoint.vpc_id, endpoint.account_id, endpoint.region, "s3", tables),
            limit,
        )
    associated = {table for gateway in gateways for table in gateway.route_table_ids}
    missing = tuple(table for table in tables if table not in associated)
    return (*((AssociateRouteTables(gateways[0].id, endpoint.region, missing),) if missing else ()), limit)


def _has_table(view: View, subnet_id: str) -> bool:
    return subnet_id in view.network.table_of_subnet


RULE = Rule(
    id="s3-interface-endpoint-in-vpc",
    title="S3 traffic inside a VPC pays an interface endpoint",
    severity=Severity.HIGH,
    needs=(Source.ENDPOINTS, Source.ENDPOINT_METRICS, Source.VPCS, Source.SUBNETS, Source.ROUTE_TABLES),
    judge=judge,
)
