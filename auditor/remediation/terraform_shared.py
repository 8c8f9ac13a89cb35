"""The private hosted zones of a shared endpoint in Terraform, for the hub's account and for the others.

Source: documentation of hashicorp/aws 6, aws_route53_zone, aws_route53_vpc_association_authorization and
aws_route53_zone_association (read 2026-11-20).
"""

from __future__ import annotations

from collections.abc import Iterator

from auditor.model.network import Network
from auditor.remediation.hcl import block, output, resource
from auditor.remediation.hosted_zones import vpcs_by_account, zones_of
from auditor.remediation.quoted import interpolating, label
from auditor.whatif.edits import ShareInterfaceEndpoint

_LEFT_ALONE = """\
  lifecycle {
    ignore_changes = [vpc]
  }
"""
"""For a zone with which others associate VPCs: what is not listed would be taken away again."""


def zones(edit: ShareInterfaceEndpoint, network: Network) -> Iterator[str]:
    """Zones for the VPCs of the hub's account with records to the endpoint, and leave for VPCs of other accounts."""
    own, *others = vpcs_by_account(edit, network).values()
    strangers = [vpc_id for vpc_ids in others for vpc_id in vpc_ids]
    for zone, names in zones_of(edit).items():
        vpcs = (block("vpc", _vpc(edit, one)) for one in own)
        kept = [_LEFT_ALONE] if strangers else []
        yield resource("aws_route53_zone", _name(edit, zone), {"name": interpolating(zone)}, *vpcs, *kept)
        zone_id = f"aws_route53_zone.{label(_name(edit, zone))}.zone_id"
        for number, name in enumerate(names, 1):
            record = {"zone_id": zone_id, "name": interpolating(name), "type": '"A"'}
            yield resource("aws_route53_record", f"{_name(edit, zone)}-{number}", record, block("alias", _alias(edit)))
        for vpc_id in strangers:
            given = {"zone_id": zone_id, **_vpc(edit, vpc_id)}
            yield resource("aws_route53_vpc_association_authorization", f"{_name(edit, zone)}-{vpc_id}", given)
        if strangers:
            yield output(f"{_name(edit, zone)}-id", zone_id)


def joins(edit: ShareInterfaceEndpoint, network: Network, account: str) -> Iterator[str]:
    """The other half, in an account whose VPCs were authorized; the ids of the zones are the hub's outputs."""
    for zone in zones_of(edit):
        name = label(f"{_name(edit, zone)}-id")
        yield f'variable "{name}" {{\n  type = string\n}}\n'
        for vpc_id in vpcs_by_account(edit, network).get(account, ()):
            given = {"zone_id": f"var.{name}", **_vpc(edit, vpc_id)}
            yield resource("aws_route53_zone_association", f"{_name(edit, zone)}-{vpc_id}", given)


def _name(edit: ShareInterfaceEndpoint, zone: str) -> str:
    """Hubs may have zones of one name."""
    return f"{edit.hub_vpc_id}-{zone}"


def _vpc(edit: ShareInterfaceEndpoint, vpc_id: str) -> dict[str, str]:
    return {"vpc_id": interpolating(vpc_id), "vpc_region": interpolating(edit.region)}


def _alias(edit: ShareInterfaceEndpoint) -> dict[str, str]:
    """To the endpoint's regional name, which AWS lists first."""
    entry = f"aws_vpc_endpoint.{label(edit.endpoint_id)}.dns_entry[0]"
    to = {"name": f'{entry}["dns_name"]', "zone_id": f'{entry}["hosted_zone_id"]'}
    return {**to, "evaluate_target_health": "false"}
