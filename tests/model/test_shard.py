"""Shards: each account is in one of them, whatever other accounts there are."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.model.shard import WHOLE, Shard, shards

ACCOUNTS = st.from_regex(r"[0-9]{12}", fullmatch=True)


@given(ACCOUNTS, st.integers(1, 500))
def test_each_account_is_in_exactly_one_shard(account: str, of: int) -> None:
    assert sum(shard.holds(account) for shard in shards(of)) == 1


def test_a_shard_is_the_same_in_every_process_and_version() -> None:
    """`printf 123456789012 | sha256sum` begins with 2a33349e7e606a8a, whose last hexadecimal digit is 10."""
    assert Shard(11, 16).holds("123456789012")


def test_shards_are_about_equal() -> None:
    counts = Counter(shard for n in range(1_600) for shard in shards(16) if shard.holds(f"{n:012d}"))
    assert len(counts) == 16
    assert max(counts.values()) < 2 * 100


def test_one_shard_holds_all() -> None:
    assert all(WHOLE.holds(f"{n:012d}") for n in range(50))


@given(st.integers(1, 999), st.integers(1, 999))
def test_a_shard_is_read_as_it_is_written(number: int, of: int) -> None:
    if number <= of:
        assert Shard.parse(str(Shard(number, of))) == Shard(number, of)


@pytest.mark.parametrize("text", ["", "3", "0/4", "5/4", "1/0", "-1/4", "1/4/2", " 1/4", "a/b", "\uff11/4", "1/10000"])
def test_what_is_no_shard_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not a shard such as 3/16"):
        Shard.parse(text)
