"""The private hosted zones of a shared endpoint: their names and records, and whose VPCs they are for."""

from __future__ import annotations

import re
from collections.abc import Iterable

from auditor.model.network import Network
from auditor.whatif.edits import Edit, ShareInterfaceEndpoint

_WILD = "*."


def zones_of(edit: ShareInterfaceEndpoint) -> dict[str, list[str]]:
    """By zone the names of its records: `*.x` belongs into the zone `x`."""
    zones: dict[str, list[str]] = {}
    for name in map(_tame, edit.dns_names):
        zones.setdefault(name.removeprefix(_WILD), []).append(name)
    return zones


def vpcs_by_account(edit: ShareInterfaceEndpoint, network: Network) -> dict[str, list[str]]:
    """The VPCs that it serves by their owners, the hub's account first. One that was not read counts as the hub's."""
    found: dict[str, list[str]] = {edit.account_id: []}
    for vpc_id in edit.served:
        vpc = network.vpc.get(vpc_id)
        found.setdefault(vpc.account_id if vpc else edit.account_id, []).append(vpc_id)
    return found


def guests(edits: Iterable[Edit], network: Network) -> list[str]:
    """The other accounts that must accept what edits give them."""
    found = (
        account
        for edit in edits
        if isinstance(edit, ShareInterfaceEndpoint)
        for account in vpcs_by_account(edit, network)
        if account != edit.account_id
    )
    return list(dict.fromkeys(found))


def _tame(name: str) -> str:
    """What AWS's names are made of, and no syntax of any language that they are written into."""
    return re.sub(r"[^A-Za-z0-9._:/*-]", "_", name)
