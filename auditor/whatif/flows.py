"""From what was measured to flows of a month: each byte once per direction, what nobody attributed stays open."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import accumulate, pairwise

from auditor.model.attributed import Attribution
from auditor.model.evidence import Evidence, Source
from auditor.model.network import Endpoint, NatGateway
from auditor.model.traffic import UNKNOWN, Client, Destination, Flow, Level
from auditor.whatif.bill import Traffic

UP, DOWN = "BytesInFromSource", "BytesInFromDestination"
"""The bytes as they come in; the two metrics of bytes going out count the same bytes again."""

_BILLED_BY_BYTE = ("Interface", "GatewayLoadBalancer")


def traffic_of(evidence: Evidence) -> Traffic:
    """All flows of the evidence, and which NAT gateways and endpoints have none because nobody could measure."""
    network = evidence.network
    nats = [nat for nat in network.nat_gateways if nat.is_billed]
    endpoints = [endpoint for endpoint in network.endpoints if endpoint.type in _BILLED_BY_BYTE]
    unmeasured = [nat.id for nat in nats if nat_bytes(evidence, nat) is None]
    unmeasured += [endpoint.id for endpoint in endpoints if endpoint_bytes(evidence, endpoint) is None]
    flows = [flow for nat in nats for flow in _nat_flows(evidence, nat)]
    flows += [flow for endpoint in endpoints for flow in _endpoint_flows(evidence, endpoint)]
    return Traffic(tuple(flows), frozenset(unmeasured))


def nat_bytes(evidence: Evidence, nat: NatGateway) -> tuple[int, int] | None:
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


def attributions_of(evidence: Evidence, nat: NatGateway) -> tuple[Attribution, ...]:
    """What flow logs say of a NAT gateway."""
    scope = evidence.scope.get((nat.account_id, nat.region))
    return tuple(one for one in scope.attributions if one.nat_gateway_id == nat.id) if scope else ()


def _knows(evidence: Evidence, resource: NatGateway | Endpoint, source: Source) -> bool:
    scope = evidence.scope.get((resource.account_id, resource.region))
    return scope is not None and source in scope.known


def _nat_flows(evidence: Evidence, nat: NatGateway) -> Iterator[Flow]:
    measured = nat_bytes(evidence, nat)
    if measured is None:
        return
    attributed = attributions_of(evidence, nat)
    *ups, rest_up = _monthly(evidence, nat, [one.bytes_up for one in attributed], measured[0])
    *downs, rest_down = _monthly(evidence, nat, [one.bytes_down for one in attributed], measured[1])
    for one, up, down in zip(attributed, ups, downs, strict=True):
        yield _attributed(evidence, nat, one, up, down)
    yield Flow(Client(nat.account_id, nat.region), Destination(UNKNOWN), rest_up, rest_down, Level.METRICS, nat.id)


def _monthly(evidence: Evidence, nat: NatGateway, parts: list[int], measured: int) -> list[int]:
    """Bytes of a month of each part and of the rest: their sum is the month of what was measured, to the byte.

    Where flow logs claim more than CloudWatch measured, which is what is billed, each part is scaled down to it.
    """
    claimed = max(measured, sum(parts))
    bounds = [one * measured // claimed if claimed else 0 for one in accumulate(parts, initial=0)]
    since = evidence.since(nat.id, nat.created)
    months = [evidence.window.per_month(count, since) for count in (*bounds, measured)]
    return [high - low for low, high in pairwise(months)]


def _attributed(evidence: Evidence, nat: NatGateway, one: Attribution, up: int, down: int) -> Flow:
    subnet = evidence.network.subnet.get(one.subnet_id or "")
    client = Client(nat.account_id, nat.region, subnet.vpc_id if subnet else None, one.subnet_id)
    return Flow(client, Destination(one.service, one.service_region), up, down, Level.FLOW_LOGS, nat.id)


def _endpoint_flows(evidence: Evidence, endpoint: Endpoint) -> Iterator[Flow]:
    count = endpoint_bytes(evidence, endpoint)
    if count is not None:
        month = evidence.window.per_month(count, evidence.since(endpoint.id, endpoint.created))
        destination = Destination(endpoint.service, endpoint.service_region or endpoint.region)
        client = Client(endpoint.account_id, endpoint.region, endpoint.vpc_id)
        yield Flow(client, destination, 0, month, Level.METRICS, endpoint.id)
