"""Every call that the audit may make, in one place.

The guard lets nothing else pass, `auditor iam` prints the policy from it, and gaps name their IAM action by it.
"""

from __future__ import annotations

from dataclasses import dataclass

from auditor.model.evidence import Source


@dataclass(frozen=True, slots=True)
class Operation:
    """A read. `items` is the key of the answer's list, `page_size` what is asked for (`None`: AWS's default)."""

    service: str
    name: str
    source: Source
    items: str = ""
    page_size: int | None = None

    @property
    def action(self) -> str:
        """The IAM action to grant."""
        return f"{self.service}:{self.name}"


GET_CALLER_IDENTITY = Operation("sts", "GetCallerIdentity", Source.ACCOUNT)
ASSUME_ROLE = Operation("sts", "AssumeRole", Source.ACCOUNT)

DESCRIBE_REGIONS = Operation("ec2", "DescribeRegions", Source.REGIONS, "Regions")
DESCRIBE_ZONES = Operation("ec2", "DescribeAvailabilityZones", Source.ZONES, "AvailabilityZones")
DESCRIBE_VPCS = Operation("ec2", "DescribeVpcs", Source.VPCS, "Vpcs", 1000)
DESCRIBE_VPC_ATTRIBUTE = Operation("ec2", "DescribeVpcAttribute", Source.VPC_DNS)
DESCRIBE_SUBNETS = Operation("ec2", "DescribeSubnets", Source.SUBNETS, "Subnets", 1000)
# Pages hold at most 100 tables; one unpaged call keeps the calls per region constant (docs/decisions.md).
DESCRIBE_ROUTE_TABLES = Operation("ec2", "DescribeRouteTables", Source.ROUTE_TABLES, "RouteTables")
DESCRIBE_NAT_GATEWAYS = Operation("ec2", "DescribeNatGateways", Source.NAT_GATEWAYS, "NatGateways", 1000)
DESCRIBE_ENDPOINTS = Operation("ec2", "DescribeVpcEndpoints", Source.ENDPOINTS, "VpcEndpoints", 1000)
DESCRIBE_ENDPOINT_SERVICES = Operation(
    "ec2", "DescribeVpcEndpointServices", Source.ENDPOINT_SERVICES, "ServiceDetails", 1000
)
DESCRIBE_PREFIX_LISTS = Operation("ec2", "DescribePrefixLists", Source.PREFIX_LISTS, "PrefixLists", 1000)
DESCRIBE_SECURITY_GROUPS = Operation("ec2", "DescribeSecurityGroups", Source.SECURITY_GROUPS, "SecurityGroups", 1000)
DESCRIBE_TRANSIT_ATTACHMENTS = Operation(
    "ec2", "DescribeTransitGatewayAttachments", Source.TRANSIT_GATEWAYS, "TransitGatewayAttachments", 1000
)
DESCRIBE_TRANSIT_VPC_ATTACHMENTS = Operation(
    "ec2",
    "DescribeTransitGatewayVpcAttachments",
    Source.TRANSIT_GATEWAYS,
    "TransitGatewayVpcAttachments",
    1000,
)
SEARCH_TRANSIT_ROUTES = Operation("ec2", "SearchTransitGatewayRoutes", Source.TRANSIT_ROUTES, "Routes")
DESCRIBE_PEERINGS = Operation("ec2", "DescribeVpcPeeringConnections", Source.PEERINGS, "VpcPeeringConnections", 1000)
DESCRIBE_FLOW_LOGS = Operation("ec2", "DescribeFlowLogs", Source.FLOW_LOGS, "FlowLogs", 1000)
DESCRIBE_INTERFACES = Operation("ec2", "DescribeNetworkInterfaces", Source.INTERFACES, "NetworkInterfaces", 1000)

GET_NAT_METRICS = Operation("cloudwatch", "GetMetricData", Source.NAT_METRICS, "MetricDataResults")
GET_ENDPOINT_METRICS = Operation("cloudwatch", "GetMetricData", Source.ENDPOINT_METRICS, "MetricDataResults")

GET_PRODUCTS = Operation("pricing", "GetProducts", Source.PRICES, "PriceList", 100)

OPERATIONS = tuple(value for value in dict(globals()).values() if isinstance(value, Operation))
"""All of them, in the order above."""

ALLOWED = frozenset((operation.service, operation.name) for operation in OPERATIONS)


def action_of(source: Source) -> str:
    """The IAM actions behind a source, for a gap or a reason."""
    return ", ".join(dict.fromkeys(op.action for op in OPERATIONS if op.source is source))
