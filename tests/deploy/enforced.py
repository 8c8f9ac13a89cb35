"""What the embedded AWS needs to enforce IAM, and a network in it for which the audit makes every call.

It asks for `monitoring:` where AWS asks for `cloudwatch:` (the name in the signature) and for `s3:HeadBucket` where AWS
asks for `s3:ListBucket`; it asks the bucket whether a list of objects may be deleted, and knows neither resources nor
conditions of SES.
"""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterable
from typing import Any

REGION, BUCKET = "eu-central-1", "auditor-runs"


def as_it_asks(policy: str, withheld: Iterable[str] = ()) -> str:
    """A printed policy in the embedded AWS's own words, without some of its actions."""
    document = json.loads(policy)
    for statement in document["Statement"]:
        statement["Action"] = [one for one in statement["Action"] if one not in withheld]
        if "s3:ListBucket" in statement["Action"]:
            statement["Action"] += ["s3:HeadBucket"]
        if "s3:DeleteObject" in statement["Action"]:
            statement["Resource"] = [statement["Resource"], f"arn:aws:s3:::{BUCKET}"]
        if statement["Sid"] == "AuditorSendsMail":
            del statement["Condition"]
            statement["Resource"] = "*"
    document["Statement"] = [one for one in document["Statement"] if one["Action"]]
    return json.dumps(document).replace("cloudwatch:", "monitoring:")


def enforce(url: str) -> None:
    """From here on every call is asked whether IAM allows it."""
    request = urllib.request.Request(f"{url}/moto-api/reset-auth", b"0", {"Content-Type": "text/plain"})  # noqa: S310
    urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request).close()


def administer(iam: Any, user: str) -> dict[str, str]:  # noqa: ANN401 -- boto3 publishes no types
    """A user who may do everything, and the key of that user as arguments of a client."""
    iam.create_user(UserName=user)
    every = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
    iam.put_user_policy(UserName=user, PolicyName="all", PolicyDocument=json.dumps(every))
    return arguments(iam.create_access_key(UserName=user)["AccessKey"])


def arguments(key: dict[str, str]) -> dict[str, str]:
    """An access key as arguments of a client."""
    return {"aws_access_key_id": key["AccessKeyId"], "aws_secret_access_key": key["SecretAccessKey"]}


def seed_network(ec2: Any) -> None:  # noqa: ANN401 -- boto3 publishes no types
    """A network that asks for every call."""
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.1.0/24")["Subnet"]["SubnetId"]
    address = ec2.allocate_address(Domain="vpc")["AllocationId"]
    nat = ec2.create_nat_gateway(SubnetId=subnet, AllocationId=address)["NatGateway"]["NatGatewayId"]
    table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", NatGatewayId=nat)
    ec2.create_vpc_endpoint(VpcId=vpc, ServiceName=f"com.amazonaws.{REGION}.s3", RouteTableIds=[table])
    groups = [ec2.create_security_group(GroupName="endpoints", Description="-", VpcId=vpc)["GroupId"]]
    for service, private_dns in (("kms", True), ("sqs", False)):
        ec2.create_vpc_endpoint(
            VpcId=vpc,
            VpcEndpointType="Interface",
            ServiceName=f"com.amazonaws.{REGION}.{service}",
            SubnetIds=[subnet],
            SecurityGroupIds=groups,
            PrivateDnsEnabled=private_dns,
        )
    _connect(ec2, vpc, subnet, table)


def _connect(ec2: Any, vpc: str, subnet: str, table: str) -> None:  # noqa: ANN401 -- boto3 publishes no types
    """A transit gateway and a peering, which are looked at where routes lead to them."""
    hub = ec2.create_transit_gateway()["TransitGateway"]["TransitGatewayId"]
    ec2.create_transit_gateway_vpc_attachment(TransitGatewayId=hub, VpcId=vpc, SubnetIds=[subnet])
    ec2.create_route(RouteTableId=table, DestinationCidrBlock="10.8.0.0/16", TransitGatewayId=hub)
    other = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    made = ec2.create_vpc_peering_connection(VpcId=vpc, PeerVpcId=other)["VpcPeeringConnection"]
    peering = made["VpcPeeringConnectionId"]
    ec2.accept_vpc_peering_connection(VpcPeeringConnectionId=peering)
    ec2.create_route(RouteTableId=table, DestinationCidrBlock="10.9.0.0/16", VpcPeeringConnectionId=peering)
