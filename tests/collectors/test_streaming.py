"""Accounts are handed on as they are read, and forgotten: what is held does not grow with their number."""

from __future__ import annotations

import asyncio
import weakref
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import pytest

from auditor.aws.accounts import Access
from auditor.collectors import run
from auditor.collectors.run import Progress, Selection, collect, collect_parts, window_of
from auditor.errors import StoreError
from auditor.model.evidence import Evidence, Scope
from auditor.model.joining import joined
from auditor.model.shard import Shard
from tests.organization import ACCOUNTS, Organization, organization

NOW = datetime(2026, 11, 29, 6, tzinfo=UTC)
SELECTION = Selection(window_of(30, NOW), NOW, accounts=ACCOUNTS, access=Access("AuditorReadOnly"), live_prices=False)
IN_FLIGHT = 3


@pytest.fixture(scope="module")
def served() -> Iterator[Organization]:
    with organization() as aws:
        yield aws


@pytest.fixture(autouse=True)
def aws(served: Organization, monkeypatch: pytest.MonkeyPatch) -> Organization:
    for name, value in served.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(run, "ACCOUNTS_IN_FLIGHT", IN_FLIGHT)
    served.calls("AssumeRole")
    return served


@dataclass
class Watched:
    """Parts that are counted and let go, and how many accounts were begun at each of them."""

    there: frozenset[str] = frozenset()
    fails_at: int = 1_000
    told: tuple[str, ...] = ()
    kept: list[str] = field(default_factory=list)
    begun: int = 0
    most: int = 0
    alive: list[weakref.ref[Scope]] = field(default_factory=list)
    most_alive: int = 0

    def expect(self, accounts: tuple[str, ...]) -> frozenset[str]:
        self.told = accounts
        return self.there

    async def keep(self, account_id: str, part: Evidence) -> None:
        if len(self.kept) == self.fails_at:
            raise StoreError("the disk is full")
        self.most = max(self.most, self.begun - len(self.kept))
        self.kept.append(account_id)
        self.alive.append(weakref.ref(part.scopes[0]))
        self.most_alive = max(self.most_alive, sum(one() is not None for one in self.alive))
        await asyncio.sleep(0.01)

    def report(self, total: int, done: int, text: str) -> None:
        """An account begins: its scopes are expected."""
        del total, done
        self.begun += not text


def read(parts: Watched, **changes: object) -> Evidence:
    return asyncio.run(collect_parts(replace(SELECTION, **changes), Progress(parts.report), parts))  # type: ignore[arg-type]


def test_a_few_accounts_are_held_however_many_there_are() -> None:
    parts = Watched()
    rest = read(parts)
    assert sorted(parts.kept) == sorted(ACCOUNTS)
    assert parts.most <= IN_FLIGHT < len(ACCOUNTS)
    assert parts.most_alive <= IN_FLIGHT
    assert (len(rest.scopes), len(rest.gaps)) == (0, 0)


def test_accounts_that_are_there_or_belong_to_another_shard_are_not_asked(aws: Organization) -> None:
    parts = Watched(there=frozenset(ACCOUNTS[:5]))
    read(parts, shard=Shard(2, 2))
    assert parts.told == ACCOUNTS
    wanted = [account for account in ACCOUNTS[5:] if Shard(2, 2).holds(account)]
    assert sorted(parts.kept) == wanted != []
    assert aws.calls("AssumeRole") == len(wanted)


def test_a_store_that_fails_ends_the_run_at_once(aws: Organization) -> None:
    parts = Watched(fails_at=2)
    with pytest.raises(StoreError, match="the disk is full"):
        read(parts)
    assert len(parts.kept) == 2
    assert aws.calls("AssumeRole") <= 2 + 2 * IN_FLIGHT


def test_parts_and_rest_joined_are_what_is_collected_in_memory() -> None:
    @dataclass
    class Held(Watched):
        parts: list[Evidence] = field(default_factory=list)

        async def keep(self, account_id: str, part: Evidence) -> None:
            await super().keep(account_id, part)
            self.parts.append(part)

    held = Held()
    rest = read(held)
    assert joined([*held.parts, rest]) == asyncio.run(collect(SELECTION))
    assert len({row.region for part in held.parts for row in part.prices.rows}) == 2
