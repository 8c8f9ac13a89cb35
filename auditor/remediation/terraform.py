"""Edits as a Terraform configuration, or as comments for whoever manages the resource in Terraform.

Terraform makes what is new, and changes what it can take over without knowing the rest of it. Of everything else the
text says what to change where it is managed. Ids are quoted whatever they contain; names and tags never enter a text.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from auditor.model.network import Network
from auditor.remediation import terraform_routes
from auditor.remediation.hcl import listed, output, reference, resource
from auditor.remediation.quoted import comment, interpolating, label
from auditor.remediation.services import service_name
from auditor.remediation.state import State, states
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
    apply_all,
)


def configuration(edits: Iterable[Edit], network: Network, notes: Iterable[str] = ()) -> str | None:
    """The edits as they are to be at the end; `None` without any. `notes` are comments, one a line."""
    edits = tuple(edits)
    if not edits:
        return None
    after = apply_all(network, edits)
    regions = ", ".join(dict.fromkeys(edit.region for edit in edits))
    blocks = [block for edit, state in states(edits, network) for block in _blocks(edit, state, after)]
    makes = any(block.startswith("resource") for block in blocks)
    head = [*notes, f"For a provider of {regions}.{' The way back of what is new is to destroy it.' if makes else ''}"]
    return "\n".join(["".join(f"{comment(line)}\n" for line in head), *blocks])


def _blocks(edit: Edit, state: State, after: Network) -> Iterator[str]:  # noqa: C901 -- one branch an edit, mypy sees that none is missing
    match edit:
        case AddGatewayEndpoint():
            yield from _gateway(edit, after)
        case AddInterfaceEndpoint():
            yield from _interface(edit, state.network)
        case AssociateRouteTables():
            yield from _associate(edit)
        case AdmitHttps():
            yield from _admit(edit)
        case RouteSubnetToNat():
            yield from terraform_routes.reroute(edit, state.network, after)
        case DropNatGateway():
            yield from terraform_routes.drop_nat(edit, state.network)
        case DropEndpoint():
            yield _told(f"delete the aws_vpc_endpoint {edit.endpoint_id}.")
        case TurnOnPrivateDns():
            yield _told(
                f"in the aws_vpc {edit.vpc_id}: enable_dns_support = true, enable_dns_hostnames = true.",
                f"in the aws_vpc_endpoint {edit.endpoint_id}: private_dns_enabled = true.",
            )
        case LimitPrivateDnsToInboundResolver():
            only = "private_dns_only_for_inbound_resolver_endpoint = true"
            yield _told(f"in the aws_vpc_endpoint {edit.endpoint_id}: dns_options {{ {only} }}.")


def _told(*changes: str) -> str:
    """What to change where the resource is managed."""
    return "".join(f"{comment(f'Where it is managed: {change}')}\n" for change in changes)


def _gateway(edit: AddGatewayEndpoint, after: Network) -> Iterator[str]:
    """With the tables of the end: a subnet that gets a table of its own keeps the endpoint."""
    made = after.endpoint.get(edit.endpoint_id)
    tables = (reference("aws_route_table", one) for one in (made or edit).route_table_ids)
    arguments = {
        "vpc_id": interpolating(edit.vpc_id),
        "service_name": interpolating(service_name(edit)),
        "vpc_endpoint_type": '"Gateway"',
        "route_table_ids": listed(tables),
    }
    yield resource("aws_vpc_endpoint", edit.endpoint_id, arguments)
    yield _endpoint_output(edit)


def _endpoint_output(edit: AddGatewayEndpoint | AddInterfaceEndpoint) -> str:
    return output(f"{edit.endpoint_id}-id", f"aws_vpc_endpoint.{label(edit.endpoint_id)}.id")


def _interface(edit: AddInterfaceEndpoint, network: Network) -> Iterator[str]:
    vpc = network.vpc.get(edit.vpc_id)
    if not (vpc and vpc.dns_support and vpc.dns_hostnames):
        yield _told(f"in the aws_vpc {edit.vpc_id}: enable_dns_support = true, enable_dns_hostnames = true.")
    group = f"aws_security_group.{label(edit.endpoint_id)}.id"
    of_group = {
        "name": interpolating(f"{edit.service}-endpoint-of-{edit.vpc_id}"),
        "description": interpolating(f"endpoint-of-{edit.service}"),
        "vpc_id": interpolating(edit.vpc_id),
    }
    yield resource("aws_security_group", edit.endpoint_id, of_group)
    yield from _rules(edit.endpoint_id, group, edit.cidrs)
    of_endpoint = {
        "vpc_id": interpolating(edit.vpc_id),
        "service_name": interpolating(service_name(edit)),
        "vpc_endpoint_type": '"Interface"',
        "private_dns_enabled": "true",
        "subnet_ids": listed(interpolating(one) for one in edit.subnet_ids),
        "security_group_ids": listed([group]),
    }
    yield resource("aws_vpc_endpoint", edit.endpoint_id, of_endpoint)
    yield _endpoint_output(edit)


def _rules(name: str, group: str, cidrs: Iterable[str]) -> Iterator[str]:
    for number, cidr in enumerate(cidrs, 1):
        arguments = {
            "security_group_id": group,
            "ip_protocol": '"tcp"',
            "from_port": "443",
            "to_port": "443",
            "cidr_ipv4": interpolating(cidr),
        }
        yield resource("aws_vpc_security_group_ingress_rule", f"{name}-{number}", arguments)


def _associate(edit: AssociateRouteTables) -> Iterator[str]:
    yield _told(f"if the aws_vpc_endpoint {edit.endpoint_id} lists route_table_ids, add them there instead.")
    for table in edit.route_table_ids:
        yield terraform_routes.association(edit.endpoint_id, table)


def _admit(edit: AdmitHttps) -> Iterator[str]:
    yield _told(f"if the aws_security_group {edit.security_group_id} lists ingress, add it there instead.")
    yield from _rules(f"https-to-{edit.security_group_id}", interpolating(edit.security_group_id), edit.cidrs)
