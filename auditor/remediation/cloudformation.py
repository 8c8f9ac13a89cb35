"""Edits as a CloudFormation template, as far as a stack can make them: it neither changes nor deletes what others made.

Ids are quoted whatever they contain; names and tags never enter a template. The way back is to delete the stack.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from auditor.model.network import Network
from auditor.model.resources import Route
from auditor.remediation.hosted_zones import guests, vpcs_by_account, zones_of
from auditor.remediation.quoted import comment, logical, quoted
from auditor.remediation.routes import destination, endpoints_of, target, to_copy
from auditor.remediation.services import service_name
from auditor.remediation.state import is_new
from auditor.whatif.edits import (
    AddGatewayEndpoint,
    AddInterfaceEndpoint,
    AdmitHttps,
    Edit,
    RouteSubnetToNat,
    ShareInterfaceEndpoint,
    apply_all,
)

_HEAD = """\
AWSTemplateFormatVersion: "2010-09-09"
Description: {description}
Resources:
"""

_ENDPOINT_OUTPUT = """\
  {id}Id:
    Description: Id of the endpoint
    Value: !Ref {id}
"""

_Property = str | list[str] | list[dict[str, str]]

_Made = tuple[str, str]
"""Resources of an edit, and outputs."""


def template(edits: Iterable[Edit], network: Network, notes: Iterable[str] = ()) -> str | None:
    """One stack that makes the edits it can, as they are to be at the end; `None` where that is none of them.

    `notes` are comments, one a line.
    """
    edits = tuple(edits)
    after = apply_all(network, edits)
    made = [one for edit in edits if (one := _make(edit, network, after))]
    if not made:
        return None
    regions = ", ".join(dict.fromkeys(edit.region for edit in edits))
    head = _HEAD.format(description=quoted(f"For a stack in {regions}. The way back is to delete the stack."))
    outputs = "".join(output for _, output in made)
    hints = [*notes, *_hints(edits, network)]
    return "".join(
        [
            *(f"{comment(hint)}\n" for hint in hints),
            head,
            *(resources for resources, _ in made),
            f"Outputs:\n{outputs}" if outputs else "",
        ]
    )


def has_form(edit: Edit, network: Network, after: Network) -> bool:
    """Whether a stack can make this edit."""
    return _make(edit, network, after) is not None


def _make(edit: Edit, network: Network, after: Network) -> _Made | None:
    match edit:
        case AddGatewayEndpoint():
            return _gateway(edit, after)
        case AddInterfaceEndpoint():
            return _interface(edit)
        case ShareInterfaceEndpoint():
            return _shared(edit, network)
        case AdmitHttps():
            return _admit(edit)
        case RouteSubnetToNat():
            return _reroute(edit, network, after)
        case _:
            return None


def _hints(edits: Iterable[Edit], network: Network) -> Iterator[str]:
    """A stack cannot switch on what private names need of a VPC that it did not make, nor act for two accounts."""
    for edit in edits:
        served = edit.served if isinstance(edit, ShareInterfaceEndpoint) else ()
        for vpc_id in (edit.vpc_id,) if isinstance(edit, AddInterfaceEndpoint) else served:
            vpc = network.vpc.get(vpc_id)
            if not (vpc and vpc.dns_support and vpc.dns_hostnames):
                yield f"First turn on enableDnsSupport and enableDnsHostnames of {vpc_id}: private names need both."
        for account in guests([edit], network):
            yield f"VPCs of account {account} are not in it: authorize and associate them with the zones by commands."


def _resource(name: str, kind: str, properties: Mapping[str, _Property], depends_on: Iterable[str] = ()) -> str:
    waits = list(depends_on)
    lines = [f"  {name}:", f"    Type: {kind}"]
    lines += [f"    DependsOn: [{', '.join(waits)}]"] if waits else []
    lines += ["    Properties:", *(line for one in properties.items() for line in _property(*one))]
    return "\n".join(lines) + "\n"


def _property(name: str, value: _Property) -> Iterator[str]:
    """Values are quoted already, or references."""
    if isinstance(value, str):
        yield f"      {name}: {value}"
        return
    yield f"      {name}:{'' if value else ' []'}"
    for one in value:
        first, *rest = [one] if isinstance(one, str) else [f"{key}: {text}" for key, text in one.items()]
        yield f"        - {first}"
        yield from (f"          {line}" for line in rest)


def _reference(one: str) -> str:
    """An id, or what the stack makes under that name."""
    return f"!Ref {logical(one)}" if is_new(one) else quoted(one)


def _gateway(edit: AddGatewayEndpoint, after: Network) -> _Made:
    """With the tables of the end: a subnet that gets a table of its own keeps the endpoint."""
    made = after.endpoint.get(edit.endpoint_id)
    name = logical(edit.endpoint_id)
    properties: dict[str, _Property] = {
        "VpcEndpointType": "Gateway",
        "VpcId": quoted(edit.vpc_id),
        "ServiceName": quoted(service_name(edit)),
        "RouteTableIds": [_reference(one) for one in (made or edit).route_table_ids],
    }
    return _resource(name, "AWS::EC2::VPCEndpoint", properties), _ENDPOINT_OUTPUT.format(id=name)


def _interface(edit: AddInterfaceEndpoint | ShareInterfaceEndpoint) -> _Made:
    name = logical(edit.endpoint_id)
    group = f"{name}Group"
    ports = {"IpProtocol": "tcp", "FromPort": "443", "ToPort": "443"}
    of_group: dict[str, _Property] = {
        "GroupDescription": quoted(f"endpoint-of-{edit.service}"),
        "VpcId": quoted(edit.vpc_id),
        "SecurityGroupIngress": [{**ports, "CidrIp": quoted(cidr)} for cidr in edit.cidrs],
    }
    of_endpoint: dict[str, _Property] = {
        "VpcEndpointType": "Interface",
        "VpcId": quoted(edit.vpc_id),
        "ServiceName": quoted(service_name(edit)),
        "PrivateDnsEnabled": "true" if isinstance(edit, AddInterfaceEndpoint) else "false",
        "SubnetIds": [quoted(one) for one in edit.subnet_ids],
        "SecurityGroupIds": [f"!Ref {group}"],
    }
    resources = _resource(group, "AWS::EC2::SecurityGroup", of_group)
    return resources + _resource(name, "AWS::EC2::VPCEndpoint", of_endpoint), _ENDPOINT_OUTPUT.format(id=name)


def _shared(edit: ShareInterfaceEndpoint, network: Network) -> _Made:
    """With a private hosted zone for the VPCs of the stack's own account."""
    endpoint, outputs = _interface(edit)
    resources, own = [endpoint], vpcs_by_account(edit, network)[edit.account_id]
    for number, (zone, names) in enumerate(zones_of(edit).items(), 1):
        zone_id = f"{logical(edit.endpoint_id)}Zone{number}"
        vpcs = [{"VPCId": quoted(one), "VPCRegion": quoted(edit.region)} for one in own]
        resources.append(_resource(zone_id, "AWS::Route53::HostedZone", {"Name": quoted(zone), "VPCs": vpcs}))
        resources += [
            _resource(f"{zone_id}Record{count}", "AWS::Route53::RecordSet", _record(edit, zone_id, name))
            for count, name in enumerate(names, 1)
        ]
    return "".join(resources), outputs


def _record(edit: ShareInterfaceEndpoint, zone_id: str, name: str) -> dict[str, _Property]:
    """DnsEntries are `zone:name`, that of the region first (CloudFormation guide, read 2026-11-20)."""
    entry = f'!Split [":", !Select [0, !GetAtt {logical(edit.endpoint_id)}.DnsEntries]]'
    alias = f"{{HostedZoneId: !Select [0, {entry}], DNSName: !Select [1, {entry}]}}"
    return {"HostedZoneId": f"!Ref {zone_id}", "Name": quoted(name), "Type": "A", "AliasTarget": alias}


def _admit(edit: AdmitHttps) -> _Made:
    """Rules of their own: those that are there stay."""
    rules = (
        {
            "GroupId": quoted(edit.security_group_id),
            "IpProtocol": "tcp",
            "FromPort": "443",
            "ToPort": "443",
            "CidrIp": quoted(cidr),
        }
        for cidr in edit.cidrs
    )
    name = logical(f"https-to-{edit.security_group_id}-")
    resources = (
        _resource(f"{name}{number}", "AWS::EC2::SecurityGroupIngress", rule) for number, rule in enumerate(rules, 1)
    )
    return "".join(resources), ""


def _reroute(edit: RouteSubnetToNat, network: Network, after: Network) -> _Made | None:
    """Only for a subnet of the main table: a stack cannot take over an association or a gateway endpoint."""
    is_explicit = any(edit.subnet_id in table.subnet_ids for table in network.route_tables)
    table = next((table for table in after.route_tables if table.id == edit.table_id), None)
    if is_explicit or table is None or any(not is_new(one.id) for one in endpoints_of(table.id, after)):
        return None
    routes = to_copy(table)
    if any(target(route) is None for route in routes):
        return None
    name = logical(edit.table_id)
    made = [f"{name}Route{number}" for number, _ in enumerate(routes, 1)]
    resources = [_resource(name, "AWS::EC2::RouteTable", {"VpcId": quoted(table.vpc_id)})]
    resources += [
        _resource(one, "AWS::EC2::Route", {"RouteTableId": f"!Ref {name}", **_route(route)})
        for one, route in zip(made, routes, strict=True)
    ]
    place: dict[str, _Property] = {"RouteTableId": f"!Ref {name}", "SubnetId": quoted(edit.subnet_id)}
    resources.append(_resource(f"{name}Association", "AWS::EC2::SubnetRouteTableAssociation", place, made))
    return "".join(resources), ""


def _route(route: Route) -> dict[str, _Property]:
    options = destination(route.destination) | (target(route) or {})
    return {"".join(word.capitalize() for word in name.split("_")): quoted(one) for name, one in options.items()}
