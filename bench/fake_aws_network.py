"""The networks of the fake AWS: regions, AZs, VPCs, subnets, route tables, NAT gateways, endpoints.

Each VPC has three AZs with a public and a private subnet each, a main, a public and three private route
tables, an S3 gateway endpoint (missing from the third private table) and two interface endpoints. NAT
gateways are dealt to the VPCs in turn, then to the AZs. Field names are those of the wire.
"""

from __future__ import annotations

from bench.fake_aws_region import ACCOUNT, CREATED, ZONES, Fields, Region, tags

FULL_ACCESS = '{"Statement":[{"Action":"*","Effect":"Allow","Principal":"*","Resource":"*"}]}'
INTERFACE_SERVICES = ("ecr.api", "logs")
MAIN_TABLE, PUBLIC_TABLE, FIRST_PRIVATE_TABLE = 0, 1, 2
FIRST_PRIVATE_SUBNET = len(ZONES)


def regions(region: Region) -> Fields:
    """Answer with all regions of the account, none of which had to be opted into."""
    return {
        "regionInfo": [
            {
                "regionName": name,
                "regionEndpoint": f"ec2.{name}.amazonaws.com",
                "optInStatus": "opt-in-not-required",
            }
            for name in region.names
        ]
    }


def availability_zones(region: Region) -> Fields:
    """Answer with three AZs."""
    return {
        "availabilityZoneInfo": [
            {
                "zoneName": zone,
                "zoneId": zone_id,
                "zoneState": "available",
                "zoneType": "availability-zone",
                "regionName": region.name,
                "groupName": f"{region.name}-zg-1",
                "networkBorderGroup": region.name,
                "optInStatus": "opt-in-not-required",
                "messageSet": [],
            }
            for zone, zone_id in region.zones()
        ]
    }


def vpcs(region: Region) -> Fields:
    """Answer with 10.0.0.0/16, 10.1.0.0/16 and so on."""
    return {"vpcSet": [vpc(region, v) for v in range(region.vpcs)]}


def vpc(region: Region, v: int) -> Fields:
    """Return one VPC."""
    association: Fields = {
        "associationId": region.id("vpc-cidr-assoc", v),
        "cidrBlock": f"10.{v}.0.0/16",
        "cidrBlockState": {"state": "associated"},
    }
    return {
        "vpcId": region.id("vpc", v),
        "ownerId": ACCOUNT,
        "state": "available",
        "cidrBlock": f"10.{v}.0.0/16",
        "cidrBlockAssociationSet": [association],
        "dhcpOptionsId": region.id("dopt", 0),
        "instanceTenancy": "default",
        "isDefault": False,
        "tagSet": tags(f"vpc-{v}"),
    }


def subnets(region: Region) -> Fields:
    """Answer with three public subnets, then three private ones, in each VPC."""
    numbers = range(2 * FIRST_PRIVATE_SUBNET)
    return {"subnetSet": [subnet(region, v, number) for v in range(region.vpcs) for number in numbers]}


def subnet(region: Region, v: int, number: int) -> Fields:
    """Return one subnet."""
    public = number < FIRST_PRIVATE_SUBNET
    zone, zone_id = region.zones()[number % len(ZONES)]
    subnet_id = region.id("subnet", v, number)
    return {
        "subnetId": subnet_id,
        "subnetArn": f"arn:aws:ec2:{region.name}:{ACCOUNT}:subnet/{subnet_id}",
        "ownerId": ACCOUNT,
        "state": "available",
        "vpcId": region.id("vpc", v),
        "cidrBlock": f"10.{v}.{number}.0/24",
        "availableIpAddressCount": 200,
        "availabilityZone": zone,
        "availabilityZoneId": zone_id,
        "defaultForAz": False,
        "mapPublicIpOnLaunch": public,
        "assignIpv6AddressOnCreation": False,
        "tagSet": tags(f"{'public' if public else 'private'}-{number % len(ZONES)}"),
    }


def route_tables(region: Region) -> Fields:
    """Answer with a main table that no subnet names, a public and three private ones, in each VPC."""
    numbers = range(FIRST_PRIVATE_TABLE + len(ZONES))
    return {"routeTableSet": [route_table(region, v, number) for v in range(region.vpcs) for number in numbers]}


def route_table(region: Region, v: int, number: int) -> Fields:
    """Return one route table with its associations."""
    table = region.id("rtb", v, number)
    if number == MAIN_TABLE:
        associated: list[Fields] = [{"main": True}]
    elif number == PUBLIC_TABLE:
        associated = [{"main": False, "subnetId": region.id("subnet", v, zone)} for zone in ZONES]
    else:
        subnet_number = FIRST_PRIVATE_SUBNET + number - FIRST_PRIVATE_TABLE
        associated = [{"main": False, "subnetId": region.id("subnet", v, subnet_number)}]
    associations = [
        {
            "routeTableAssociationId": region.id("rtbassoc", v, number * 16 + place),
            "routeTableId": table,
            "associationState": {"state": "associated"},
            **each,
        }
        for place, each in enumerate(associated)
    ]
    return {
        "routeTableId": table,
        "vpcId": region.id("vpc", v),
        "ownerId": ACCOUNT,
        "routeSet": [{"state": "active", **each} for each in routes(region, v, number)],
        "associationSet": associations,
        "propagatingVgwSet": [],
        "tagSet": tags(f"table-{number}"),
    }


def routes(region: Region, v: int, number: int) -> list[Fields]:
    """Return the routes of a table: local, then the transit gateway, S3, and the way out."""
    local: Fields = {
        "destinationCidrBlock": f"10.{v}.0.0/16",
        "gatewayId": "local",
        "origin": "CreateRouteTable",
    }
    if number == MAIN_TABLE:
        return [local]
    out: Fields = {"destinationCidrBlock": "0.0.0.0/0", "origin": "CreateRoute"}
    if number == PUBLIC_TABLE:
        return [local, {**out, "gatewayId": region.id("igw", v)}]
    found = [local, {**out, "destinationCidrBlock": "10.0.0.0/8", "transitGatewayId": region.id("tgw", 0)}]
    if region.id("rtb", v, number) in s3_tables(region, v):
        s3 = {"destinationPrefixListId": region.prefix_list("s3"), "gatewayId": region.id("vpce", v)}
        found.append({**s3, "origin": "CreateRoute"})
    nat = region.nat_of(v, number - FIRST_PRIVATE_TABLE)
    return [*found, {**out, "natGatewayId": nat}] if nat else found


def s3_tables(region: Region, v: int) -> list[str]:
    """Return the private route tables that the S3 gateway endpoint is associated with: all but the last."""
    return [region.id("rtb", v, FIRST_PRIVATE_TABLE + zone) for zone in ZONES[:-1]]


def nat_gateways(region: Region) -> Fields:
    """Answer with zonal, public NAT gateways."""
    return {"natGatewaySet": [nat_gateway(region, *placed) for placed in region.nat_gateways()]}


def nat_gateway(region: Region, number: int, v: int, zone: int) -> Fields:
    """Return one NAT gateway in the public subnet of its AZ."""
    address: Fields = {
        "allocationId": region.id("eipalloc", v, number),
        "associationId": region.id("eipassoc", v, number),
        "networkInterfaceId": region.id("eni", v, number),
        "privateIp": f"10.{v}.{zone}.{10 + number % 200}",
        "publicIp": f"198.51.{region.index}.{number % 256}",
        "isPrimary": True,
        "status": "succeeded",
    }
    return {
        "natGatewayId": region.id("nat", v, number),
        "vpcId": region.id("vpc", v),
        "subnetId": region.id("subnet", v, zone),
        "state": "available",
        "createTime": CREATED,
        "connectivityType": "public",
        "availabilityMode": "zonal",
        "natGatewayAddressSet": [address],
        "tagSet": tags(f"nat-{number}"),
    }


def vpc_endpoints(region: Region) -> Fields:
    """Answer with one gateway and two interface endpoints in each VPC."""
    found = []
    for v in range(region.vpcs):
        found.append(gateway_endpoint(region, v))
        found += [interface_endpoint(region, v, place) for place in range(len(INTERFACE_SERVICES))]
    return {"vpcEndpointSet": found}


def endpoint(region: Region, v: int, number: int, service: str) -> Fields:
    """Return what endpoints of every type have."""
    return {
        "vpcEndpointId": region.id("vpce", v, number),
        "vpcId": region.id("vpc", v),
        "serviceName": f"com.amazonaws.{region.name}.{service}",
        "state": "available",
        "ownerId": ACCOUNT,
        "policyDocument": FULL_ACCESS,
        "requesterManaged": False,
        "creationTimestamp": CREATED,
        "tagSet": tags(f"endpoint-{service}"),
    }


def gateway_endpoint(region: Region, v: int) -> Fields:
    """Return the S3 gateway endpoint."""
    return {
        **endpoint(region, v, 0, "s3"),
        "vpcEndpointType": "Gateway",
        "routeTableIdSet": s3_tables(region, v),
        "privateDnsEnabled": False,
    }


def interface_endpoint(region: Region, v: int, place: int) -> Fields:
    """Return one interface endpoint, in all AZs, with private DNS."""
    service = INTERFACE_SERVICES[place]
    name = f"{region.id('vpce', v, place + 1)}-abcdefgh.{service}.{region.name}.vpce.amazonaws.com"
    return {
        **endpoint(region, v, place + 1, service),
        "vpcEndpointType": "Interface",
        "subnetIdSet": [region.id("subnet", v, FIRST_PRIVATE_SUBNET + zone) for zone in ZONES],
        "networkInterfaceIdSet": endpoint_interfaces(region, v, place),
        "groupSet": [{"groupId": region.id("sg", v, 1), "groupName": "endpoints"}],
        "privateDnsEnabled": True,
        "dnsOptions": {"dnsRecordIpType": "ipv4", "privateDnsOnlyForInboundResolverEndpoint": False},
        "dnsEntrySet": [{"dnsName": name, "hostedZoneId": "Z7HUB22UULQXV"}],
        "ipAddressType": "ipv4",
    }


def endpoint_interfaces(region: Region, v: int, place: int) -> list[str]:
    """Return the network interfaces of an interface endpoint, one for each AZ."""
    return [region.id("eni", v, 0x10000 + 16 * place + zone) for zone in ZONES]
