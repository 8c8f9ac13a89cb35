"""Builds one VPC and its parts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.demo import metrics, moto_patches
from auditor.demo.scope import tags

if TYPE_CHECKING:
    from collections.abc import Mapping

    from auditor.demo.metrics import NatTraffic
    from auditor.demo.scope import Scope

_ROUTE_TARGETS = {
    "igw": "GatewayId",
    "vgw": "GatewayId",
    "nat": "NatGatewayId",
    "tgw": "TransitGatewayId",
}


class Vpc:
    """A VPC while it is built.

    Parts are named by what they are in it: `private-a` of `shop-prod` becomes `shop-prod-private-a`, in the
    company's inventory and in the tag Name. Each part carries the tags team and env as well.
    """

    def __init__(self, scope: Scope, name: str, cidr: str, *, team: str, env: str) -> None:
        self.scope = scope
        self.name = name
        self.cidr = cidr
        self._tags = {"team": team, "env": env}
        created = scope.ec2.create_vpc(CidrBlock=cidr, TagSpecifications=self.specification("vpc", name))
        self.id: str = created["Vpc"]["VpcId"]
        scope.ec2.modify_vpc_attribute(VpcId=self.id, EnableDnsHostnames={"Value": True})
        scope.company.vpcs[name] = self.id
        scope.company.scopes[name] = (scope.account_id, scope.region)

    def internet_gateway(self) -> str:
        """Create and attach an internet gateway."""
        ec2 = self.scope.ec2
        created = ec2.create_internet_gateway(TagSpecifications=self.specification("internet-gateway", self.name))
        gateway: str = created["InternetGateway"]["InternetGatewayId"]
        ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=self.id)
        self.scope.company.internet_gateways[self.name] = gateway
        return gateway

    def vpn_gateway(self) -> str:
        """Create and attach a virtual private gateway: the way to a data centre."""
        created = self.scope.ec2.create_vpn_gateway(
            Type="ipsec.1", TagSpecifications=self.specification("vpn-gateway", self.name)
        )
        gateway: str = created["VpnGateway"]["VpnGatewayId"]
        self.scope.ec2.attach_vpn_gateway(VpnGatewayId=gateway, VpcId=self.id)
        return gateway

    def route_table(self, part: str, routes: Mapping[str, str]) -> str:
        """Create a route table; `routes` is CIDR -> target, as `add_route` takes them."""
        created = self.scope.ec2.create_route_table(
            VpcId=self.id, TagSpecifications=self.specification("route-table", self.named(part))
        )
        return self._routed(part, created["RouteTable"]["RouteTableId"], routes)

    def main_route_table(self, routes: Mapping[str, str]) -> str:
        """Add routes to the VPC's own table, which holds for subnets without an association."""
        described = self.scope.ec2.describe_route_tables(
            Filters=[
                {"Name": "vpc-id", "Values": [self.id]},
                {"Name": "association.main", "Values": ["true"]},
            ]
        )
        return self._routed("main", described["RouteTables"][0]["RouteTableId"], routes)

    def add_route(self, table: str, cidr: str, target: str) -> None:
        """Add a route to an internet, VPN, NAT or transit gateway: its id says which."""
        key = _ROUTE_TARGETS[target.partition("-")[0]]
        self.scope.ec2.create_route(RouteTableId=table, DestinationCidrBlock=cidr, **{key: target})

    def subnet(self, part: str, zone: str, cidr: str, table: str | None) -> str:
        """Create a subnet in the zone (`a`) with that route table; without one, the VPC's main one holds."""
        ec2 = self.scope.ec2
        created = ec2.create_subnet(
            VpcId=self.id,
            CidrBlock=cidr,
            AvailabilityZone=self.scope.region + zone,
            TagSpecifications=self.specification("subnet", self.named(part)),
        )
        subnet: str = created["Subnet"]["SubnetId"]
        if table:
            ec2.associate_route_table(RouteTableId=table, SubnetId=subnet)
        self.scope.company.subnets[self.named(part)] = subnet
        return subnet

    def nat_gateway(
        self, part: str, subnet: str, *, days_old: int, traffic: NatTraffic, title: str | None = None
    ) -> str:
        """Create a public zonal NAT gateway; `title` is its tag Name where that is not its name."""
        address = self.address(part)
        nat = self.bare_nat_gateway(part, title=title, SubnetId=subnet, AllocationId=address)
        moto_patches.finish_nat_gateway(self.scope.moto, nat, self.scope.ago(days_old))
        self.nat_traffic({"NatGatewayId": nat}, traffic)
        return nat

    def bare_nat_gateway(self, part: str, *, title: str | None = None, **options: str) -> str:
        """Create a NAT gateway that `moto_patches` has to finish, fail or make regional."""
        options.setdefault("ConnectivityType", "public")
        created = self.scope.ec2.create_nat_gateway(
            TagSpecifications=self.specification("natgateway", title or self.named(part)), **options
        )
        nat: str = created["NatGateway"]["NatGatewayId"]
        self.scope.company.nat_gateways[self.named(part)] = nat
        return nat

    def address(self, part: str) -> str:
        """Allocate an Elastic IP and answer its allocation id."""
        created = self.scope.ec2.allocate_address(
            Domain="vpc", TagSpecifications=self.specification("elastic-ip", self.named(part))
        )
        allocation: str = created["AllocationId"]
        return allocation

    def nat_traffic(self, dimensions: Mapping[str, str], traffic: NatTraffic) -> None:
        """Gather the points of a NAT gateway, or of one zone of a regional one."""
        self.scope.nat_points.extend(metrics.nat_points(dimensions, traffic, self.scope.now))

    def _routed(self, part: str, table: str, routes: Mapping[str, str]) -> str:
        for cidr, target in routes.items():
            self.add_route(table, cidr, target)
        self.scope.company.route_tables[self.named(part)] = table
        return table

    def named(self, part: str) -> str:
        """The full name of a part."""
        return f"{self.name}-{part}"

    def specification(self, kind: str, name: str) -> list[dict[str, object]]:
        """TagSpecifications of a part."""
        return tags(kind, {"Name": name, **self._tags})
