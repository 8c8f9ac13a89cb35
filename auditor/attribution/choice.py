"""Which flow log tells best what a NAT gateway carries, and why another does not."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta

from auditor.attribution.record_format import RecordFormat
from auditor.attribution.task import Task
from auditor.model.evidence import Window
from auditor.model.flow_record import fields_of, hindrance
from auditor.model.network import Network
from auditor.model.resources import FlowLog, NatAddress, NatGateway

ENOUGH_DAYS = 7
"""A week holds every weekday: beyond it, to know the clients is worth more than to know more days."""

_NEXT_STEP = "mend that, or make the flow log that finding unmeasured-nat proposes"

_READABLE = {"s3": 1, "cloud-watch-logs": 0}
"""Destinations that can be read; S3 costs less."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """A NAT gateway that flow logs cover, none of which can be used: why, and what would mend it."""

    gateway: NatGateway
    reason: str


def choose(
    gateways: Iterable[NatGateway], flow_logs: Iterable[FlowLog], window: Window, network: Network | None = None
) -> list[Task | Refusal]:
    """One task per flow log for all NAT gateways that it tells best; nothing of those that no flow log covers.

    The network tells which NAT gateways stand alone behind a transit gateway.
    """
    logs = tuple(flow_logs)
    groups: dict[FlowLog, list[NatGateway]] = defaultdict(list)
    refusals: list[Task | Refusal] = []
    for one in gateways:
        gateway, covering = one, [log for log in logs if log.resource_id in resources_of(one)]
        if not covering and network:
            gateway, covering = _behind_transit_gateway(one, logs, network)
        reasons = {log: why_not(log, gateway, window) or _doubled(log, covering) for log in covering}
        usable = [log for log, reason in reasons.items() if not reason]
        if usable:
            groups[max(usable, key=lambda log: _worth(log, gateway, window))].append(gateway)
        elif covering:
            told = "; ".join(f"{log.id}: {reason}" for log, reason in reasons.items())
            refusals.append(Refusal(gateway, f"{gateway.id}: {told}: {_NEXT_STEP}"))
    return [*(_task(log, tuple(group), window) for log, group in groups.items()), *refusals]


def _behind_transit_gateway(
    gateway: NatGateway, logs: Iterable[FlowLog], network: Network
) -> tuple[NatGateway, list[FlowLog]]:
    """A hub's only NAT gateway as its transit gateway attachment sees it: what comes over it, and no client of the hub.

    With a second NAT gateway in the hub nobody could say which of them a record passed.
    """
    alone = sum(1 for one in network.nat_gateways_of_vpc.get(gateway.vpc_id, ()) if one.is_billed) == 1
    found = [one for (_, vpc_id), one in network.attachment_of_vpc.items() if vpc_id == gateway.vpc_id and alone]
    seen_by = {resource for one in found for resource in (one.id, one.transit_gateway_id)}
    covering = [log for log in logs if log.resource_id in seen_by and log.destination_type == "s3"]
    addresses = tuple(NatAddress(interface_id=one.id) for one in found)
    return replace(gateway, mode="regional", addresses=addresses), covering


def resources_of(gateway: NatGateway) -> tuple[str, ...]:
    """The resources whose flow logs hold a NAT gateway's records, the narrowest first."""
    interfaces = (address.interface_id for address in gateway.addresses if address.interface_id)
    return (gateway.id, *interfaces, *([gateway.subnet_id] if gateway.subnet_id else []), gateway.vpc_id)


def why_not(log: FlowLog, gateway: NatGateway, window: Window) -> str:
    """Why a flow log cannot be used for a NAT gateway; empty where it can."""
    found = hindrance(log, regional=gateway.mode == "regional")
    return found or ("" if days_of(log, window) else "it holds no whole day of the window yet")


def _doubled(log: FlowLog, covering: Iterable[FlowLog]) -> str:
    """In a log group nothing tells whose a record is; in S3 the objects' names do."""
    if log.destination_type == "s3":
        return ""
    alike = [one.id for one in covering if one is not log and _log_group(one) == _log_group(log)]
    return f"{', '.join(alike)} writes the same records into the same log group: delete one" if alike else ""


def _log_group(log: FlowLog) -> tuple[str, str]:
    """Account and name, however AWS spells it: by name, by ARN, or by ARN with `:*` as CloudFormation does."""
    parts = log.destination.split(":", 6)
    is_arn = parts[0] == "arn" and len(parts) == 7  # noqa: PLR2004 -- an ARN of a log group
    account, name = (parts[4], parts[6]) if is_arn else ("", log.destination)
    return account or log.account_id, name.removesuffix(":*")


def days_of(log: FlowLog, window: Window) -> int:
    """Whole UTC days of the window that a flow log holds."""
    return max(0, (window.end - _start(log, window)).days)


def _start(log: FlowLog, window: Window) -> datetime:
    """The first whole day: what the flow log saw of the day on which it was made is left out."""
    if log.created is None or log.created <= window.start:
        return window.start
    midnight = datetime.combine(log.created.astimezone(UTC), time.min, UTC)
    return midnight if midnight == log.created else midnight + timedelta(days=1)


def _worth(log: FlowLog, gateway: NatGateway, window: Window) -> tuple[int, bool, int, int, int]:
    form = _form(log)
    names_clients = form.names_clients or gateway.mode == "regional"
    days = days_of(log, window)
    resources = resources_of(gateway)
    narrow = -resources.index(log.resource_id) if log.resource_id in resources else -len(resources)
    return min(days, ENOUGH_DAYS), names_clients, days, _READABLE[log.destination_type], narrow


def _form(log: FlowLog) -> RecordFormat:
    return RecordFormat(fields_of(log.log_format))


def _task(log: FlowLog, gateways: tuple[NatGateway, ...], window: Window) -> Task:
    return Task(log, _form(log), gateways, Window(_start(log, window), window.end))
