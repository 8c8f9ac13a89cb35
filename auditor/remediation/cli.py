"""Edits as AWS CLI commands with the commands that take them back.

Ids are quoted for a POSIX shell whatever they contain; names and tags never enter a command.
"""

from __future__ import annotations

from collections.abc import Iterable

from auditor.model.audit import Remediation
from auditor.model.network import Network
from auditor.remediation.cli_routes import Commands, drop_nat, reroute
from auditor.remediation.quoted import comment
from auditor.remediation.services import service_name
from auditor.remediation.shell import by_tag, ec2, found, printed, retried, tagged, variable
from auditor.remediation.state import State, again, states
from auditor.whatif.edits import (
    AddGatewayEndpoint,
    AddInterfaceEndpoint,
    AdmitHttps,
    AssociateRouteTables,
    DropEndpoint,
    DropNatGateway,
    Edit,
    LimitPrivateDnsToInboundResolver,
    RouteSubnetToNat,
    TurnOnPrivateDns,
)

_INBOUND_ONLY = "PrivateDnsOnlyForInboundResolverEndpoint={}"
_VPCE, _GROUP = variable("VPCE"), variable("GROUP")


def commands(edits: Iterable[Edit], network: Network) -> Remediation:
    """The commands for some edits, in their order; the way back runs in the opposite order."""
    written = [write(edit, state) for edit, state in states(edits, network)]
    if not written:
        return Remediation()
    forth = [line for there, _ in written for line in there]
    back = [line for _, home in reversed(written) for line in home]
    return Remediation(cli="\n".join(forth), rollback="\n".join(back))


def write(edit: Edit, state: State) -> Commands:  # noqa: C901, PLR0911 -- one branch an edit, mypy sees that none is missing
    """The commands of one edit, there and back."""
    match edit:
        case AddGatewayEndpoint():
            return _add_gateway(edit)
        case AddInterfaceEndpoint():
            return _add_interface(edit)
        case AssociateRouteTables():
            return _associate(edit, state)
        case DropNatGateway():
            return drop_nat(edit, state)
        case RouteSubnetToNat():
            return reroute(edit, state)
        case DropEndpoint():
            return _drop_endpoint(edit, state)
        case TurnOnPrivateDns():
            return _private_dns(edit, state)
        case LimitPrivateDnsToInboundResolver():
            return _limit(edit, state)
        case AdmitHttps():
            return _admit(edit)


def _add_gateway(edit: AddGatewayEndpoint) -> Commands:
    create = ec2(
        "create-vpc-endpoint",
        edit.region,
        vpc_id=edit.vpc_id,
        vpc_endpoint_type="Gateway",
        service_name=service_name(edit),
        route_table_ids=edit.route_table_ids,
        tag_specifications=tagged("vpc-endpoint", edit.endpoint_id),
    )
    return [create], _delete_new(edit)


def _delete_new(edit: AddGatewayEndpoint | AddInterfaceEndpoint) -> list[str]:
    find = f"VPCE={found('vpc-endpoint', edit.endpoint_id, edit.region)}"
    return [find, ec2("delete-vpc-endpoints", edit.region, vpc_endpoint_ids=_VPCE)]


def _add_interface(edit: AddInterfaceEndpoint) -> Commands:
    """With a security group of its own: the VPC's default one admits its own members only."""
    create = ec2(
        "create-vpc-endpoint",
        edit.region,
        vpc_id=edit.vpc_id,
        vpc_endpoint_type="Interface",
        service_name=service_name(edit),
        subnet_ids=edit.subnet_ids,
        security_group_ids=_GROUP,
        private_dns_enabled=True,
        tag_specifications=tagged("vpc-endpoint", edit.endpoint_id),
    )
    find = f"GROUP={found('security-group', edit.endpoint_id, edit.region)}"
    delete = retried(ec2("delete-security-group", edit.region, group_id=_GROUP))
    return [*_vpc_dns(edit), *_new_group(edit), create], [*_delete_new(edit), find, delete]


def _new_group(edit: AddInterfaceEndpoint) -> list[str]:
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


def _vpc_dns(edit: AddInterfaceEndpoint | TurnOnPrivateDns) -> list[str]:
    """Both attributes, which private names need; they stay on after the way back: others may rely on them by then."""
    return [
        ec2("modify-vpc-attribute", edit.region, vpc_id=edit.vpc_id, enable_dns_support=True),
        ec2("modify-vpc-attribute", edit.region, vpc_id=edit.vpc_id, enable_dns_hostnames=True),
    ]


def _associate(edit: AssociateRouteTables, state: State) -> Commands:
    modify, tables = "modify-vpc-endpoint", edit.route_table_ids
    there = ec2(modify, edit.region, vpc_endpoint_id=edit.endpoint_id, add_route_table_ids=tables)
    back = ec2(modify, edit.region, vpc_endpoint_id=_then(edit, state), remove_route_table_ids=tables)
    return [there], [back]


def _then(edit: AssociateRouteTables | TurnOnPrivateDns | LimitPrivateDnsToInboundResolver, state: State) -> str:
    """The edit's endpoint on the way back."""
    return state.then("vpc-endpoint", edit.endpoint_id, edit.region)


def _drop_endpoint(edit: DropEndpoint, state: State) -> Commands:
    there = ec2("delete-vpc-endpoints", edit.region, vpc_endpoint_ids=edit.endpoint_id)
    endpoint = state.network.endpoint.get(edit.endpoint_id)
    if endpoint is None:
        return [there], []
    is_interface = endpoint.type == "Interface"
    back = ec2(
        "create-vpc-endpoint",
        edit.region,
        vpc_id=endpoint.vpc_id,
        vpc_endpoint_type=endpoint.type,
        service_name=endpoint.service_name,
        service_region=endpoint.service_region or (),
        subnet_ids=endpoint.subnet_ids,
        security_group_ids=endpoint.security_group_ids,
        route_table_ids=[state.then("route-table", table, edit.region) for table in endpoint.route_table_ids],
        dns_options=_INBOUND_ONLY.format("true") if endpoint.inbound_resolver_only else (),
        private_dns_enabled=is_interface and endpoint.private_dns,
        no_private_dns_enabled=is_interface and not endpoint.private_dns,
        tag_specifications=tagged("vpc-endpoint", again(edit.endpoint_id)),
    )
    return [there], [comment("It comes back with another id, a policy that admits all, and without its tags."), back]


def _private_dns(edit: TurnOnPrivateDns, state: State) -> Commands:
    modify = "modify-vpc-endpoint"
    there = ec2(modify, edit.region, vpc_endpoint_id=edit.endpoint_id, private_dns_enabled=True)
    back = ec2(modify, edit.region, vpc_endpoint_id=_then(edit, state), no_private_dns_enabled=True)
    return [*_vpc_dns(edit), there], [back]


def _limit(edit: LimitPrivateDnsToInboundResolver, state: State) -> Commands:
    there, back = (
        ec2("modify-vpc-endpoint", edit.region, vpc_endpoint_id=one, dns_options=_INBOUND_ONLY.format(value))
        for one, value in ((edit.endpoint_id, "true"), (_then(edit, state), "false"))
    )
    return [there], [back]


def _admit(edit: AdmitHttps) -> Commands:
    def rule(verb: str, cidr: str) -> str:
        return ec2(verb, edit.region, group_id=edit.security_group_id, protocol="tcp", port="443", cidr=cidr)

    there = [rule("authorize-security-group-ingress", cidr) for cidr in edit.cidrs]
    return there, [rule("revoke-security-group-ingress", cidr) for cidr in edit.cidrs]


def look(edit: Edit) -> str:
    """A command that shows whether an edit was carried out; it changes nothing."""
    match edit:
        case AddGatewayEndpoint() | AddInterfaceEndpoint():
            return _look_at_endpoints(edit.region, by_tag(edit.endpoint_id))
        case AssociateRouteTables() | DropEndpoint() | TurnOnPrivateDns() | LimitPrivateDnsToInboundResolver():
            return _look_at_endpoints(edit.region, f"Name=vpc-endpoint-id,Values={edit.endpoint_id}")
        case DropNatGateway():
            only = f"Name=nat-gateway-id,Values={edit.nat_gateway_id}"
            return ec2("describe-nat-gateways", edit.region, filter=only, query="NatGateways[].[NatGatewayId,State]")
        case RouteSubnetToNat():
            only, query = f"Name=association.subnet-id,Values={edit.subnet_id}", "RouteTables[].Routes[]"
            return ec2("describe-route-tables", edit.region, filters=only, query=query)
        case AdmitHttps():
            query = "SecurityGroups[].IpPermissions[]"
            return ec2("describe-security-groups", edit.region, group_ids=edit.security_group_id, query=query)


def _look_at_endpoints(region: str, only: str) -> str:
    query = "VpcEndpoints[].[VpcEndpointId,ServiceName,State,PrivateDnsEnabled,RouteTableIds]"
    return ec2("describe-vpc-endpoints", region, filters=only, query=query)
