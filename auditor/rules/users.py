"""Who still uses a NAT gateway, in words, as far as flow logs name them."""

from __future__ import annotations

from auditor.model.attributed import TopTalker
from auditor.model.resources import NatGateway
from auditor.rules.shares import size
from auditor.rules.view import View

_SHOWN = 3


def users_sentence(view: View, nat: NatGateway) -> str:
    """Its largest clients with their owners and destinations; empty where flow logs name none."""
    found = view.talkers_of(nat)
    if not found:
        return ""
    told = "; ".join(_user(one) for one in found[:_SHOWN])
    more = f"; and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
    return f" Flow logs show who still uses it: {told}{more}."


def _user(one: TopTalker) -> str:
    owner = f" ({one.owner})" if one.owner else ""
    where = f"{one.service} in {one.service_region}" if one.service_region else one.service
    return f"{one.address}{owner}, {size(one.bytes_up + one.bytes_down)} with {where}"
