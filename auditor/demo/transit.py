"""Builds a transit gateway with one route table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.demo import moto_patches
from auditor.demo.scope import tags

if TYPE_CHECKING:
    from collections.abc import Sequence

    from auditor.demo.scope import Scope
    from auditor.demo.vpc import Vpc


class TransitGateway:
    """A transit gateway whose attachments all use, and propagate to, its default route table."""

    def __init__(self, scope: Scope, name: str, *, days_old: int) -> None:
        self._scope = scope
        self._days_old = days_old
        created = scope.ec2.create_transit_gateway(
            Description="Connects the shop's networks",
            TagSpecifications=tags("transit-gateway", {"Name": name}),
        )["TransitGateway"]
        self.id: str = created["TransitGatewayId"]
        self._table: str = created["Options"]["AssociationDefaultRouteTableId"]
        self._age(scope.moto.transit_gateways[self.id])
        self._age(scope.moto.transit_gateways_route_tables[self._table])
        scope.company.transit_gateways[name] = self.id
        scope.company.transit_gateway_route_tables[name] = self._table

    def attach(self, vpc: Vpc, subnets: Sequence[str]) -> str:
        """Attach a VPC; its CIDR becomes a propagated route."""
        created = self._scope.ec2.create_transit_gateway_vpc_attachment(
            TransitGatewayId=self.id, VpcId=vpc.id, SubnetIds=subnets
        )
        attachment: str = created["TransitGatewayVpcAttachment"]["TransitGatewayAttachmentId"]
        self._scope.ec2.create_tags(Resources=[attachment], Tags=[{"Key": "Name", "Value": vpc.name}])
        self._age(self._scope.moto.transit_gateway_attachments[attachment])
        self._scope.ec2.enable_transit_gateway_route_table_propagation(
            TransitGatewayRouteTableId=self._table, TransitGatewayAttachmentId=attachment
        )
        self.route(vpc.cidr, attachment)
        moto_patches.propagate_route(self._scope.moto, self._table, vpc.cidr)
        self._scope.company.transit_gateway_attachments[vpc.name] = attachment
        return attachment

    def route(self, cidr: str, attachment: str) -> None:
        """Add a static route to the attachment."""
        self._scope.ec2.create_transit_gateway_route(
            TransitGatewayRouteTableId=self._table,
            DestinationCidrBlock=cidr,
            TransitGatewayAttachmentId=attachment,
        )

    def _age(self, resource: moto_patches.Moto) -> None:
        moto_patches.age(resource, self._scope.ago(self._days_old))
