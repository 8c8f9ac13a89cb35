"""How much of NAT gateways' bytes flow logs attribute to a service or to some subnets, in words."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property

from auditor.model.attributed import Attribution, NamedBy
from auditor.model.money import gigabytes
from auditor.model.resources import NatGateway, Subnet
from auditor.model.traffic import Destination
from auditor.rules.view import View
from auditor.rules.wording import SERVICE_NAMES
from auditor.whatif.reconciliation import Reconciliation, share
from auditor.whatif.saving import UNNAMED, may_be

HIGH_COVERAGE = Decimal("0.95")
"""Where flow logs explain so much, what they never show is not there."""

LEAST_SHOWN = Decimal("0.001")
SMALLEST_GB, WHOLE_GB_FROM = Decimal("0.01"), 100


Pick = Callable[[Reconciliation], Iterable[Attribution]]
"""Some of what flow logs attribute at a NAT gateway."""


@dataclass(frozen=True)
class Shares:
    """What flow logs say of the bytes of some NAT gateways that `pick` picks; `what` names them in a sentence.

    `may_be` picks those that may be of them too, because they have no name.
    """

    view: View
    nats: tuple[NatGateway, ...]
    pick: Pick
    what: str
    may_be: Pick = lambda _: ()

    @classmethod
    def of_service(cls, view: View, subnets: tuple[Subnet, ...], service: str) -> Shares:
        """Of a service of the region, as these subnets' clients use it; clients without a name may be theirs."""
        ids = (None, *(subnet.id for subnet in subnets))
        here, name = Destination(service, view.region), SERVICE_NAMES.get(service, service)

        def pick(logs: Reconciliation) -> Iterator[Attribution]:
            of_subnet = logs.at_place.get((service, view.region), {})
            return (one for subnet_id in ids for one in of_subnet.get(subnet_id, ()))

        def unnamed(logs: Reconciliation) -> Iterator[Attribution]:
            places = (place for place in logs.at_place if place[0] == UNNAMED and may_be(Destination(*place), here))
            return (one for place in places for some in logs.at_place[place].values() for one in some)

        return cls(view, view.nats_of(subnets), pick, f"{name} in {view.region}", unnamed)

    @classmethod
    def of_subnets(cls, view: View, nat: NatGateway, subnets: tuple[Subnet, ...]) -> Shares:
        """Of these subnets' clients, wherever their bytes go."""

        def pick(logs: Reconciliation) -> Iterator[Attribution]:
            return (one for subnet in subnets for one in logs.of_subnet.get(subnet.id, ()))

        return cls(view, (nat,), pick, "What these subnets send and get")

    @property
    def is_unused(self) -> bool:
        """Whether flow logs of all the NAT gateways, with a high coverage, never show it."""
        told = len(self._told) == len(self.nats)
        return told and not self._count and self._coverage >= HIGH_COVERAGE

    def sentence(self, unmeasured: str) -> str:
        """What was measured, or the sentence for NAT gateways of which nothing is."""
        if not self._told:
            return unmeasured
        measured = (self._share(), self._unnamed(), self._covered(), self._unread())
        parts = (*measured, self._clients(), self._lost(), self._names(), self._others())
        return " ".join(part for part in parts if part)

    @cached_property
    def _told(self) -> dict[str, Reconciliation]:
        found = ((nat, self.view.flow_logs_of(nat)) for nat in self.nats)
        return {nat.id: logs for nat, logs in found if logs}

    @cached_property
    def _picked(self) -> list[Attribution]:
        return [one for logs in self._told.values() for one in self.pick(logs)]

    @cached_property
    def _count(self) -> int:
        return _sum(self._picked)

    @property
    def _measured(self) -> int:
        return sum(sum(logs.measured or ()) for logs in self._told.values())

    @property
    def _coverage(self) -> Decimal:
        seen = sum(sum(logs.seen) for logs in self._told.values())
        return share(seen, self._measured) or Decimal(1)

    def _share(self) -> str:
        days = {logs.days for logs in self._told.values()}
        when = f"in {'up to ' if len(days) > 1 else ''}{counted(max(days), 'day')}"
        whose = "the NAT gateway's" if len(self._told) == 1 else f"{len(self._told)} NAT gateways'"
        part = share(self._count, self._measured) or Decimal(0)
        if not self._count:
            return f"{self.what}: flow logs show not a byte by that name among {whose} bytes {when}."
        return f"{self.what} was {percent(part)} of {whose} bytes: {size(self._count)} {when}."

    def _unnamed(self) -> str:
        count = _sum(one for logs in self._told.values() for one in self.may_be(logs))
        part = share(count, self._measured) or Decimal(0)
        return f"Services of AWS without a name were {percent(part)}: some of it may be this one." if count else ""

    def _covered(self) -> str:
        if self._coverage > 1:
            return (
                f"Flow logs claim {percent(self._coverage)} of the bytes that CloudWatch counted and are scaled down to"
                " what was billed."
            )
        rest = "" if self._coverage == 1 else "; what else the high figure counts on is the rest, which is open"
        return f"Flow logs explain {percent(self._coverage)} of these bytes{rest}."

    def _unread(self) -> str:
        partial = {nat_id: logs for nat_id, logs in self._told.items() if logs.is_partial}
        if not partial:
            return ""
        read = sum(sum(logs.measured or ()) for logs in partial.values())
        window = sum(sum(logs.window or ()) for logs in partial.values())
        which = "They" if len(partial) == len(self._told) else f"Those of {', '.join(partial)}"
        held = percent(share(read, window) or Decimal(0))
        return (
            f"{which} were read for days that hold {held} of the window's bytes there: expected takes the other days"
            " for alike, low counts what was seen and no more."
        )

    def _clients(self) -> str:
        if all(logs.clients_known for logs in self._told.values()):
            return ""
        return "Their records do not name all clients, so a subnet's part is open where several share the way."

    def _lost(self) -> str:
        scans = {scan.flow_log_id: scan.skipdata for logs in self._told.values() for scan in logs.scans}
        lost = sum(scans.values())
        records = f"{counted(lost, 'flow record')} {'was' if lost == 1 else 'were'}"
        return f"{records} lost before delivery (SKIPDATA), their bytes are in the rest." if lost else ""

    def _names(self) -> str:
        guessed = any(one.named_by is NamedBy.DNS for one in self._picked)
        return "Names come from DNS answers during the run, which is weaker than query logs." if guessed else ""

    def _others(self) -> str:
        silent = [nat.id for nat in self.nats if nat.id not in self._told]
        return f"Where the bytes of {', '.join(silent)} go, no flow log tells." if silent else ""


def counted(count: int, what: str) -> str:
    """`1 day`, `1,200 days`."""
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def _sum(found: Iterable[Attribution]) -> int:
    return sum(one.bytes_up + one.bytes_down for one in found)


def percent(part: Decimal) -> str:
    """A share of one in words: `63%`, `98.3%`; what is not nothing or all never looks like it."""
    if 0 < part < LEAST_SHOWN:
        return "less than 0.1%"
    if 1 - LEAST_SHOWN < part < 1:
        return "more than 99.9%"
    return f"{(part * 100).quantize(Decimal('0.1')).normalize():f}%"


def size(count: int) -> str:
    """Bytes as GB of the price list: `1,229 GB`, `12.50 GB`."""
    amount = gigabytes(count)
    if amount < SMALLEST_GB:
        return "less than 0.01 GB"
    return f"{amount:,.0f} GB" if amount >= WHOLE_GB_FROM else f"{amount:,.2f} GB"
