"""How bytes are counted: one SQL text, in the part of SQL that DuckDB and Athena (Trino) read alike.

`count_query` reduces flow records to sums per NAT gateway, direction and pair of addresses; it is run where the
records are. `FOLD` turns these few sums into destinations; it is run here, whoever counted.

A zonal NAT gateway's interface logs each byte twice a direction: client → NAT (leg 1), NAT → host (2), host → NAT
(3), NAT → client (4). Where the records hold the packets' own addresses, legs 1 and 4 are counted: the NAT's address
stands in `dstaddr` or `srcaddr`, the other end in `pkt-dstaddr` or `pkt-srcaddr`, so the two differ. Legs 2 and 3
differ too if the gateway has several addresses; FOLD drops them, for their other end is the gateway itself, or was
(an address that is gone by now): no upload goes from far to near, no download from near to far. Else
legs 2 and 3 are counted: between an address of the gateway and one that is not near it. NAT64 shows its prefix.

A regional NAT gateway has no interface; its records carry its id and the final addresses of both sides. So do those of
the transit gateway attachment behind which a hub's NAT gateway is.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from enum import Enum

from auditor.attribution.record_format import RecordFormat
from auditor.model.flow_record import TRANSIT_FIELD
from auditor.model.resources import NatGateway

NODATA, SKIPDATA, REJECTED, UNREADABLE, OUTSIDE = -1, -2, -3, -4, -5
"""Outcomes of a record below zero; NULL is a record of no NAT gateway, others are the number of the gateway."""

Seconds = tuple[int, int]
"""From the first second to before the second one."""

EITHER, UP, DOWN = 0, 1, 2
"""Directions. EITHER: which of the two it is follows from what the addresses are."""

_OUTCOME = """CASE {outside}WHEN {log_status} = 'OK' AND {action} = 'ACCEPT' AND {bytes} >= 0 THEN gateway
      WHEN {log_status} = 'NODATA' THEN -1 WHEN {log_status} = 'SKIPDATA' THEN -2
      WHEN {action} = 'REJECT' THEN -3 WHEN {bytes} IS NULL OR {bytes} < 0 THEN -4 ELSE gateway END"""

_BY_PACKET = """CASE WHEN outcome >= 0 THEN CASE
      WHEN srcaddr IS NULL OR dstaddr IS NULL OR pkt_srcaddr IS NULL OR pkt_dstaddr IS NULL THEN 0
      WHEN dstaddr <> pkt_dstaddr OR pkt_dstaddr LIKE '64:ff9b:%' THEN 1
      WHEN srcaddr <> pkt_srcaddr OR pkt_srcaddr LIKE '64:ff9b:%' THEN 2
      WHEN regional THEN 0 END END"""

_BY_ADDRESS = "0"

_TELLS = "CASE WHEN {packet}srcaddr LIKE '10.%' AND {packet}dstaddr LIKE '10.%' THEN FALSE ELSE TRUE END"
"""Without the packets' addresses nothing between two private ones counts; these are the most of them, quickly told."""

_COUNT = """
SELECT outcome, direction,
  {source} AS source, {destination} AS destination,
  SUM(bytes) AS bytes, {count} AS records, MIN(first_second) AS first_second, MAX(last_second) AS last_second
FROM (
  SELECT outcome, regional, {direction} AS direction, {addresses}bytes, first_second, last_second
  FROM (
    SELECT {outcome} AS outcome, regional, {addresses}
      {bytes} AS bytes, {start} AS first_second, {end} AS last_second
    FROM {records} AS records {join}
  ) AS judged
) AS directed
WHERE {where}
GROUP BY 1, 2, 3, 4
"""

_NUMBERS = ("bytes", "start", "end")

NAMING = ("interface-id", "resource-id", TRANSIT_FIELD)
"""The fields that may name a NAT gateway; the first one that is not '-' does."""

WEIGHT = "_weight"
"""A column of rows that stand for several records each: how many; `bytes` is their sum, `start`, `end` their span.

No field of a file can have this name."""

USED = frozenset(_NUMBERS) | {
    *("interface-id", "resource-id", TRANSIT_FIELD, "srcaddr", "dstaddr", "pkt-srcaddr", "pkt-dstaddr"),
    *("action", "log-status"),
}
"""The fields that the counting reads."""


_OF_NOBODY = "(SELECT CAST(NULL AS INTEGER) AS gateway, CAST(NULL AS BOOLEAN) AS regional)"


class Part(Enum):
    """Which records a query looks at.

    ALL: every one. TELLING: those that tell something, and no other: of NAT gateways the ones that may be counted, of
    all interfaces those without bytes. CARRYING and EMPTY: the two halves of that, for where columns that are not
    used need not be read.
    """

    ALL = "TRUE"
    TELLING = "outcome < 0 OR outcome >= 0 AND {counts}"
    CARRYING = "outcome >= 0 AND {counts}"
    EMPTY = "outcome < 0"


@dataclass(frozen=True, slots=True)
class Times:
    """Records that start outside the window do not count; what begins before or ends after the span is looked at."""

    window: Seconds | None = None
    span: Seconds | None = None


def count_query(form: RecordFormat, records: str, gateways: str, part: Part = Part.ALL, times: Times = Times()) -> str:
    """The query over `records` of that format.

    `records` names columns as Parquet does (`pkt_srcaddr`); bytes, start and end are BIGINT, the rest text; '-' is
    NULL in names and addresses, and may be it elsewhere. `gateways` has record_key (interface or NAT gateway id),
    gateway (its number) and regional.
    """
    numbers = {name: _column(form, name, "BIGINT") for name in _NUMBERS}
    status = {name.replace("-", "_"): _column(form, name, "VARCHAR") for name in ("log-status", "action")}
    moment = numbers[moment_of(form.fields) or "start"]
    carries = part is not Part.EMPTY
    fields = ("srcaddr", "dstaddr", "pkt-srcaddr", "pkt-dstaddr", WEIGHT) if carries else (WEIGHT,)
    packet = "pkt_" if form.names_clients or "srcaddr" not in form.fields else ""
    is_counted = "direction >= 0" if form.names_clients else "outcome >= 0 AND regional IS NOT NULL"
    counts = "direction >= 0" if form.names_clients else _TELLS.format(packet=packet)
    return _COUNT.format(
        records=records,
        join=_join(form, gateways, part),
        addresses="".join(f"{name.replace('-', '_')}, " for name in fields if name in form.fields),
        count=f"SUM({WEIGHT})" if WEIGHT in form.fields else "COUNT(*)",
        source=f"CASE WHEN {is_counted} THEN {packet}srcaddr END" if carries else "CAST(NULL AS VARCHAR)",
        destination=f"CASE WHEN {is_counted} THEN {packet}dstaddr END" if carries else "CAST(NULL AS VARCHAR)",
        direction=_BY_PACKET if form.names_clients and carries else _BY_ADDRESS,
        outcome=_OUTCOME.format(bytes=numbers["bytes"], outside=_outside(moment, times), **status),
        where=part.value.format(counts=counts)
        + (f" OR first_second < {times.span[0]} OR last_second > {times.span[1]}" if times.span else ""),
        **numbers,
    )


def _outside(start: str, times: Times) -> str:
    if times.window is None:
        return ""
    return f"WHEN {start} < {times.window[0]} OR {start} >= {times.window[1]} THEN {OUTSIDE} "


def _join(form: RecordFormat, gateways: str, part: Part) -> str:
    if part is Part.EMPTY:
        return f"CROSS JOIN {_OF_NOBODY} AS gateways"
    kind = "JOIN" if part is Part.CARRYING else "LEFT JOIN"
    return f"{kind} {gateways} AS gateways ON record_key = {_key(form)}"


def moment_of(fields: Collection[str]) -> str:
    """The column that tells to which day a record belongs; empty where none does."""
    return next((name for name in ("start", "end") if name in fields), "")


def typed_columns(fields: Iterable[str]) -> str:
    """What to select from stored records, whatever types they are stored in, so that `count_query` can read them."""
    return ", ".join(_typed(name) for name in fields if name in USED)


def record_keys(gateways: Sequence[NatGateway]) -> list[tuple[str, int, bool]]:
    """The rows of `gateways`: record_key, gateway, regional."""
    return [
        (key, number, one.mode == "regional")
        for number, one in enumerate(gateways)
        for key in sorted({one.id, *(a.interface_id for a in one.addresses if a.interface_id)})
    ]


def _typed(name: str) -> str:
    column = name.replace("-", "_")
    if name in _NUMBERS:
        return f'TRY_CAST("{column}" AS BIGINT) AS "{column}"'
    return f'"{column}"' if name in {"action", "log-status"} else f'NULLIF("{column}", \'-\') AS "{column}"'


def _key(form: RecordFormat) -> str:
    known = [name.replace("-", "_") for name in NAMING if name in form.fields]
    return f"COALESCE({', '.join(known)})" if len(known) > 1 else known[0]


def _column(form: RecordFormat, name: str, kind: str) -> str:
    if name not in form.fields:
        return f"CAST(NULL AS {kind})"
    return f'records."{name.replace("-", "_")}"'


FOLD = """
WITH known AS (
  SELECT sums.*, regional,
    source_place.near AS source_near, source_place.service AS source_service, source_place.region AS source_region,
    source_place.named_by AS source_named_by, target_place.named_by AS target_named_by,
    target_place.near AS target_near, target_place.service AS target_service, target_place.region AS target_region,
    source_own.address IS NOT NULL AS source_own, target_own.address IS NOT NULL AS target_own
  FROM sums JOIN (SELECT DISTINCT gateway, regional FROM gateways) AS gateways ON outcome = gateways.gateway
  JOIN places AS source_place ON source = source_place.address
  JOIN places AS target_place ON destination = target_place.address
  LEFT JOIN own AS source_own ON source_own.gateway = outcome AND source_own.address = source
  LEFT JOIN own AS target_own ON target_own.gateway = outcome AND target_own.address = destination
  WHERE outcome >= 0 AND direction >= 0 AND source_place.service IS NOT NULL AND target_place.service IS NOT NULL
), turned AS (
  SELECT *, CASE
    WHEN direction = 1 AND NOT target_own AND NOT source_own AND (source_near OR NOT target_near) THEN 1
    WHEN direction = 2 AND NOT target_own AND NOT source_own AND (target_near OR NOT source_near) THEN 2
    WHEN direction = 0 AND source_near AND NOT target_near AND source_own <> regional THEN 1
    WHEN direction = 0 AND target_near AND NOT source_near AND target_own <> regional THEN 2
  END AS way, direction > 0 OR regional AS names_client
  FROM known
)
SELECT outcome AS gateway,
  CASE WHEN names_client THEN CASE way WHEN 1 THEN source ELSE destination END END AS client,
  CASE way WHEN 1 THEN target_service ELSE source_service END AS service,
  CASE way WHEN 1 THEN target_region ELSE source_region END AS region,
  CASE way WHEN 1 THEN target_named_by ELSE source_named_by END AS named_by,
  SUM(CASE way WHEN 1 THEN bytes ELSE 0 END) AS bytes_up,
  SUM(CASE way WHEN 2 THEN bytes ELSE 0 END) AS bytes_down
FROM turned WHERE way IS NOT NULL
GROUP BY 1, 2, 3, 4, 5
"""
"""From `sums` (of `count_query`), `gateways`, `places` (address, near, service, region, named_by) and `own` (gateway,
address)."""

WITHOUT_ADDRESS = """
SELECT COALESCE(SUM(records), 0) FROM sums
LEFT JOIN places AS source_place ON source = source_place.address
LEFT JOIN places AS target_place ON destination = target_place.address
WHERE outcome >= 0 AND direction >= 0 AND (source_place.service IS NULL OR target_place.service IS NULL)
"""
"""How many records of NAT gateways hold something that is no address."""
