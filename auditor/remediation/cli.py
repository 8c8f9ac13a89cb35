"""Edits as AWS CLI commands with the commands that take them back.

Ids are quoted for a POSIX shell whatever they contain; names and tags never enter a command.
"""

from __future__ import annotations

from collections.abc import Iterable
from shlex import quote

from auditor.model.audit import Remediation
from auditor.model.network import NatGateway, Network, RouteTable
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
from auditor.whatif.routing import DEFAULT_ROUTE

_INBOUND_ONLY = "PrivateDnsOnlyForInboundResolverEndpoint={}"

Commands = tuple[list[str], list[str]]
"""What to run, and what takes it back."""


def commands(edits: Iterable[Edit], network: Network) -> Remediation:
    """The commands for some edits, in their order; the way back runs in the opposite order."""
    written = [_write(edit, network) for edit in edits]
    if not written:
        return Remediation()
    forth = [line for there, _ in written for line in there]
    back = [line for _, home in reversed(written) for line in home]
    return Remediation(cli="\n".join(forth), rollback="\n".join(back))


def _write(edit: Edit, network: Network) -> Commands:  # noqa: C901, PLR0911 -- one branch an edit, mypy sees that none is missing
    match edit:
        case AddGatewayEndpoint():
            return _add_gateway(edit)
        case AddInterfaceEndpoint():
            return _add_interface(edit)
        case AssociateRouteTables():
            return _associate(edit)
        case DropNatGateway():
            return _drop_nat(edit, network)
        case RouteSubnetToNat():
            return _reroute(edit, network)
        case DropEndpoint():
            return _drop_endpoint(edit, network)
        case TurnOnPrivateDns():
            return _private_dns(edit)
        case LimitPrivateDnsToInboundResolver():
            return _limit(edit)
        case AdmitHttps():
            return _admit(edit)


def _ec2(command: str, region: str, **options: str | Iterable[str]) -> str:
    """One command; options are quoted value by value, and one without a value is left out."""
    words = [f"aws ec2 {command} --region {quote(region)}"]
    for name, value in options.items():
        values = [value] if isinstance(value, str) else value
        quoted = " ".join(quote(one) for one in values)
        words += [f"--{name.replace('_', '-')} {quoted}"] if quoted else []
    return " ".join(words)


def _comment(text: str) -> str:
    """A line that no shell runs: quotes would not keep a line break from ending it."""
    return f"# {' '.join(text.split())}"


def _add_gateway(edit: AddGatewayEndpoint) -> Commands:
    create = _ec2(
        "create-vpc-endpoint",
        edit.region,
        vpc_id=edit.vpc_id,
        vpc_endpoint_type="Gateway",
        service_name=f"com.amazonaws.{edit.region}.{edit.service}",
        route_table_ids=edit.route_table_ids,
    )
    back = _comment("VPCE is the endpoint id that create-vpc-endpoint printed:")
    return [create], [back, f'aws ec2 delete-vpc-endpoints --region {quote(edit.region)} --vpc-endpoint-ids "$VPCE"']


def _add_interface(edit: AddInterfaceEndpoint) -> Commands:
    """With a security group of its own: the VPC's default one admits its own members only."""
    attributes = [
        f"{_ec2('modify-vpc-attribute', edit.region, vpc_id=edit.vpc_id)} --{name}"
        for name in ("enable-dns-support", "enable-dns-hostnames")
    ]
    group = _ec2(
        "create-security-group",
        edit.region,
        vpc_id=edit.vpc_id,
        group_name=f"{edit.service}-endpoint-of-{edit.vpc_id}",
        description=f"endpoint-of-{edit.service}",
        query="GroupId",
        output="text",
    )
    admit = f'{_ec2("authorize-security-group-ingress", edit.region)} --group-id "$GROUP" --protocol tcp --port 443'
    create = _ec2(
        "create-vpc-endpoint",
        edit.region,
        vpc_id=edit.vpc_id,
        vpc_endpoint_type="Interface",
        service_name=edit.service_name or f"com.amazonaws.{edit.region}.{edit.service}",
        subnet_ids=edit.subnet_ids,
    )
    admitted = [f"{admit} --cidr {quote(cidr)}" for cidr in edit.cidrs]
    there = [
        *attributes,
        f"GROUP=$({group})",
        *admitted,
        f'{create} --security-group-ids "$GROUP" --private-dns-enabled',
    ]
    delete = f'{_ec2("delete-vpc-endpoints", edit.region)} --vpc-endpoint-ids "$VPCE"'
    back = _comment("VPCE is the endpoint id that create-vpc-endpoint printed, GROUP its security group:")
    return there, [back, delete, f'{_ec2("delete-security-group", edit.region)} --group-id "$GROUP"']


def _associate(edit: AssociateRouteTables) -> Commands:
    there = _ec2(
        "modify-vpc-endpoint",
        edit.region,
        vpc_endpoint_id=edit.endpoint_id,
        add_route_table_ids=edit.route_table_ids,
    )
    back = _ec2(
        "modify-vpc-endpoint",
        edit.region,
        vpc_endpoint_id=edit.endpoint_id,
        remove_route_table_ids=edit.route_table_ids,
    )
    return [there], [back]


def _drop_nat(edit: DropNatGateway, network: Network) -> Commands:
    """Routes first, so that no table points at nothing; the way back makes a new NAT gateway, with another id."""
    routes = [
        (table.id, route.destination)
        for table in network.route_tables
        for route in table.routes
        if route.target == edit.nat_gateway_id
    ]
    there = [_route(edit.region, table, destination, edit.replaced_by) for table, destination in routes]
    there.append(_ec2("delete-nat-gateway", edit.region, nat_gateway_id=edit.nat_gateway_id))
    nat = network.nat_gateway.get(edit.nat_gateway_id)
    there += _release(nat) if nat else []
    back = _create_nat(nat) if nat else []
    verb = "replace-route" if edit.replaced_by else "create-route"
    back += [f'{_destination(verb, edit.region, table, to)} --nat-gateway-id "$NAT"' for table, to in routes]
    return there, back


def _release(nat: NatGateway) -> list[str]:
    """Elastic IP addresses go on costing until they are released; a regional NAT gateway's are AWS's own."""
    allocations = [one.allocation_id for one in nat.addresses if one.allocation_id and nat.mode == "zonal"]
    if not allocations:
        return []
    wait = f"{_ec2('wait nat-gateway-deleted', nat.region)} --nat-gateway-ids {quote(nat.id)}"
    keep = _comment(
        "A released address does not come back: keep it, and its cost, if partners have it on an allow list."
    )
    return [wait, keep, *(_ec2("release-address", nat.region, allocation_id=one) for one in allocations)]


def _create_nat(nat: NatGateway) -> list[str]:
    """Another NAT gateway of the same kind, with another address where it had a public one."""
    place = {"subnet_id": nat.subnet_id} if nat.subnet_id else {"availability_mode": "regional", "vpc_id": nat.vpc_id}
    make = _ec2("create-nat-gateway", nat.region, connectivity_type=nat.connectivity, **place)
    lines = []
    if nat.subnet_id and nat.connectivity == "public":
        allocate = _ec2("allocate-address", nat.region, domain="vpc", query="AllocationId", output="text")
        lines.append(f"ALLOCATION=$({allocate})")
        make += ' --allocation-id "$ALLOCATION"'
    wait = f'{_ec2("wait nat-gateway-available", nat.region)} --nat-gateway-ids "$NAT"'
    return [*lines, f"NAT=$({make} --query NatGateway.NatGatewayId --output text)", wait]


def _route(region: str, table_id: str, destination: str, nat_id: str | None) -> str:
    if nat_id:
        return f"{_destination('replace-route', region, table_id, destination)} --nat-gateway-id {quote(nat_id)}"
    return _destination("delete-route", region, table_id, destination)


def _destination(verb: str, region: str, table_id: str, destination: str) -> str:
    kind = "destination-ipv6-cidr-block" if ":" in destination else "destination-cidr-block"
    kind = "destination-prefix-list-id" if destination.startswith("pl-") else kind
    return f"{_ec2(verb, region, route_table_id=table_id)} --{kind} {quote(destination)}"


def _reroute(edit: RouteSubnetToNat, network: Network) -> Commands:
    """A table that only this subnet uses is changed in place; else the subnet gets a copy."""
    table = next((table for table in network.route_tables if table.id == edit.route_table_id), None)
    if table and table.subnet_ids == (edit.subnet_id,) and not table.is_main:
        old = next((route.target for route in table.routes if route.destination == DEFAULT_ROUTE), "NAT")
        there = _route(edit.region, table.id, DEFAULT_ROUTE, edit.nat_gateway_id)
        return [there], [_route(edit.region, table.id, DEFAULT_ROUTE, old)]
    return _own_table(edit, table)


def _own_table(edit: RouteSubnetToNat, table: RouteTable | None) -> Commands:
    old, vpc_id = edit.route_table_id, table.vpc_id if table else "VPC"
    make = _ec2("create-route-table", edit.region, vpc_id=vpc_id, query="RouteTable.RouteTableId", output="text")
    route = f"{_ec2('create-route', edit.region)} --destination-cidr-block {DEFAULT_ROUTE}"
    there = [
        _comment(f"{old} serves other subnets too: give {edit.subnet_id} a table of its own."),
        f"TABLE=$({make})",
        f'{route} --route-table-id "$TABLE" --nat-gateway-id {quote(edit.nat_gateway_id)}',
        _comment(f"Copy the other routes of {old} and its gateway endpoints to $TABLE, then:"),
    ]
    find, replace = _find_association(edit), _ec2("replace-route-table-association", edit.region)
    replace += ' --association-id "$ASSOCIATION" --route-table-id'
    if table and edit.subnet_id in table.subnet_ids:
        return [*there, find, f'{replace} "$TABLE"'], [find, f"{replace} {quote(old)}"]
    associate = f'{_ec2("associate-route-table", edit.region, subnet_id=edit.subnet_id)} --route-table-id "$TABLE"'
    release = f'{_ec2("disassociate-route-table", edit.region)} --association-id "$ASSOCIATION"'
    return [*there, associate], [find, release]


def _find_association(edit: RouteSubnetToNat) -> str:
    """AWS moves a subnet by the id of its association, which changes with every move."""
    find = _ec2(
        "describe-route-tables",
        edit.region,
        filters=f"Name=association.subnet-id,Values={edit.subnet_id}",
        query=f"RouteTables[0].Associations[?SubnetId=='{edit.subnet_id}'].RouteTableAssociationId",
        output="text",
    )
    return f"ASSOCIATION=$({find})"


def _drop_endpoint(edit: DropEndpoint, network: Network) -> Commands:
    there = _ec2("delete-vpc-endpoints", edit.region, vpc_endpoint_ids=edit.endpoint_id)
    endpoint = network.endpoint.get(edit.endpoint_id)
    if endpoint is None:
        return [there], []
    back = _ec2(
        "create-vpc-endpoint",
        edit.region,
        vpc_id=endpoint.vpc_id,
        vpc_endpoint_type=endpoint.type,
        service_name=endpoint.service_name,
        service_region=endpoint.service_region or (),
        subnet_ids=endpoint.subnet_ids,
        security_group_ids=endpoint.security_group_ids,
        route_table_ids=endpoint.route_table_ids,
        dns_options=_INBOUND_ONLY.format("true") if endpoint.inbound_resolver_only else (),
    )
    if endpoint.type == "Interface":
        back += f" --{'' if endpoint.private_dns else 'no-'}private-dns-enabled"
    return [there], [_comment("It comes back with another id, a policy that admits all, and without tags."), back]


def _private_dns(edit: TurnOnPrivateDns) -> Commands:
    """The VPC's attributes stay on after the way back: others may rely on them by then."""
    there = [
        f"{_ec2('modify-vpc-attribute', edit.region, vpc_id=edit.vpc_id)} --{name}"
        for name in ("enable-dns-support", "enable-dns-hostnames")
    ]
    endpoint = _ec2("modify-vpc-endpoint", edit.region, vpc_endpoint_id=edit.endpoint_id)
    return [*there, f"{endpoint} --private-dns-enabled"], [f"{endpoint} --no-private-dns-enabled"]


def _limit(edit: LimitPrivateDnsToInboundResolver) -> Commands:
    endpoint = _ec2("modify-vpc-endpoint", edit.region, vpc_endpoint_id=edit.endpoint_id)
    there, back = (f"{endpoint} --dns-options {_INBOUND_ONLY.format(value)}" for value in ("true", "false"))
    return [there], [back]


def _admit(edit: AdmitHttps) -> Commands:
    def rule(verb: str, cidr: str) -> str:
        return _ec2(verb, edit.region, group_id=edit.security_group_id, protocol="tcp", port="443", cidr=cidr)

    there = [rule("authorize-security-group-ingress", cidr) for cidr in edit.cidrs]
    return there, [rule("revoke-security-group-ingress", cidr) for cidr in edit.cidrs]
