"""What the audit reads of EC2's answers, by the shapes of botocore; what is not named here is not read.

A subnet has two dozen members, of which six tell where bytes go: the rest would be read for nothing. A shape that is
not here is read whole. A test finds what a collector reads and nobody has named.
"""

from __future__ import annotations

_NAMED = {
    "Region": "RegionName OptInStatus",
    "AvailabilityZone": "ZoneName ZoneId RegionName ZoneType",
    "Vpc": "VpcId OwnerId CidrBlock CidrBlockAssociationSet Ipv6CidrBlockAssociationSet IsDefault Tags",
    "VpcCidrBlockAssociation": "CidrBlock CidrBlockState",
    "VpcIpv6CidrBlockAssociation": "Ipv6CidrBlock Ipv6CidrBlockState",
    "Subnet": "SubnetId OwnerId VpcId AvailabilityZone CidrBlock Tags",
    "RouteTable": "RouteTableId OwnerId VpcId Associations Routes Tags",
    "RouteTableAssociation": "Main SubnetId AssociationState",
    "NatGateway": "NatGatewayId VpcId State AvailabilityMode ConnectivityType SubnetId RouteTableId NatGatewayAddresses"
    " AttachedAppliances CreateTime Tags",
    "NatGatewayAddress": "PrivateIp PublicIp NetworkInterfaceId AvailabilityZone Status AllocationId",
    "VpcEndpoint": "VpcEndpointId OwnerId VpcId VpcEndpointType ServiceName ServiceRegion State PrivateDnsEnabled"
    " DnsOptions RequesterManaged SubnetIds RouteTableIds Groups NetworkInterfaceIds CreationTimestamp Tags"
    " PolicyDocument",
    "SecurityGroupIdentifier": "GroupId",
    "ServiceDetail": "ServiceName ServiceType AvailabilityZones PrivateDnsName PrivateDnsNames"
    " VpcEndpointPolicySupported",
    "SecurityGroup": "GroupId GroupName OwnerId VpcId IpPermissions Tags",
    "UserIdGroupPair": "GroupId",
    "IpRange": "CidrIp",
    "Ipv6Range": "CidrIpv6",
    "PrefixListId": "PrefixListId",
    "NetworkAcl": "NetworkAclId OwnerId VpcId IsDefault Associations Entries Tags",
    "NetworkAclAssociation": "SubnetId",
    "NetworkInterface": "NetworkInterfaceId OwnerId VpcId SubnetId AvailabilityZone InterfaceType Description"
    " PrivateIpAddresses Attachment TagSet",
    "NetworkInterfacePrivateIpAddress": "PrivateIpAddress",
    "NetworkInterfaceAttachment": "InstanceId",
    "TransitGatewayAttachment": "TransitGatewayAttachmentId TransitGatewayId TransitGatewayOwnerId ResourceType"
    " ResourceId ResourceOwnerId State Association",
    "TransitGatewayVpcAttachment": "TransitGatewayAttachmentId SubnetIds",
    "VpcPeeringConnection": "VpcPeeringConnectionId RequesterVpcInfo AccepterVpcInfo Status",
    "VpcPeeringConnectionVpcInfo": "VpcId",
}

MEMBERS = {shape: frozenset(names.split()) for shape, names in _NAMED.items()}
"""Shape → the names of its members that are read."""
