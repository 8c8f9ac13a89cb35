"""What lies around the networks of the fake AWS: interfaces, groups, prefix lists, flow logs, transit.

One transit gateway joins all VPCs of a region, the first two VPCs are peered, the first one is logged to S3.
"""

from __future__ import annotations

from bench.fake_aws_network import (
    FIRST_PRIVATE_SUBNET,
    INTERFACE_SERVICES,
    endpoint_interfaces,
)
from bench.fake_aws_region import ACCOUNT, CREATED, PREFIX_LISTS, ZONES, Fields, Region, tags

FLOW_LOG_FORMAT = (
    "${version} ${account-id} ${interface-id} ${srcaddr} ${dstaddr} ${srcport} ${dstport} ${protocol} "
    "${packets} ${bytes} ${start} ${end} ${action} ${log-status}"
)


def network_interfaces(region: Region) -> Fields:
    """Answer with the interfaces of NAT gateways and of interface endpoints."""
    found = []
    for number, v, zone in region.nat_gateways():
        nat = region.id("nat", v, number)
        interface = network_interface(region, v, zone, region.id("eni", v, number))
        address = f"10.{v}.{zone}.{10 + number % 200}"
        description = f"Interface for NAT Gateway {nat}"
        kind = {"interfaceType": "nat_gateway", "description": description, "privateIpAddress": address}
        found.append({**interface, **kind})
    for v in range(region.vpcs):
        for place in range(len(INTERFACE_SERVICES)):
            description = f"VPC Endpoint Interface {region.id('vpce', v, place + 1)}"
            for zone, eni in enumerate(endpoint_interfaces(region, v, place)):
                interface = network_interface(region, v, FIRST_PRIVATE_SUBNET + zone, eni)
                address = f"10.{v}.{FIRST_PRIVATE_SUBNET + zone}.{5 + place}"
                kind = {
                    "interfaceType": "vpc_endpoint",
                    "description": description,
                    "privateIpAddress": address,
                }
                found.append({**interface, **kind})
    return {"networkInterfaceSet": found}


def network_interface(region: Region, v: int, subnet: int, eni: str) -> Fields:
    """Return what interfaces of every type have."""
    zone, zone_id = region.zones()[subnet % len(ZONES)]
    return {
        "networkInterfaceId": eni,
        "subnetId": region.id("subnet", v, subnet),
        "vpcId": region.id("vpc", v),
        "availabilityZone": zone,
        "availabilityZoneId": zone_id,
        "ownerId": ACCOUNT,
        "requesterManaged": True,
        "status": "in-use",
        "groupSet": [],
        "sourceDestCheck": False,
        "tagSet": [],
    }


def security_groups(region: Region) -> Fields:
    """Answer with a default group and one for the endpoints, which admits 443 from the VPC, in each VPC."""
    found = []
    for v in range(region.vpcs):
        https = {
            "ipProtocol": "tcp",
            "fromPort": 443,
            "toPort": 443,
            "ipRanges": [{"cidrIp": f"10.{v}.0.0/16"}],
        }
        found.append(security_group(region, v, 0, []))
        found.append(security_group(region, v, 1, [https]))
    return {"securityGroupInfo": found}


def security_group(region: Region, v: int, number: int, ingress: list[Fields]) -> Fields:
    """One security group that lets everything out."""
    return {
        "groupId": region.id("sg", v, number),
        "groupName": ("default", "endpoints")[number],
        "groupDescription": ("default VPC security group", "HTTPS to the endpoints")[number],
        "ownerId": ACCOUNT,
        "vpcId": region.id("vpc", v),
        "ipPermissions": ingress,
        "ipPermissionsEgress": [{"ipProtocol": "-1", "ipRanges": [{"cidrIp": "0.0.0.0/0"}]}],
        "tagSet": [],
    }


def network_acls(region: Region) -> Fields:
    """Answer with the default network ACL of each VPC, which admits everything and guards all subnets."""
    rules = [
        {"ruleNumber": number, "protocol": "-1", "ruleAction": action, "egress": egress, "cidrBlock": "0.0.0.0/0"}
        for egress in (True, False)
        for number, action in ((100, "allow"), (32767, "deny"))
    ]
    return {
        "networkAclSet": [
            {
                "networkAclId": region.id("acl", v, 0),
                "vpcId": region.id("vpc", v),
                "ownerId": ACCOUNT,
                "default": True,
                "entrySet": rules,
                "associationSet": [
                    {
                        "networkAclAssociationId": region.id("aclassoc", v, number),
                        "networkAclId": region.id("acl", v, 0),
                        "subnetId": region.id("subnet", v, number),
                    }
                    for number in range(2 * FIRST_PRIVATE_SUBNET)
                ],
                "tagSet": [],
            }
            for v in range(region.vpcs)
        ]
    }


def prefix_lists(region: Region) -> Fields:
    """Answer with the prefix lists of the gateway services, addresses included."""
    return {
        "prefixListSet": [
            {
                "prefixListId": region.prefix_list(service),
                "prefixListName": f"com.amazonaws.{region.name}.{service}",
                "cidrSet": list(cidrs),
            }
            for service, cidrs in PREFIX_LISTS.items()
        ]
    }


def managed_prefix_lists(region: Region) -> Fields:
    """Answer with the same lists, as AWS's own."""
    return {
        "prefixListSet": [
            {
                "prefixListId": region.prefix_list(service),
                "prefixListArn": f"arn:aws:ec2:{region.name}:aws:prefix-list/{region.prefix_list(service)}",
                "prefixListName": f"com.amazonaws.{region.name}.{service}",
                "addressFamily": "IPv4",
                "state": "create-complete",
                "ownerId": "AWS",
                "tagSet": [],
            }
            for service in PREFIX_LISTS
        ]
    }


def prefix_list_entries(region: Region, prefix_list: str) -> Fields:
    """Answer with the addresses of one prefix list; of an unknown one, with none."""
    cidrs = next((PREFIX_LISTS[name] for name in PREFIX_LISTS if region.prefix_list(name) == prefix_list), ())
    return {"entrySet": [{"cidr": cidr} for cidr in cidrs]}


def flow_logs(region: Region) -> Fields:
    """Answer with the flow log of the first VPC."""
    log: Fields = {
        "flowLogId": region.id("fl", 0),
        "resourceId": region.id("vpc", 0),
        "creationTime": CREATED,
        "flowLogStatus": "ACTIVE",
        "deliverLogsStatus": "SUCCESS",
        "trafficType": "ALL",
        "logDestinationType": "s3",
        "logDestination": f"arn:aws:s3:::flow-logs-{ACCOUNT}-{region.name}",
        "logFormat": FLOW_LOG_FORMAT,
        "maxAggregationInterval": 600,
        "tagSet": [],
    }
    return {"flowLogSet": [log]}


def vpc_peering_connections(region: Region) -> Fields:
    """Answer with the peering of the first two VPCs."""
    if region.vpcs == 1:
        return {"vpcPeeringConnectionSet": []}
    requester, accepter = (
        {
            "vpcId": region.id("vpc", v),
            "ownerId": ACCOUNT,
            "region": region.name,
            "cidrBlock": f"10.{v}.0.0/16",
            "cidrBlockSet": [{"cidrBlock": f"10.{v}.0.0/16"}],
        }
        for v in (0, 1)
    )
    peering: Fields = {
        "vpcPeeringConnectionId": region.id("pcx", 0),
        "requesterVpcInfo": requester,
        "accepterVpcInfo": accepter,
        "status": {"code": "active", "message": "Active"},
        "tagSet": [],
    }
    return {"vpcPeeringConnectionSet": [peering]}


def transit_gateway_attachments(region: Region) -> Fields:
    """Answer with one attachment for each VPC, all in one route table."""
    table: Fields = {"transitGatewayRouteTableId": region.id("tgw-rtb", 0), "state": "associated"}
    return {
        "transitGatewayAttachments": [
            {
                "transitGatewayAttachmentId": region.id("tgw-attach", v),
                "transitGatewayId": region.id("tgw", 0),
                "transitGatewayOwnerId": ACCOUNT,
                "resourceOwnerId": ACCOUNT,
                "resourceType": "vpc",
                "resourceId": region.id("vpc", v),
                "state": "available",
                "association": table,
                "creationTime": CREATED,
                "tagSet": tags(f"attachment-{v}"),
            }
            for v in range(region.vpcs)
        ]
    }


def transit_gateway_vpc_attachments(region: Region) -> Fields:
    """Answer with the same attachments and the subnets they are in."""
    return {
        "transitGatewayVpcAttachments": [
            {
                "transitGatewayAttachmentId": region.id("tgw-attach", v),
                "transitGatewayId": region.id("tgw", 0),
                "vpcId": region.id("vpc", v),
                "vpcOwnerId": ACCOUNT,
                "state": "available",
                "subnetIds": [region.id("subnet", v, FIRST_PRIVATE_SUBNET + zone) for zone in ZONES],
                "creationTime": CREATED,
                "options": {
                    "dnsSupport": "enable",
                    "ipv6Support": "disable",
                    "applianceModeSupport": "disable",
                },
                "tagSet": tags(f"attachment-{v}"),
            }
            for v in range(region.vpcs)
        ]
    }


def transit_gateway_route_tables(region: Region) -> Fields:
    """Answer with the default route table."""
    table: Fields = {
        "transitGatewayRouteTableId": region.id("tgw-rtb", 0),
        "transitGatewayId": region.id("tgw", 0),
        "state": "available",
        "defaultAssociationRouteTable": True,
        "defaultPropagationRouteTable": True,
        "creationTime": CREATED,
        "tagSet": [],
    }
    return {"transitGatewayRouteTables": [table]}


def transit_gateway_routes(region: Region) -> Fields:
    """Answer with a propagated route to each VPC."""
    found = []
    for v in range(region.vpcs):
        attachment = {"transitGatewayAttachmentId": region.id("tgw-attach", v), "resourceType": "vpc"}
        route: Fields = {
            "destinationCidrBlock": f"10.{v}.0.0/16",
            "transitGatewayAttachments": [{**attachment, "resourceId": region.id("vpc", v)}],
            "type": "propagated",
            "state": "active",
        }
        found.append(route)
    return {"routeSet": found, "additionalRoutesAvailable": False}
