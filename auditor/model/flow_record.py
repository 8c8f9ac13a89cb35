"""What a flow record holds, and what it must hold so that a NAT gateway's bytes can be counted from it.

Fields are called as AWS calls them, with hyphens (VPC guide, "Flow log records", read 2026-11-20).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

from auditor.model.resources import FlowLog

DEFAULT_FIELDS = (
    *("version", "account-id", "interface-id", "srcaddr", "dstaddr", "srcport", "dstport"),
    *("protocol", "packets", "bytes", "start", "end", "action", "log-status"),
)
"""Version 2, in this order."""

LEANEST_FIELDS = ("srcaddr", "dstaddr", "pkt-srcaddr", "pkt-dstaddr", "bytes", "start", "end", "log-status")
"""Besides the name of the NAT gateway: who, to whom, how much, when, and whether records were lost."""

TRANSIT_FIELD = "tgw-attachment-id"
"""What names the attachment in a transit gateway's records (Transit Gateway guide, read 2026-11-20)."""

_WIDEST = {
    "interface-id": len("eni-0123456789abcdef0"),
    "resource-id": len("nat-0123456789abcdef0"),
    **dict.fromkeys(("srcaddr", "dstaddr", "pkt-srcaddr", "pkt-dstaddr"), len("203.113.113.113")),
    "bytes": len("7500000000000"),  # 600 seconds at 100 Gbps, to which a NAT gateway scales
    "start": len("1794787200"),
    "end": len("1794787200"),
    "log-status": len("OK"),
}
"""Characters that the value of a field takes at the most, where traffic is IPv4."""

_READABLE = ("s3", "cloud-watch-logs")

_VARIABLE = re.compile(r"\$\{([a-z][a-z0-9_-]*)\}")


def fields_of(log_format: str) -> tuple[str, ...]:
    """The fields of a LogFormat such as `${version} ${pkt-srcaddr}`, in their order; of none, the default ones."""
    return tuple(_VARIABLE.findall(log_format)) if log_format.strip() else DEFAULT_FIELDS


def lacks(fields: Collection[str], *, regional: bool) -> str:
    """What is missing to count a NAT gateway, in words; empty where nothing is."""
    names_it = naming_field(regional=regional) in fields or (regional and TRANSIT_FIELD in fields)
    wanted = [*(["bytes"] if "bytes" not in fields else []), *([] if names_it else [naming_field(regional=regional)])]
    if not any({f"{kind}srcaddr", f"{kind}dstaddr"} <= set(fields) for kind in ("", "pkt-")):
        wanted.append("srcaddr and dstaddr")
    return ", ".join(wanted)


def naming_field(*, regional: bool) -> str:
    """The field that names the NAT gateway: a regional one has no interface."""
    return "resource-id" if regional else "interface-id"


def hindrance(log: FlowLog, *, regional: bool) -> str:
    """Why a NAT gateway's bytes cannot be counted from a flow log that sees them, in words; empty where they can."""
    missing = lacks(fields_of(log.log_format), regional=regional)
    reasons = {
        f"its status is {log.status}": log.status != "ACTIVE",
        f"its delivery fails ({log.deliver_error})": bool(log.deliver_error),
        "it logs rejected traffic only": log.traffic_type == "REJECT",
        f"its destination, {log.destination_type}, cannot be read back": log.destination_type not in _READABLE,
        f"its format lacks {missing}": bool(missing),
        "its format lacks start and end, so nothing tells a record's day": log.destination_type == "s3"
        and not {"start", "end"} & set(fields_of(log.log_format)),
    }
    return next((reason for reason, holds in reasons.items() if holds), "")


def widest_record(fields: Iterable[str]) -> int:
    """Bytes of a record of these fields as text at the most, with its separators and the end of its line."""
    return sum(_WIDEST[name] + 1 for name in fields)
