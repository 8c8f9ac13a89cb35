"""A shared endpoint and its private hosted zones as AWS CLI commands, in the hub's account and in the others.

Source: Route 53 guide, "Associating more VPCs with a private hosted zone", also "… with different AWS accounts" (read
2026-11-20).
"""

from __future__ import annotations

from collections.abc import Iterator
from shlex import quote

from auditor.model.network import Network
from auditor.remediation.cli_endpoints import (
    VPCE,
    create_interface,
    delete_endpoint,
    delete_group,
    find_new,
    new_group,
    vpc_dns,
)
from auditor.remediation.cli_routes import Commands
from auditor.remediation.hosted_zones import vpcs_by_account, zones_of
from auditor.remediation.quoted import label
from auditor.remediation.shell import Expanded, ec2, printed, route53, variable
from auditor.whatif.edits import ShareInterfaceEndpoint

_RECORD = '{"Changes":[{"Action":"%s","ResourceRecordSet":{"Name":"%s","Type":"A","AliasTarget":{"HostedZoneId":"'


def share(edit: ShareInterfaceEndpoint, network: Network) -> Commands:
    """What the hub's account does: endpoint, zones, its own VPCs, and leave for those of others."""
    own, *others = vpcs_by_account(edit, network).values()
    strangers = [vpc_id for vpc_ids in others for vpc_id in vpc_ids]
    there = [line for vpc_id in own for line in vpc_dns(vpc_id, edit.region)]
    there += [*new_group(edit), f"VPCE={printed(create_interface(edit))}", *_alias(edit)]
    back = [find_new(edit), *_alias(edit)]
    for zone, names in zones_of(edit).items():
        there += [*_new_zone(edit, zone, own), *(_record(edit, zone, "CREATE", name) for name in names)]
        there += [_of_vpc("create-vpc-association-authorization", edit, zone, vpc_id) for vpc_id in strangers]
        there += [f'echo "{zone_variable(edit, zone)}=${zone_variable(edit, zone)}"'] if strangers else []
        back += [_find_zone(edit, zone, edit.hub_vpc_id)]
        back += [_of_vpc("delete-vpc-association-authorization", edit, zone, vpc_id) for vpc_id in strangers]
        back += [_record(edit, zone, "DELETE", name) for name in names]
        back.append(route53("delete-hosted-zone", edit.region, id=_id(edit, zone)))
    return there, [*back, delete_endpoint(edit.region), *delete_group(edit)]


def join(edit: ShareInterfaceEndpoint, network: Network, account: str) -> Commands:
    """What an account does whose VPCs the hub's account has authorized; the ids of the zones are in variables."""
    there: list[str] = []
    back: list[str] = []
    for vpc_id in vpcs_by_account(edit, network).get(account, ()):
        there += vpc_dns(vpc_id, edit.region)
        for zone in zones_of(edit):
            there.append(_of_vpc("associate-vpc-with-hosted-zone", edit, zone, vpc_id))
            back.append(_find_zone(edit, zone, vpc_id))
            back.append(_of_vpc("disassociate-vpc-from-hosted-zone", edit, zone, vpc_id))
    return there, back


def told_zones(edit: ShareInterfaceEndpoint) -> Iterator[str]:
    """Stops a script to which nobody told the ids of the zones."""
    for zone in zones_of(edit):
        name = zone_variable(edit, zone)
        yield f': "${{{name}:?set it to what the script of the hub prints}}"'


def look_at_zones(edit: ShareInterfaceEndpoint, vpc_id: str) -> str:
    """A command that shows the hosted zones of a VPC."""
    return route53("list-hosted-zones-by-vpc", edit.region, vpc_id=vpc_id, vpc_region=edit.region)


def zone_variable(edit: ShareInterfaceEndpoint, zone: str) -> str:
    """The shell variable that holds the id of a zone; hubs may have zones of one name."""
    return f"ZONE_{label(edit.hub_vpc_id)}_{label(zone)}"


def _id(edit: ShareInterfaceEndpoint, zone: str) -> Expanded:
    return variable(zone_variable(edit, zone))


def _new_zone(edit: ShareInterfaceEndpoint, zone: str, vpc_ids: list[str]) -> Iterator[str]:
    """The endpoint's id makes the reference one that no zone before it had."""
    make = route53(
        "create-hosted-zone",
        edit.region,
        name=zone,
        vpc=_vpc(edit, edit.hub_vpc_id),
        hosted_zone_config="PrivateZone=true",
        caller_reference=Expanded(f"{VPCE}{quote(f'-{zone}')}"),
        query="HostedZone.Id",
        output="text",
    )
    yield f"{zone_variable(edit, zone)}={printed(make)}"
    rest = (vpc_id for vpc_id in vpc_ids if vpc_id != edit.hub_vpc_id)
    yield from (_of_vpc("associate-vpc-with-hosted-zone", edit, zone, vpc_id) for vpc_id in rest)


def _find_zone(edit: ShareInterfaceEndpoint, zone: str, vpc_id: str) -> str:
    """A VPC has one zone of a name at the most."""
    find = route53(
        "list-hosted-zones-by-vpc",
        edit.region,
        vpc_id=vpc_id,
        vpc_region=edit.region,
        query=f"HostedZoneSummaries[?Name=='{zone}.'].HostedZoneId",
        output="text",
    )
    return f"{zone_variable(edit, zone)}={printed(find)}"


def _of_vpc(command: str, edit: ShareInterfaceEndpoint, zone: str, vpc_id: str) -> str:
    return route53(command, edit.region, hosted_zone_id=_id(edit, zone), vpc=_vpc(edit, vpc_id))


def _vpc(edit: ShareInterfaceEndpoint, vpc_id: str) -> str:
    return f"VPCRegion={edit.region},VPCId={vpc_id}"


def _alias(edit: ShareInterfaceEndpoint) -> Iterator[str]:
    """What records lead to: the endpoint's regional name, which AWS lists first."""
    for name, field in (("ALIAS_ZONE", "HostedZoneId"), ("ALIAS_NAME", "DnsName")):
        query = f"VpcEndpoints[0].DnsEntries[0].{field}"
        find = ec2("describe-vpc-endpoints", edit.region, vpc_endpoint_ids=VPCE, query=query, output="text")
        yield f"{name}={printed(find)}"


def _record(edit: ShareInterfaceEndpoint, zone: str, action: str, name: str) -> str:
    parts = (_RECORD % (action, name), '","DNSName":"', '","EvaluateTargetHealth":false}}}]}')
    head, middle, tail = map(quote, parts)
    batch = Expanded(f"{head}{variable('ALIAS_ZONE')}{middle}{variable('ALIAS_NAME')}{tail}")
    return route53("change-resource-record-sets", edit.region, hosted_zone_id=_id(edit, zone), change_batch=batch)
