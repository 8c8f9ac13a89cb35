"""New endpoints as AWS CLI commands with the commands that take them back."""

from __future__ import annotations

from auditor.remediation.cli_routes import Commands
from auditor.remediation.services import service_name
from auditor.remediation.shell import ec2, found, printed, retried, tagged, variable
from auditor.whatif.edits import AddGatewayEndpoint, AddInterfaceEndpoint, ShareInterfaceEndpoint

VPCE = variable("VPCE")
_GROUP = variable("GROUP")


def add_gateway(edit: AddGatewayEndpoint) -> Commands:
    """The endpoint with its route tables."""
    create = ec2(
        "create-vpc-endpoint",
        edit.region,
        vpc_id=edit.vpc_id,
        vpc_endpoint_type="Gateway",
        service_name=service_name(edit),
        route_table_ids=edit.route_table_ids,
        tag_specifications=tagged("vpc-endpoint", edit.endpoint_id),
    )
    return [create], [find_new(edit), delete_endpoint(edit.region)]


def add_interface(edit: AddInterfaceEndpoint) -> Commands:
    """With a security group of its own: the VPC's default one admits its own members only."""
    there = [*vpc_dns(edit.vpc_id, edit.region), *new_group(edit), create_interface(edit)]
    return there, [find_new(edit), delete_endpoint(edit.region), *delete_group(edit)]


def create_interface(edit: AddInterfaceEndpoint | ShareInterfaceEndpoint) -> str:
    """A shared endpoint answers by a hosted zone, not by private DNS; its id is printed, which the zone needs."""
    is_shared = isinstance(edit, ShareInterfaceEndpoint)
    return ec2(
        "create-vpc-endpoint",
        edit.region,
        vpc_id=edit.vpc_id,
        vpc_endpoint_type="Interface",
        service_name=service_name(edit),
        subnet_ids=edit.subnet_ids,
        security_group_ids=_GROUP,
        private_dns_enabled=not is_shared,
        no_private_dns_enabled=is_shared,
        tag_specifications=tagged("vpc-endpoint", edit.endpoint_id),
        query="VpcEndpoint.VpcEndpointId" if is_shared else (),
        output="text" if is_shared else (),
    )


def find_new(edit: AddGatewayEndpoint | AddInterfaceEndpoint | ShareInterfaceEndpoint) -> str:
    """Puts the id of what the edit made into a variable."""
    return f"VPCE={found('vpc-endpoint', edit.endpoint_id, edit.region)}"


def delete_endpoint(region: str) -> str:
    """The one of the variable."""
    return ec2("delete-vpc-endpoints", region, vpc_endpoint_ids=VPCE)


def new_group(edit: AddInterfaceEndpoint | ShareInterfaceEndpoint) -> list[str]:
    """A security group that admits HTTPS from the edit's CIDRs."""
    make = ec2(
        "create-security-group",
        edit.region,
        vpc_id=edit.vpc_id,
        group_name=f"{edit.service}-endpoint-of-{edit.vpc_id}",
        description=f"endpoint-of-{edit.service}",
        tag_specifications=tagged("security-group", edit.endpoint_id),
        query="GroupId",
        output="text",
    )
    admit = (
        ec2("authorize-security-group-ingress", edit.region, group_id=_GROUP, protocol="tcp", port="443", cidr=cidr)
        for cidr in edit.cidrs
    )
    return [f"GROUP={printed(make)}", *admit]


def delete_group(edit: AddInterfaceEndpoint | ShareInterfaceEndpoint) -> list[str]:
    """What `new_group` made, once its endpoint is gone."""
    find = f"GROUP={found('security-group', edit.endpoint_id, edit.region)}"
    return [find, retried(ec2("delete-security-group", edit.region, group_id=_GROUP))]


def vpc_dns(vpc_id: str, region: str) -> list[str]:
    """Both attributes, which private names need; they stay on after the way back: others may rely on them by then."""
    return [
        ec2("modify-vpc-attribute", region, vpc_id=vpc_id, enable_dns_support=True),
        ec2("modify-vpc-attribute", region, vpc_id=vpc_id, enable_dns_hostnames=True),
    ]
