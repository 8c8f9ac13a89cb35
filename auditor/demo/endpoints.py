"""Builds VPC endpoints: gateway and interface."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from auditor.demo import metrics, moto_patches

if TYPE_CHECKING:
    from collections.abc import Sequence

    from auditor.demo.vpc import Vpc


def security_group(vpc: Vpc, part: str, cidr: str) -> str:
    """Create a security group that admits HTTPS from the CIDR."""
    created = vpc.scope.ec2.create_security_group(
        GroupName=vpc.named(part),
        Description=f"HTTPS from {cidr}",
        VpcId=vpc.id,
        TagSpecifications=vpc.specification("security-group", vpc.named(part)),
    )
    group: str = created["GroupId"]
    https = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "IpRanges": [{"CidrIp": cidr}]}
    vpc.scope.ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[https])
    vpc.scope.company.security_groups[vpc.named(part)] = group
    return group


def gateway_endpoint(
    vpc: Vpc, service: str, tables: Sequence[str], *, days_old: int, actions: str | None = None
) -> str:
    """Create a gateway endpoint that these route tables use; `actions` as in `interface_endpoint`."""
    return _create(
        vpc,
        service,
        service,
        {"DnsRecordIpType": "service-defined"},
        days_old,
        VpcEndpointType="Gateway",
        RouteTableIds=tables,
        PrivateDnsEnabled=False,
        **_policy(vpc, actions),
    )


def interface_endpoint(  # noqa: PLR0913 - an endpoint is its settings
    vpc: Vpc,
    service: str,
    subnets: Sequence[str],
    group: str,
    *,
    days_old: int,
    private_dns: bool = True,
    inbound_resolver_only: bool | None = None,
    bytes_processed: int = 0,
    actions: str | None = None,
    part: str = "",
) -> str:
    """Create an interface endpoint in these subnets that carried so many bytes in the window.

    `inbound_resolver_only` is PrivateDnsOnlyForInboundResolverEndpoint, which only S3's has. `actions` is
    what its policy allows, to the account alone (`kms:*`); None leaves AWS's, which allows all to everyone. `part` is
    what it is called where that is not its service.
    """
    dns: dict[str, object] = {"DnsRecordIpType": "ipv4"}
    if inbound_resolver_only is not None:
        dns["PrivateDnsOnlyForInboundResolverEndpoint"] = inbound_resolver_only
    endpoint = _create(
        vpc,
        service,
        part or service,
        dns,
        days_old,
        VpcEndpointType="Interface",
        SubnetIds=subnets,
        SecurityGroupIds=[group],
        PrivateDnsEnabled=private_dns,
        **_policy(vpc, actions),
    )
    # CloudWatch finds PrivateLink's metrics by exactly these four dimensions.
    dimensions = {
        "Endpoint Type": "Interface",
        "Service Name": _service_name(vpc, service),
        "VPC Endpoint Id": endpoint,
        "VPC Id": vpc.id,
    }
    vpc.scope.endpoint_points.extend(metrics.endpoint_points(dimensions, bytes_processed, vpc.scope.now))
    return endpoint


def _create(vpc: Vpc, service: str, part: str, dns: dict[str, object], days_old: int, **options: object) -> str:
    name = vpc.named(part)
    created = vpc.scope.ec2.create_vpc_endpoint(
        VpcId=vpc.id,
        ServiceName=_service_name(vpc, service),
        TagSpecifications=vpc.specification("vpc-endpoint", name),
        **options,
    )
    endpoint: str = created["VpcEndpoint"]["VpcEndpointId"]
    moto_patches.finish_endpoint(vpc.scope.moto, endpoint, vpc.scope.ago(days_old), dns)
    vpc.scope.company.endpoints[name] = endpoint
    return endpoint


def _service_name(vpc: Vpc, service: str) -> str:
    return f"com.amazonaws.{vpc.scope.region}.{service}"


def _policy(vpc: Vpc, actions: str | None) -> dict[str, str]:
    if actions is None:
        return {}
    statement = {
        "Effect": "Allow",
        "Principal": "*",
        "Action": actions,
        "Resource": "*",
        "Condition": {"StringEquals": {"aws:PrincipalAccount": vpc.scope.account_id}},
    }
    return {"PolicyDocument": json.dumps({"Version": "2012-10-17", "Statement": [statement]})}
