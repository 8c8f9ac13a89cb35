"""What a rule sees: one scope of a situation, and questions that several rules ask."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from auditor.model.attributed import TopTalker
from auditor.model.constraints import Constraints
from auditor.model.evidence import Evidence
from auditor.model.network import Network
from auditor.model.resources import Endpoint, EndpointService, NatGateway, RouteTable, Subnet, Vpc
from auditor.model.traffic import Destination
from auditor.whatif.flows import endpoint_bytes, nat_bytes
from auditor.whatif.reconciliation import Reconciliation
from auditor.whatif.routing import End, HopKind, Path, capturing_endpoint, zone_of_nat
from auditor.whatif.saving import Situation


@dataclass(frozen=True)
class View:
    """One account in one region. `network` is the whole region's, so that hubs in other accounts are seen."""

    evidence: Evidence
    situation: Situation
    account_id: str
    region: str

    @property
    def constraints(self) -> Constraints:
        """What the user has decided."""
        return self.evidence.constraints

    @property
    def network(self) -> Network:
        """The network of the region, all accounts."""
        return self.situation.network

    def is_young(self, resource: NatGateway | Endpoint) -> bool:
        """Whether it began to exist within the window."""
        return not self.evidence.window.covers(self._since(resource))

    def observed_hours(self, resource: NatGateway | Endpoint) -> int:
        """Hours of the window in which it existed."""
        return self.evidence.window.observed_hours(self._since(resource))

    def per_month(self, count: int, resource: NatGateway | Endpoint) -> int:
        """A resource's bytes of the window as bytes of a month."""
        return self.evidence.window.per_month(count, self._since(resource))

    def _since(self, resource: NatGateway | Endpoint) -> datetime | None:
        return self.evidence.since(resource.id, resource.created)

    @cached_property
    def vpcs(self) -> tuple[Vpc, ...]:
        """The scope's own VPCs."""
        return self.network.vpcs_of_scope.get(self._scope, ())

    @cached_property
    def nats(self) -> tuple[NatGateway, ...]:
        """The scope's NAT gateways that cost something."""
        return tuple(nat for nat in self.network.nat_gateways_of_scope.get(self._scope, ()) if nat.is_billed)

    @cached_property
    def interface_endpoints(self) -> tuple[Endpoint, ...]:
        """The scope's interface endpoints that are the user's to change."""
        return tuple(e for e in self._endpoints("Interface") if not e.requester_managed)

    @cached_property
    def gateway_endpoints(self) -> tuple[Endpoint, ...]:
        """The scope's gateway endpoints."""
        return self._endpoints("Gateway")

    def bytes_of_nat(self, nat: NatGateway) -> int | None:
        """Bytes of the window in both directions."""
        measured = nat_bytes(self.evidence, nat)
        return None if measured is None else sum(measured)

    def bytes_of_endpoint(self, endpoint: Endpoint) -> int | None:
        """Bytes of the window in both directions."""
        return endpoint_bytes(self.evidence, endpoint)

    def clients(self, nat: NatGateway) -> tuple[Subnet, ...]:
        """The subnets that reach the internet through it."""
        return self.situation.clients_of_nat.get(nat.id, ())

    def flow_logs_of(self, nat: NatGateway) -> Reconciliation | None:
        """What flow logs say of its bytes, where they explain any of them."""
        found = self.situation.traffic.reconciled.get(nat.id)
        return found if found and found.explains else None

    def talkers_of(self, nat: NatGateway) -> tuple[TopTalker, ...]:
        """Its largest clients with their destinations, as far as flow logs name them, the largest first."""
        found = self.evidence.talkers.get(nat.id, ())
        return tuple(sorted(found, key=lambda one: (-one.bytes_up - one.bytes_down, one.address, one.service)))

    def offer(self, vpc: Vpc, service: str) -> EndpointService | None:
        """The interface endpoint service with private names that the VPC's owner is offered, if it was asked for."""
        scope = self.evidence.scope.get((vpc.account_id, vpc.region))
        offered = scope.network.endpoint_services if scope else ()
        fit = (one for one in offered if "Interface" in one.types and one.private_dns_names and one.zones)
        return next((one for one in fit if one.service == service), None)

    def nats_of(self, subnets: tuple[Subnet, ...]) -> tuple[NatGateway, ...]:
        """The NAT gateways on the subnets' ways to the internet, those of hubs included."""
        hops = (hop for subnet in subnets for hop in self.egress(subnet).hops if hop.kind is HopKind.NAT_GATEWAY)
        return tuple(self.network.nat_gateway[nat_id] for nat_id in dict.fromkeys(hop.id for hop in hops))

    def zone(self, nat: NatGateway) -> str | None:
        """Its availability zone, if it is zonal."""
        return zone_of_nat(self.network, nat)

    def egress(self, subnet: Subnet) -> Path:
        """The subnet's way to the internet."""
        return self.situation.ways_out[subnet.id]

    def table(self, subnet: Subnet) -> RouteTable:
        """The route table of a subnet that has a way to somewhere."""
        return self.network.table_of_subnet[subnet.id]

    def subnets_through(self, vpc: Vpc, kind: HopKind) -> tuple[Subnet, ...]:
        """The VPC's subnets with clients whose way to the internet passes a hop of that kind."""
        if (vpc.id, kind) not in self._through:
            subnets = self.network.subnets_of_vpc.get(vpc.id, ())
            found = tuple(s for s in subnets if self._has_clients(s) and self.egress(s).through(kind))
            self._through[vpc.id, kind] = found
        return self._through[vpc.id, kind]

    @cached_property
    def _through(self) -> dict[tuple[str, HopKind], tuple[Subnet, ...]]:
        return {}

    def client_subnets(self, vpc_id: str) -> tuple[Subnet, ...]:
        """The VPC's subnets that may have clients: the private ones, or all where all are public."""
        subnets = tuple(s for s in self.network.subnets_of_vpc.get(vpc_id, ()) if self._has_clients(s))
        private = tuple(s for s in subnets if not self.egress(s).through(HopKind.INTERNET_GATEWAY))
        return private or subnets

    def lost_subnets(self, vpc: Vpc) -> tuple[Subnet, ...]:
        """Subnets whose way ends at something that was not read: a transit gateway, say, whose hub is elsewhere."""
        subnets = self.network.subnets_of_vpc.get(vpc.id, ())
        return tuple(subnet for subnet in subnets if self.egress(subnet).end is End.UNKNOWN)

    def tables_of(self, subnets: tuple[Subnet, ...]) -> tuple[str, ...]:
        """The ids of the subnets' route tables, each once."""
        return tuple(dict.fromkeys(self.table(subnet).id for subnet in subnets))

    def capturing(self, vpc_id: str, service: str) -> Endpoint | None:
        """The interface endpoint to which the VPC's DNS sends a service of the region, if any."""
        return capturing_endpoint(self.network, vpc_id, Destination(service, self.region))

    def gateway_endpoints_of(self, vpc_id: str, service: str) -> tuple[Endpoint, ...]:
        """The VPC's gateway endpoints for a service."""
        endpoints = self.network.endpoints_of_vpc.get(vpc_id, ())
        return tuple(e for e in endpoints if (e.type, e.service) == ("Gateway", service) and e.is_available)

    def name(self, resource: Vpc | NatGateway | Endpoint | Subnet) -> str:
        """The resource's name if it has one, else its id."""
        return resource.name or resource.id

    def _has_clients(self, subnet: Subnet) -> bool:
        """A hub's attachment subnets have none: what comes out there is of other VPCs, and no gateway endpoint's."""
        return subnet.id not in self.network.landing_subnets or self.egress(subnet).through(HopKind.TRANSIT_GATEWAY)

    def _endpoints(self, kind: str) -> tuple[Endpoint, ...]:
        own = self.network.endpoints_of_scope.get(self._scope, ())
        return tuple(e for e in own if e.type == kind and e.is_available)

    @property
    def _scope(self) -> tuple[str, str]:
        return self.account_id, self.region
