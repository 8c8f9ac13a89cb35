"""What is shared between accounts, where its owner's account was not read: told by name, and never priced."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from auditor.model.evidence import Evidence
from auditor.rules.rule import Proposal
from auditor.whatif.flows import nat_bytes
from auditor.whatif.saving import Situation

_SHOWN = 5


def notes_on_owners(evidence: Evidence) -> Iterator[str]:
    """A sentence on the VPCs, and one on the transit gateways, that audited accounts use and others own.

    A scope that was read in part has gaps of its own.
    """
    audited = {scope.account_id for scope in evidence.scopes}
    vpcs = {(vpc.account_id, vpc.id) for vpc in evidence.network.vpcs if vpc.account_id not in audited}
    if vpcs:
        yield (
            f"Shared from accounts that this audit did not read: {_named(vpcs)}. What NAT gateways and endpoints cost"
            " there, and what that traffic could save, is not in this report: audit the owners too."
        )
    seen = evidence.network.attachments
    owners = {(one.transit_gateway_owner_id, one.transit_gateway_id) for one in seen if one.transit_gateway_owner_id}
    if lost := {(owner, gateway) for owner, gateway in owners if owner not in audited}:
        yield (
            f"Attached to transit gateways of accounts that this audit did not read: {_named(lost)}. Where they lead"
            " is not known, so nothing is said of what goes through them: audit the owners too."
        )


def unread_bytes(evidence: Evidence, situation: Situation, said: Proposal) -> str:
    """Which NAT gateways of other accounts carry a VPC's bytes of which CloudWatch told nothing."""
    nats = {
        (nat.account_id, nat.id)
        for nat in situation.nats_of_vpc_clients.get(said.vpc_id or "", ())
        if nat.is_billed and nat_bytes(evidence, nat) is None
    }
    return f"The saving is unknown, because the bytes of {_named(nats)} are not known." if nats else ""


def _named(owned: Iterable[tuple[str, str]]) -> str:
    found = [f"{name} of account {account_id}" for account_id, name in sorted(owned)]
    more = f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
    return ", ".join(found[:_SHOWN]) + more
