"""The accounts of AWS Organizations: which there are, which of them can be audited, which were left out and why."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass

from auditor.aws.calls import ScopeCalls
from auditor.aws.operations import (
    LIST_ACCOUNTS,
    LIST_ACCOUNTS_FOR_PARENT,
    LIST_UNITS_FOR_PARENT,
)


@dataclass(frozen=True, slots=True)
class Choice:
    """Which accounts of the organization: of these units (and those below them) or all, but not the excluded ones."""

    units: tuple[str, ...] = ()
    excluded: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Member:
    """An account of the organization. Only an ACTIVE one lets a role be assumed."""

    account_id: str
    name: str
    status: str


async def fetch_members(calls: ScopeCalls, units: Iterable[str]) -> tuple[Member, ...]:
    """The accounts under these units, or of the whole organization; raises `AwsFailureError` where AWS will not say."""
    roots = tuple(units)
    if not roots:
        return _parsed(await calls.items(LIST_ACCOUNTS))
    found: dict[str, Member] = {}
    async for unit in _with_all_below(calls, roots):
        here = _parsed(await calls.items(LIST_ACCOUNTS_FOR_PARENT, ParentId=unit))
        found |= {member.account_id: member for member in here}
    return tuple(found.values())


def chosen(members: Iterable[Member], choice: Choice) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The ids of the accounts to audit, and a note for each reason for which others are left out."""
    known = tuple(members)
    wanted = [one for one in known if one.account_id not in choice.excluded]
    notes = [_left_out("the configuration excludes them", (one for one in known if one not in wanted))]
    for status in sorted({one.status for one in wanted} - {"ACTIVE"}):
        why = f"AWS Organizations says {status}"
        notes.append(_left_out(why, (one for one in wanted if one.status == status)))
    active = tuple(sorted(one.account_id for one in wanted if one.status == "ACTIVE"))
    return active, tuple(note for note in notes if note)


async def _with_all_below(calls: ScopeCalls, units: tuple[str, ...]) -> AsyncIterator[str]:
    """Each unit once, though one may be named that lies below another."""
    waiting, seen = list(units), set(units)
    while waiting:
        unit = waiting.pop()
        yield unit
        below = {item["Id"] for item in await calls.items(LIST_UNITS_FOR_PARENT, ParentId=unit)}
        waiting += sorted(below - seen)
        seen |= below


def _parsed(items: Iterable[dict[str, str]]) -> tuple[Member, ...]:
    """`State` has taken the place of `Status`, which AWS drops in September 2026 (API reference, read 2026-11-20)."""
    return tuple(Member(one["Id"], one.get("Name", ""), one.get("State") or one.get("Status", "")) for one in items)


def _left_out(why: str, members: Iterable[Member]) -> str:
    ids = sorted(one.account_id for one in members)
    return f"Not audited, for {why}: {', '.join(ids)}." if ids else ""
