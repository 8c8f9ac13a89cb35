"""A NAT gateway that ran out of ports: connections that clients asked for were refused."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from decimal import Decimal

from auditor.model.audit import Severity
from auditor.model.evidence import Series, Source
from auditor.model.resources import GATEWAY_SERVICES, NatGateway
from auditor.model.traffic import UNKNOWN, Destination
from auditor.rules.rule import Proposal, Rule, Unjudged
from auditor.rules.shares import counted, percent
from auditor.rules.view import View
from auditor.rules.wording import SERVICE_NAMES
from auditor.whatif.reconciliation import Reconciliation, share

DAYS_SHOWN = 5

DOMINANT = Decimal("0.5")
"""From this share of the bytes on, one destination is named as the likely one."""

_ZONAL = (
    "More addresses help at once: each secondary address of the NAT gateway allows 55,000 more connections at a time"
    " to each destination, up to eight in all, two until its quota is raised. So do more NAT gateways, each for a part"
    " of the subnets, or a regional one, which holds more addresses in each zone."
)
_REGIONAL = (
    "More addresses help at once, each with 55,000 more connections at a time to each destination in its zone. One in"
    " automatic mode adds them by itself; one whose addresses are yours waits for you to associate them."
)
_PRIVATE = (
    "More private addresses help at once: each secondary one allows 55,000 more connections at a time to each"
    " destination, up to eight in all. So do more NAT gateways, each for a part of the subnets."
)


def judge(view: View) -> Iterator[Proposal | Unjudged]:
    """One finding per NAT gateway that could not allocate a port, however rarely."""
    for nat in view.nats:
        errors = view.evidence.series.get((nat.id, "ErrorPortAllocation"))
        if errors is None or not errors.days:
            if view.bytes_of_nat(nat) != 0:
                yield Unjudged(nat.id, "CloudWatch has no datapoint of its refused ports in the window")
        elif errors.sum > 0:
            yield _propose(view, nat, errors)


def _propose(view: View, nat: NatGateway, errors: Series) -> Proposal:
    refused = counted(errors.sum, "time")
    parts = (_when(errors), _peak(view, nat), _drops(view, nat), _help(nat), _dominant(view, nat))
    return Proposal(
        resource=nat.id,
        vpc_id=nat.vpc_id,
        title=f"NAT gateway {view.name(nat)} had no free port {refused}",
        why=f"A client asked for a connection and got none {refused}. {' '.join(part for part in parts if part)}",
        risks=(
            "Destinations see the further addresses: add them to the allow lists of partners first.",
            "Each further public address is billed by the hour.",
        ),
        check="ErrorPortAllocation of the NAT gateway stays at 0 on days as busy as these.",
    )


def _when(errors: Series) -> str:
    days = [(day, count) for day, count in zip(errors.days, errors.values, strict=True) if count]
    worst = sorted(sorted(days, key=lambda one: (-one[1], one[0]))[:DAYS_SHOWN])
    shown = ", ".join(f"{day.isoformat()} ({count:,})" for day, count in worst)
    rest = len(days) - len(worst)
    more = f", the worst; and on {counted(rest, 'further day')}" if rest else ""
    return f"On {shown}{more}."


def _peak(view: View, nat: NatGateway) -> str:
    active = view.evidence.series.get((nat.id, "ActiveConnectionCount"))
    where = " in its busiest zone" if nat.mode == "regional" else ""
    return f"At its peak it held {counted(max(active.values), 'connection')}{where}." if active and active.days else ""


def _drops(view: View, nat: NatGateway) -> str:
    drops = view.evidence.series.get((nat.id, "PacketsDropCount"))
    return f"It dropped {counted(drops.sum, 'packet')} in the window too." if drops and drops.sum else ""


def _help(nat: NatGateway) -> str:
    if nat.mode == "regional":
        return _REGIONAL
    return _ZONAL if nat.connectivity == "public" else _PRIVATE


def _dominant(view: View, nat: NatGateway) -> str:
    logs = view.flow_logs_of(nat)
    place, part = _largest(logs) if logs else (Destination(UNKNOWN), Decimal(0))
    if part < DOMINANT:
        return ""
    where = f" in {place.region}" if place.region else ""
    name = f"{SERVICE_NAMES.get(place.service, place.service)}{where}"
    said = f"Flow logs name {name} for {percent(part)} of the bytes that they explain"
    if place.service in GATEWAY_SERVICES and place.region == nat.region:
        return f"{said}: a gateway endpoint takes these connections off the NAT gateway, free of charge."
    return f"{said}: look there first, for connections that are opened anew instead of kept."


def _largest(logs: Reconciliation) -> tuple[Destination, Decimal]:
    """The destination with most of the bytes that flow logs attribute, and its share of them."""
    places: Counter[Destination] = Counter()
    for one in logs.attributions:
        places[Destination(one.service, one.service_region)] += one.bytes_up + one.bytes_down
    place, count = max(places.items(), key=lambda one: one[1], default=(Destination(UNKNOWN), 0))
    return place, share(count, places.total()) or Decimal(0)


RULE = Rule(
    id="nat-port-exhaustion",
    title="A NAT gateway ran out of ports",
    severity=Severity.HIGH,
    needs=(Source.NAT_GATEWAYS, Source.NAT_METRICS),
    judge=judge,
)
