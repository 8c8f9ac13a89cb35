"""What stands there and what it costs: one row per NAT gateway and endpoint, and the totals."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal

from auditor.model.audit import EndpointCost, NatGatewayCost, RunCost, SourceCost, Traffic
from auditor.model.attributed import Attribution
from auditor.model.evidence import Evidence
from auditor.model.money import EXACT, Bill, Item, total
from auditor.model.network import Endpoint, NatGateway
from auditor.whatif.flows import attributions_of, endpoint_bytes, nat_bytes
from auditor.whatif.routing import zone_of_nat

_METRICS_CALL = "cloudwatch:GetMetricData"


def nat_costs(evidence: Evidence, bill: Bill) -> tuple[NatGatewayCost, ...]:
    """All NAT gateways, those that cost nothing included, the dearest first."""
    rows = [_nat_cost(evidence, nat, bill.of(nat.id)) for nat in evidence.network.nat_gateways]
    return tuple(sorted(rows, key=lambda row: ((row.monthly_cost or Decimal(0)).copy_negate(), row.id)))


def endpoint_costs(evidence: Evidence, bill: Bill) -> tuple[EndpointCost, ...]:
    """All endpoints, the dearest first."""
    rows = [_endpoint_cost(evidence, endpoint, bill.of(endpoint.id)) for endpoint in evidence.network.endpoints]
    return tuple(sorted(rows, key=lambda row: ((row.monthly_cost or Decimal(0)).copy_negate(), row.id)))


def run_cost(evidence: Evidence) -> RunCost:
    """What the run called; only GetMetricData is charged, per metric."""
    counts: Counter[str] = Counter()
    for call in (*evidence.calls, *(call for scope in evidence.scopes for call in scope.calls)):
        counts[call.operation] += call.count
    metrics = _metrics_usd(evidence)
    rows = [
        SourceCost(op, count, metrics if op == _METRICS_CALL else Decimal(0)) for op, count in sorted(counts.items())
    ]
    return RunCost(sum(counts.values()), metrics, tuple(rows))


def _nat_cost(evidence: Evidence, nat: NatGateway, bill: Bill) -> NatGatewayCost:
    measured = nat_bytes(evidence, nat) if nat.is_billed else None
    attributed = attributions_of(evidence, nat)
    carried = sum(one.bytes_up + one.bytes_down for one in attributed)
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
        coverage=_share(carried, sum(measured)) if measured and attributed else None,
        destinations=_destinations(attributed),
        unattributed_bytes=max(0, sum(measured) - carried) if measured else None,
        observed_hours=evidence.window.observed_hours(evidence.since(nat.id, nat.created)),
        has_appliances=nat.has_appliances,
        lines=bill.lines,
    )


def _endpoint_cost(evidence: Evidence, endpoint: Endpoint, bill: Bill) -> EndpointCost:
    vpc = evidence.network.vpc.get(endpoint.vpc_id)
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
        bytes_processed=endpoint_bytes(evidence, endpoint) if endpoint.type == "Interface" else None,
        lines=bill.lines,
    )


def _destinations(attributed: tuple[Attribution, ...]) -> tuple[Traffic, ...]:
    up: Counter[tuple[str, str | None]] = Counter()
    down: Counter[tuple[str, str | None]] = Counter()
    for one in attributed:
        up[one.service, one.service_region] += one.bytes_up
        down[one.service, one.service_region] += one.bytes_down
    keys = sorted(up, key=lambda key: (-(up[key] + down[key]), key[0], key[1] or ""))
    return tuple(Traffic(*key, up[key], down[key]) for key in keys)


def _share(part: int, whole: int) -> Decimal | None:
    """A ratio to six places; the only quotient in the audit that does not come out even."""
    return (Decimal(part) / Decimal(whole)).quantize(Decimal("0.000001")) if whole else None


def _metrics_usd(evidence: Evidence) -> Decimal | None:
    asked = [scope for scope in evidence.scopes if scope.metrics_requested]
    prices = [evidence.prices.tiers(scope.region, Item.METRIC_REQUEST) for scope in asked]
    if not all(prices):
        return None
    pairs = zip(asked, prices, strict=True)
    return total(EXACT.multiply(Decimal(scope.metrics_requested), tiers[0].usd) for scope, tiers in pairs)
