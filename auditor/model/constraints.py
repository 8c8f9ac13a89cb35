"""What the user has decided: what must stay, what is left out, what is too small, and what is accepted for now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from auditor.model.money import ZERO


@dataclass(frozen=True, slots=True)
class Accepted:
    """Findings that somebody accepts: `finding` is an id, or a glob of them. Without `expires` for good."""

    finding: str
    owner: str
    reason: str
    expires: date | None = None


@dataclass(frozen=True, slots=True)
class Constraints:
    """`keep_private` are short names of services, `exclude` ids of VPCs, NAT gateways and endpoints.

    `min_endpoint_azs`: in how many zones a new interface endpoint stands at the least. `min_saving`: USD a month;
    what saves less at the most is not shown.
    """

    keep_private: tuple[str, ...] = ()
    min_endpoint_azs: int = 2
    exclude: tuple[str, ...] = ()
    min_saving: Decimal = ZERO
    accepted: tuple[Accepted, ...] = ()
