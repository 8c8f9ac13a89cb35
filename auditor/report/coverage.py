"""How much of a NAT gateway's bytes flow logs explain, in sentences; their figures are those of the audit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.model.evidence import Window
from auditor.report.filters import percent, period
from auditor.report.text import counted, listing, name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.model.audit import FlowLogEvidence, NatGatewayCost

ENGINES = {"duckdb": "on this machine", "athena": "by Amazon Athena", "logs-insights": "by CloudWatch Logs Insights"}


def explained(nat: NatGatewayCost) -> str:
    """What was read and how much it explains; empty where no flow log was read."""
    return " ".join(_sentences(nat, nat.attribution)) if nat.attribution else ""


def covered(nat: NatGatewayCost) -> str:
    """How far its bytes are explained, in a few words for a finding."""
    if nat.attribution is None:
        return "no flow log tells where its bytes go."
    return _coverage(nat, nat.attribution)


def _sentences(nat: NatGatewayCost, read: FlowLogEvidence) -> Iterator[str]:
    yield _coverage(nat, read)
    if read.share_of_window is not None and read.share_of_window < 1:
        yield (
            f"These days hold {percent(read.share_of_window)} of the window's bytes; the amounts a month take the other"
            " days for alike."
        )
    if read.skipdata:
        lost = counted(read.skipdata, "record was", "records were")
        yield f"{lost} lost before delivery (SKIPDATA), so the bytes that they counted are not attributed."
    if read.unreadable:
        yield f"{counted(read.unreadable, 'record or file', 'records or files')} could not be read."
    if not read.clients_known:
        yield "The records do not name the clients."


def _coverage(nat: NatGatewayCost, read: FlowLogEvidence) -> str:
    ids = [name(one) for one in read.flow_log_ids]
    logs = f"{'Flow log' if len(ids) == 1 else 'Flow logs'} {listing(ids)}"
    how = ", ".join(ENGINES.get(engine, engine) for engine in read.engine.split(", "))
    days = period(Window(read.start, read.end))
    if nat.coverage is None:
        return f"{logs}, read {how}, {days}: without CloudWatch's count nobody can say how much of it that is."
    share = f"{percent(nat.coverage)} of the bytes that CloudWatch counted"
    if nat.coverage > 1:
        return f"{logs}, read {how}, {days}: {share} are claimed, and amounts are scaled down to what was billed."
    return f"{logs}, read {how}, {days}: {share} are explained."
