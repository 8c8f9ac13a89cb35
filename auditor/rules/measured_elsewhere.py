"""Bytes that flow logs show at a NAT gateway although today's routes lead their subnet elsewhere."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from auditor.model.attributed import Attribution
from auditor.model.audit import Severity
from auditor.model.evidence import Source
from auditor.model.resources import NatGateway, Subnet
from auditor.model.traffic import Destination, Level
from auditor.rules.rule import Proposal, Rule, Unjudged
from auditor.rules.shares import counted, percent, size
from auditor.rules.view import View
from auditor.rules.wording import SERVICE_NAMES, listed
from auditor.whatif.reconciliation import Reconciliation, share
from auditor.whatif.route_lookup import DEFAULT_ROUTE
from auditor.whatif.routing import End, HopKind, Path

FEW_BYTES, SMALL_PART = 2**30, 100
"""Below 1 GB and below a hundredth of what flow logs show at the NAT gateway it is not worth a question."""

PRIVATE = "private"
"""Bytes to private addresses follow routes of their own, not the way to the internet."""

_REASONS = {
    HopKind.GATEWAY_ENDPOINT: (
        "Likely reasons: the route table was associated within the window, a more specific route leads addresses of"
        " the service past the endpoint, or its prefix list lacks some of them."
    ),
    HopKind.INTERFACE_ENDPOINT: (
        "Likely reasons: private DNS was turned on within the window, or these clients do not ask the VPC's resolver"
        " (a DNS server of their own, a fixed address, a proxy)."
    ),
}
_CHANGED = (
    "Likely reasons: the routes changed within the window, more specific routes lead some destinations there, or a"
    " proxy or an appliance stands in between."
)
_ENDS = {
    HopKind.GATEWAY_ENDPOINT: "to the gateway endpoint",
    HopKind.INTERFACE_ENDPOINT: "to the interface endpoint",
    HopKind.NAT_GATEWAY: "to NAT gateway",
    HopKind.TRANSIT_GATEWAY: "to transit gateway",
    HopKind.INTERNET_GATEWAY: "to internet gateway",
}


@dataclass(frozen=True)
class Stray:
    """What flow logs show of a subnet at a NAT gateway, and the way that it would take today."""

    nat: NatGateway
    subnet: Subnet
    path: Path
    bytes: int
    logs: Reconciliation

    @property
    def kind(self) -> HopKind | None:
        """What stands first on today's way; nothing where there is none."""
        return self.path.hops[0].kind if self.path.hops else None

    @property
    def matters(self) -> bool:
        """Whether it is more than what late records and changes of a moment leave."""
        part = self.bytes * SMALL_PART
        return self.bytes >= FEW_BYTES or part >= sum(self.logs.seen) > 0

    @property
    def part(self) -> Decimal:
        """Its share of all that flow logs show at the NAT gateway."""
        return share(self.bytes, sum(self.logs.seen)) or Decimal(0)


def judge(view: View) -> Iterator[Proposal | Unjudged]:
    """One finding per NAT gateway, subnet and way of today."""
    told = {nat.id: logs for nat in view.nats if (logs := view.situation.traffic.reconciled.get(nat.id))}
    told = {nat_id: logs for nat_id, logs in told.items() if logs.clients_known}
    for nat_id, logs in told.items():
        strays = _strays(view, view.network.nat_gateway[nat_id], logs)
        yield from (_young(view, stray) or _propose(view, stray) for stray in strays if stray.matters)
    silent = [nat.id for nat in view.nats if nat.id not in told and view.bytes_of_nat(nat) != 0]
    if silent and not told:
        yield Unjudged("", "no flow log that was read names the clients of a NAT gateway")
    else:
        yield from (Unjudged(nat_id, "no flow log that was read names its clients") for nat_id in silent)


def _strays(view: View, nat: NatGateway, logs: Reconciliation) -> Iterator[Stray]:
    found: Counter[tuple[str, Path]] = Counter()
    for one in logs.attributions:
        path = _way(view, one)
        if one.subnet_id and path and not path.passes(nat.id):
            found[one.subnet_id, path] += one.bytes_up + one.bytes_down
    for (subnet_id, path), count in found.items():
        yield Stray(nat, view.network.subnet[subnet_id], path, count, logs)


def _way(view: View, one: Attribution) -> Path | None:
    """Today's way, where the client's subnet is known and the routes that were read tell it.

    Where more specific routes part the service's addresses, bytes are explained by any part that goes over that NAT
    gateway, except that it goes past a gateway endpoint.
    """
    subnet = view.network.subnet.get(one.subnet_id or "")
    if subnet is None or one.service == PRIVATE:
        return None
    found = view.situation.ways(subnet, Destination(one.service, one.service_region))
    paths = [origin.path for origin in found]
    if any(path.end is End.UNKNOWN for path in paths):
        return None
    if not any(path.passes(one.nat_gateway_id) for path in paths):
        return paths[0]
    return next((path for path in paths if path.through(HopKind.GATEWAY_ENDPOINT)), None)


def _young(view: View, stray: Stray) -> Unjudged | None:
    """What came into being within the window explains by itself why older bytes went another way."""
    ids = [hop.id for hop in stray.path.hops]
    on_the_way = (view.network.nat_gateway.get(one) or view.network.endpoint.get(one) for one in ids)
    young = next((one for one in on_the_way if one and view.is_young(one)), None)
    if young is None:
        return None
    what = f"flow logs show {size(stray.bytes)} of {stray.subnet.id} at it, which {young.id} would take now"
    return Unjudged(stray.nat.id, f"{what}, but that is younger than the window")


def _propose(view: View, stray: Stray) -> Proposal:
    nat, subnet, hops = stray.nat, stray.subnet, stray.path.hops
    where = f"{size(stray.bytes)} in {counted(stray.logs.days, 'day')}, {percent(stray.part)} of what they show there"
    return Proposal(
        resource=nat.id,
        vpc_id=subnet.vpc_id,
        detail=f"{subnet.id}:{hops[0].id if hops else 'nowhere'}",
        severity=Severity.MEDIUM if stray.kind in _REASONS else None,
        evidence=Level.FLOW_LOGS,
        title=f"NAT gateway {view.name(nat)} carried bytes of subnet {view.name(subnet)} that lead elsewhere",
        why=f"Flow logs show {where}. Today {_lead(view, stray)}. {_reasons(view, stray)}",
        risks=("Until the reason is known no saving counts on these bytes: they are taken to stay where they were.",),
        check="The next window's flow logs show none of it at the NAT gateway, or the routes as they are explain it.",
    )


def _lead(view: View, stray: Stray) -> str:
    """Where today's routes, or the VPC's DNS, lead these bytes."""
    if not stray.path.hops:
        return "the subnet's routes lead them nowhere"
    first = stray.path.hops[0]
    endpoint = view.network.endpoint.get(first.id)
    of = f" for {SERVICE_NAMES.get(endpoint.service, endpoint.service)}" if endpoint else ""
    who = "the VPC's DNS leads" if first.kind is HopKind.INTERFACE_ENDPOINT else "the subnet's routes lead"
    return f"{who} them {_ENDS.get(first.kind, 'to')} {first.id}{of}"


def _reasons(view: View, stray: Stray) -> str:
    table = view.network.table_of_subnet.get(stray.subnet.id)
    routes = [one for one in table.routes if one.target == stray.nat.id and one.active] if table else []
    special = [one.destination for one in routes if one.destination != DEFAULT_ROUTE]
    if special:
        return f"Its route table leads {listed(special)} to that NAT gateway, which may be all of the reason."
    return _REASONS.get(stray.kind, _CHANGED) if stray.kind else _CHANGED


RULE = Rule(
    id="measured-elsewhere",
    title="A NAT gateway carried bytes that today's routes lead elsewhere",
    severity=Severity.LOW,
    needs=(
        Source.NAT_GATEWAYS,
        Source.NAT_METRICS,
        Source.ROUTE_TABLES,
        Source.SUBNETS,
        Source.ENDPOINTS,
        Source.VPCS,
        Source.VPC_DNS,
        Source.TRANSIT_GATEWAYS,
        Source.TRANSIT_ROUTES,
    ),
    judge=judge,
)
