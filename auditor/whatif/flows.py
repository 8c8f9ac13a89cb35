"""From what was measured to flows of a month: each byte once per direction, what nobody attributed stays open."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from auditor.model.attributed import Attribution, NamedBy
from auditor.model.evidence import Evidence, Source
from auditor.model.resources import Endpoint, NatGateway
from auditor.model.traffic import UNKNOWN, Client, Destination, Flow, Level
from auditor.whatif.bill import Traffic
from auditor.whatif.reconciliation import DOWN, UP, Both, Reconciliation, reconcile

_BILLED_BY_BYTE = ("Interface", "GatewayLoadBalancer")


def traffic_of(evidence: Evidence, *, extrapolated: bool = True) -> Traffic:
    """All flows of the evidence, and which NAT gateways and endpoints have none because nobody could measure.

    Where flow logs were read for some days of the window only, the others are taken for alike, or (not
    `extrapolated`) for days of which nothing but the number of bytes is known.
    """
    network = evidence.network
    measured = {nat.id: nat_bytes(evidence, nat) if nat.is_billed else None for nat in network.nat_gateways}
    nats = [nat for nat in network.nat_gateways if nat.is_billed]
    endpoints = [endpoint for endpoint in network.endpoints if endpoint.type in _BILLED_BY_BYTE]
    unmeasured = [nat.id for nat in nats if measured[nat.id] is None]
    unmeasured += [endpoint.id for endpoint in endpoints if endpoint_bytes(evidence, endpoint) is None]
    reconciled = reconcile(evidence, measured)
    flows: list[Flow] = []
    for nat in nats:
        window = measured[nat.id]
        if window is not None:
            found = reconciled.get(nat.id, Reconciliation((), (), 0, window, window))
            flows += _nat_flows(evidence, nat, found, window, extrapolated=extrapolated)
    flows += [flow for endpoint in endpoints for flow in _endpoint_flows(evidence, endpoint)]
    return Traffic(tuple(flows), frozenset(unmeasured), reconciled)


def nat_bytes(evidence: Evidence, nat: NatGateway) -> Both | None:
    """Bytes up and down in the window, or `None` where CloudWatch was not read or has nothing.

    A zonal NAT gateway that is older than the window and has no datapoint carried nothing. A regional one's
    dimensions are not documented well enough to say so.
    """
    if not _knows(evidence, nat, Source.NAT_METRICS):
        return None
    series = [evidence.series.get((nat.id, metric)) for metric in (UP, DOWN)]
    up, down = (one.sum if one else 0 for one in series)
    seen = any(one and one.days for one in series)
    silent = nat.mode == "zonal" and evidence.window.covers(evidence.since(nat.id, nat.created))
    return (up, down) if seen or silent else None


def endpoint_bytes(evidence: Evidence, endpoint: Endpoint) -> int | None:
    """Bytes in the window, or `None`. PrivateLink publishes nothing while nothing flows, or flows to another region."""
    is_cross_region = endpoint.service_region not in {None, endpoint.region}
    series = evidence.series.get((endpoint.id, "BytesProcessed"))
    if not _knows(evidence, endpoint, Source.ENDPOINT_METRICS) or series is None or is_cross_region:
        return None
    return series.sum if series.days or evidence.window.covers(evidence.since(endpoint.id, endpoint.created)) else None


def _knows(evidence: Evidence, resource: NatGateway | Endpoint, source: Source) -> bool:
    scope = evidence.scope.get((resource.account_id, resource.region))
    return scope is not None and source in scope.known


def _nat_flows(
    evidence: Evidence, nat: NatGateway, found: Reconciliation, window: Both, *, extrapolated: bool
) -> Iterator[Flow]:
    """A flow for each attribution and one for the rest, which is open."""
    up, down = (found.bounds(direction, extrapolated=extrapolated) for direction in (0, 1))
    *ups, rest_up = _monthly(evidence, nat, up, window[0])
    *downs, rest_down = _monthly(evidence, nat, down, window[1])
    for one, bytes_up, bytes_down in zip(found.attributions, ups, downs, strict=True):
        yield _attributed(evidence, nat, one, bytes_up, bytes_down)
    yield Flow(Client(nat.account_id, nat.region), Destination(UNKNOWN), rest_up, rest_down, Level.METRICS, nat.id)


def _monthly(evidence: Evidence, nat: NatGateway, bounds: list[int], measured: int) -> list[int]:
    """Bytes of a month of each part and of the rest: their sum is the month of what was measured, to the byte."""
    since = evidence.since(nat.id, nat.created)
    months = [evidence.window.per_month(count, since) for count in (*bounds, measured)]
    return [high - low for low, high in pairwise(months)]


def _attributed(evidence: Evidence, nat: NatGateway, one: Attribution, up: int, down: int) -> Flow:
    subnet = evidence.network.subnet.get(one.subnet_id or "")
    client = Client(nat.account_id, nat.region, subnet.vpc_id if subnet else None, one.subnet_id, one.ipv6)
    level = Level.NAMES if one.named_by is NamedBy.QUERY_LOG else Level.FLOW_LOGS
    return Flow(client, Destination(one.service, one.service_region), up, down, level, nat.id)


def _endpoint_flows(evidence: Evidence, endpoint: Endpoint) -> Iterator[Flow]:
    count = endpoint_bytes(evidence, endpoint)
    if count is not None:
        month = evidence.window.per_month(count, evidence.since(endpoint.id, endpoint.created))
        destination = Destination(endpoint.service, endpoint.service_region or endpoint.region)
        client = Client(endpoint.account_id, endpoint.region, endpoint.vpc_id)
        yield Flow(client, destination, 0, month, Level.METRICS, endpoint.id)
