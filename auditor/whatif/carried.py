"""Where the bytes of each NAT gateway went, as far as flow logs tell, and what they cost a month by the byte."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from auditor.model.attributed import NamedBy, TopTalker
from auditor.model.audit import FlowLogEvidence, Sender, Talker, Traffic
from auditor.model.evidence import Evidence
from auditor.model.money import EXACT, gigabytes
from auditor.model.network import Network
from auditor.model.resources import GATEWAY_SERVICES, NatGateway
from auditor.model.traffic import Flow, Level
from auditor.whatif import bill
from auditor.whatif.flows import nat_bytes
from auditor.whatif.reconciliation import Place, Reconciliation

TALKERS = 20
"""The largest pairs of client and destination that are shown of each NAT gateway."""

_NAMES = tuple(NamedBy)


@dataclass(frozen=True, slots=True)
class Carried:
    """The part of a NAT gateway's row that flow logs tell; nothing of it where there are none."""

    coverage: Decimal | None = None
    attribution: FlowLogEvidence | None = None
    destinations: tuple[Traffic, ...] = ()
    unattributed_bytes: int | None = None
    unattributed_cost: Decimal | None = None
    talkers: tuple[Talker, ...] = ()
    senders: tuple[Sender, ...] = ()


def carried(evidence: Evidence, traffic: bill.Traffic) -> dict[str, Carried]:
    """Of every NAT gateway, by id."""
    flows: dict[str, list[Flow]] = defaultdict(list)
    for flow in traffic.flows:
        flows[flow.measured_at].append(flow)
    offered = _offered(evidence)
    return {
        nat.id: _carried(evidence, nat, traffic.reconciled.get(nat.id), flows[nat.id], offered)
        for nat in evidence.network.nat_gateways
    }


def _carried(
    evidence: Evidence,
    nat: NatGateway,
    found: Reconciliation | None,
    flows: Iterable[Flow],
    offered: frozenset[Place],
) -> Carried:
    flows = tuple(flows)
    costs = _costs(evidence, nat, flows)
    if found is None:
        measured = nat_bytes(evidence, nat) if nat.is_billed else None
        return Carried(
            unattributed_bytes=sum(measured) if measured else None,
            unattributed_cost=costs.get(None),
            senders=_senders(evidence, nat, flows, {}),
        )
    destinations = _destinations(found, costs, nat.region, offered)
    carriers = {(one.service, one.region): one.endpoint for one in destinations}
    return Carried(
        coverage=found.coverage,
        attribution=_evidence(found),
        destinations=destinations,
        unattributed_bytes=found.unattributed,
        unattributed_cost=costs.get(None),
        talkers=_talkers(evidence, evidence.talkers.get(nat.id, ())),
        senders=_senders(evidence, nat, flows, carriers),
    )


def _costs(evidence: Evidence, nat: NatGateway, flows: Iterable[Flow]) -> dict[Place | None, Decimal]:
    """USD a month by the byte and destination, `None` for what nobody attributed; nothing without a price."""
    counts: Counter[Place | None] = Counter()
    for flow in flows:
        is_rest = flow.level is Level.METRICS
        counts[None if is_rest else (flow.destination.service, flow.destination.region)] += flow.bytes
    tiers = evidence.prices.tiers(nat.region, bill.nat_items(nat)[1])
    return {key: EXACT.multiply(gigabytes(count), tiers[0].usd) for key, count in counts.items()} if tiers else {}


def _senders(
    evidence: Evidence, nat: NatGateway, flows: Iterable[Flow], carriers: Mapping[Place, str | None]
) -> tuple[Sender, ...]:
    """One for each subnet and kind of endpoint that could carry the bytes, the largest first."""
    counts: Counter[tuple[str | None, str | None, bool]] = Counter()
    for flow in flows:
        endpoint = carriers.get((flow.destination.service, flow.destination.region))
        counts[flow.client.subnet_id, endpoint, flow.level is not Level.METRICS] += flow.bytes
    tiers = evidence.prices.tiers(nat.region, bill.nat_items(nat)[1])
    rows = sorted((item for item in counts.items() if item[1]), key=lambda item: (-item[1], *map(str, item[0])))
    return tuple(_sender(evidence.network, key, count, tiers[0].usd if tiers else None) for key, count in rows)


def _sender(network: Network, key: tuple[str | None, str | None, bool], count: int, usd: Decimal | None) -> Sender:
    subnet_id, endpoint, attributed = key
    subnet = network.subnet.get(subnet_id or "")
    vpc = network.vpc.get(subnet.vpc_id) if subnet else None
    return Sender(
        subnet_id=subnet_id,
        subnet_name=subnet.name if subnet else "",
        vpc_id=subnet.vpc_id if subnet else None,
        vpc_name=vpc.name if vpc else "",
        az=subnet.az if subnet else None,
        endpoint=endpoint,
        attributed=attributed,
        bytes_monthly=count,
        monthly_cost=None if usd is None else EXACT.multiply(gigabytes(count), usd),
    )


def _evidence(found: Reconciliation) -> FlowLogEvidence | None:
    scans = found.scans
    if not scans:
        return None
    return FlowLogEvidence(
        flow_log_ids=tuple(dict.fromkeys(scan.flow_log_id for scan in scans)),
        engine=", ".join(dict.fromkeys(scan.engine for scan in scans)),
        start=min(scan.start for scan in scans),
        end=max(scan.end for scan in scans),
        days=found.days,
        bytes_measured=sum(found.measured) if found.measured else None,
        share_of_window=found.share_of_window,
        skipdata=sum(scan.skipdata for scan in scans),
        unreadable=sum(scan.unreadable for scan in scans),
        clients_known=found.clients_known,
        notes=tuple(dict.fromkeys(note for scan in scans for note in scan.notes)),
    )


def _destinations(
    found: Reconciliation, costs: dict[Place | None, Decimal], region: str, offered: frozenset[Place]
) -> tuple[Traffic, ...]:
    up: Counter[Place] = Counter()
    down: Counter[Place] = Counter()
    named: dict[Place, NamedBy] = {}
    for one in found.attributions:
        place = (one.service, one.service_region)
        up[place] += one.bytes_up
        down[place] += one.bytes_down
        named[place] = max(one.named_by, named.get(place, NamedBy.ADDRESS), key=_NAMES.index)
    places = sorted(up, key=lambda place: (-(up[place] + down[place]), place[0], place[1] or ""))
    return tuple(
        Traffic(*p, up[p], down[p], named[p], costs.get(p), _endpoint(p, region, offered, named[p])) for p in places
    )


def _endpoint(place: Place, region: str, offered: frozenset[Place], named_by: NamedBy) -> str | None:
    """The kind of endpoint that could carry it: they are offered for the region's own services only.

    What has a name from DNS was found by the name of an endpoint service.
    """
    if place[1] != region:
        return None
    if place[0] in GATEWAY_SERVICES:
        return "gateway"
    return "interface" if named_by is not NamedBy.ADDRESS or place in offered else None


def _offered(evidence: Evidence) -> frozenset[Place]:
    return frozenset((one.service, one.region) for one in evidence.network.endpoint_services)


def _talkers(evidence: Evidence, talkers: Iterable[TopTalker]) -> tuple[Talker, ...]:
    tables = evidence.network.table_of_subnet
    largest = sorted(talkers, key=lambda one: (-(one.bytes_up + one.bytes_down), one.address, one.service))
    return tuple(
        Talker(
            address=one.address,
            owner=one.owner,
            interface_id=one.interface_id,
            subnet_id=one.subnet_id,
            az=one.az,
            service=one.service,
            region=one.service_region,
            bytes_up=one.bytes_up,
            bytes_down=one.bytes_down,
            route_table_id=tables[one.subnet_id].id if one.subnet_id in tables else None,
        )
        for one in largest[:TALKERS]
    )
