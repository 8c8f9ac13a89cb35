"""Risks that are certain: a network ACL or security group refuses what a change would lead to an endpoint."""

from __future__ import annotations

from collections.abc import Iterable

from auditor.model.network import Network
from auditor.rules.wording import SERVICE_NAMES, listed
from auditor.whatif.admission import HTTPS, Refusal, refusals
from auditor.whatif.edits import Edit

Cause = tuple[str, int | None, bool, tuple[int, int], str, bool]
"""What one sentence is about: guard, rule, direction, ports, service, and what follows."""


def admission_risks(network: Network, edits: Iterable[Edit]) -> tuple[str, ...]:
    """A sentence for each network ACL's rule and each security group that must be changed first."""
    found: dict[Cause, list[Refusal]] = {}
    for one in refusals(network, edits):
        key = (one.guard_id, one.rule, one.egress, one.ports, one.service, one.cuts_off)
        found.setdefault(key, []).append(one)
    return tuple(dict.fromkeys(_sentence(several) for several in found.values()))


def _sentence(found: list[Refusal]) -> str:
    first = found[0]
    subnets = listed(sorted({one.subnet_id for one in found}))
    addresses = listed(dict.fromkeys(one.addresses for one in found))
    name = SERVICE_NAMES.get(first.service, first.service)
    return f"{_refusal(first, subnets, addresses)}. {_consequence(first, name)}"


def _refusal(first: Refusal, subnets: str, addresses: str) -> str:
    if first.guard_id.startswith("sg-"):
        return f"Security group {first.guard_id} admits no port {HTTPS} from {addresses} ({subnets})"
    way = "to" if first.egress else "from"
    why = f"rule {first.rule} denies" if first.rule is not None else "no rule admits"
    ports = f"port {first.ports[0]}" if first.ports[0] == first.ports[1] else f"all of ports {_range(first.ports)}"
    side = "outbound" if first.egress else "inbound"
    return f"Network ACL {first.guard_id} of {subnets}: {why} {side} TCP {way} {addresses}, {ports}"


def _range(ports: tuple[int, int]) -> str:
    return f"{ports[0]} to {ports[1]}"


def _consequence(first: Refusal, name: str) -> str:
    if first.cuts_off:
        return f"Admit it before the change: else clients that use {name} are cut off."
    return (
        f"That is how these addresses of {name} are refused today too, so nothing is saved on them as it stands."
        " Admit them first if the subnet is to use the endpoint."
    )
