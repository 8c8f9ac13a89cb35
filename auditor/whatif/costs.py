"""What stands there and what it costs: one row per NAT gateway and endpoint, and the totals."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from decimal import Decimal

from auditor.model.attributed import Engine, FlowLogScan
from auditor.model.audit import EndpointCost, NatGatewayCost, RunCost, ScanCost, SourceCost
from auditor.model.evidence import Call, Evidence, summed
from auditor.model.money import EXACT, Bill, Item, total
from auditor.model.resources import Endpoint, NatGateway
from auditor.whatif.bill import Traffic
from auditor.whatif.break_even import break_even_at, lowest
from auditor.whatif.carried import Carried, carried
from auditor.whatif.flows import endpoint_bytes, nat_bytes
from auditor.whatif.nat_routes import nat_routes
from auditor.whatif.routing import zone_of_nat

_METRICS_CALL = "cloudwatch:GetMetricData"
_CHARGED = {
    Engine.DUCKDB: "s3:GetObject",
    Engine.ATHENA: "athena:StartQueryExecution",
    Engine.LOGS_INSIGHTS: "logs:StartQuery",
}
"""The call of each engine that what it reads is charged to."""


def nat_costs(evidence: Evidence, bills: Mapping[str, Bill], traffic: Traffic) -> tuple[NatGatewayCost, ...]:
    """All NAT gateways, those that cost nothing included, the dearest first; `bills` are those of resources, by id."""
    found, routes = carried(evidence, traffic), nat_routes(evidence.network)
    rows = [
        replace(_nat_cost(evidence, nat, bills.get(nat.id, Bill()), found[nat.id]), routes=routes.get(nat.id, ()))
        for nat in evidence.network.nat_gateways
    ]
    return tuple(sorted(rows, key=lambda row: ((row.monthly_cost or Decimal(0)).copy_negate(), row.id)))


def endpoint_costs(evidence: Evidence, bills: Mapping[str, Bill]) -> tuple[EndpointCost, ...]:
    """All endpoints, the dearest first."""
    rows = [_endpoint_cost(evidence, one, bills.get(one.id, Bill())) for one in evidence.network.endpoints]
    return tuple(sorted(rows, key=lambda row: ((row.monthly_cost or Decimal(0)).copy_negate(), row.id)))


def run_cost(evidence: Evidence) -> RunCost:
    """What the run called; metrics are charged for, and the reading of flow logs."""
    calls = {call.operation: call for call in summed((*evidence.calls, *(c for s in evidence.scopes for c in s.calls)))}
    scans = [scan for scope in evidence.scopes for scan in scope.scans]
    charged = [(_METRICS_CALL, metrics_usd(evidence)), *((_CHARGED[scan.engine], scan.usd) for scan in scans)]
    rows = tuple(
        SourceCost(name, made.count, _sum(usd for call, usd in charged if call == name), made.throttled)
        for name in sorted({*calls, *(_CHARGED[scan.engine] for scan in scans)})
        for made in (calls.get(name, Call(name, 0)),)
    )
    return RunCost(
        api_calls=sum(row.api_calls for row in rows),
        throttled=sum(row.throttled for row in rows),
        usd=_sum(usd for _, usd in charged),
        by_source=rows,
        scans=tuple(_scan_cost(scan) for scan in scans),
    )


def _scan_cost(scan: FlowLogScan) -> ScanCost:
    return ScanCost(
        flow_log_id=scan.flow_log_id,
        engine=scan.engine,
        bytes_estimated=scan.bytes_estimated,
        usd_estimated=scan.usd_estimated,
        bytes_scanned=scan.bytes_scanned,
        usd=scan.usd,
    )


def _sum(amounts: Iterable[Decimal | None]) -> Decimal | None:
    known = list(amounts)
    return None if None in known else total(usd for usd in known if usd is not None)


def _nat_cost(evidence: Evidence, nat: NatGateway, bill: Bill, found: Carried) -> NatGatewayCost:
    measured = nat_bytes(evidence, nat) if nat.is_billed else None
    vpc = evidence.network.vpc.get(nat.vpc_id)
    return NatGatewayCost(
        id=nat.id,
        name=nat.name,
        account_id=nat.account_id,
        region=nat.region,
        vpc_id=nat.vpc_id,
        vpc_name=vpc.name if vpc else "",
        az=zone_of_nat(evidence.network, nat),
        state=nat.state,
        mode=nat.mode,
        connectivity=nat.connectivity,
        monthly_cost=bill.usd,
        bytes_in_from_source=measured[0] if measured else None,
        bytes_in_from_destination=measured[1] if measured else None,
        coverage=found.coverage,
        attribution=found.attribution,
        destinations=found.destinations,
        unattributed_bytes=found.unattributed_bytes,
        unattributed_cost=found.unattributed_cost,
        talkers=found.talkers,
        observed_hours=evidence.window.observed_hours(evidence.since(nat.id, nat.created)),
        has_appliances=nat.has_appliances,
        lines=bill.lines,
        senders=found.senders,
        interface_ids=tuple(address.interface_id for address in nat.addresses if address.interface_id),
    )


def _endpoint_cost(evidence: Evidence, endpoint: Endpoint, bill: Bill) -> EndpointCost:
    vpc = evidence.network.vpc.get(endpoint.vpc_id)
    is_metered = endpoint.type == "Interface"
    rate = lowest(evidence.prices, endpoint.region, Item.NAT_GB) if is_metered else None
    return EndpointCost(
        id=endpoint.id,
        name=endpoint.name,
        account_id=endpoint.account_id,
        region=endpoint.region,
        vpc_id=endpoint.vpc_id,
        vpc_name=vpc.name if vpc else "",
        type=endpoint.type,
        service=endpoint.service,
        state=endpoint.state,
        monthly_cost=bill.usd,
        bytes_processed=endpoint_bytes(evidence, endpoint) if is_metered else None,
        lines=bill.lines,
        nat_gb_price=rate,
        break_even_gb=break_even_at(evidence.prices, endpoint, rate) if rate is not None else None,
        service_name=endpoint.service_name,
    )


def metrics_usd(evidence: Evidence) -> Decimal | None:
    """What the metrics of a run cost, asked for or about to be; `None` where their price is not known."""
    asked = [scope for scope in evidence.scopes if scope.metrics_requested]
    prices = [evidence.prices.tiers(scope.region, Item.METRIC_REQUEST) for scope in asked]
    if not all(prices):
        return None
    pairs = zip(asked, prices, strict=True)
    return total(EXACT.multiply(Decimal(scope.metrics_requested), tiers[0].usd) for scope, tiers in pairs)
