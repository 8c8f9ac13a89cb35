"""All clients of an audit send over one HTTP session, by the short way; where that does not fit, as botocore does."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from unittest.mock import PropertyMock, patch

import pytest
from botocore.auth import SigV4Auth

from auditor.aws.connections import Connections
from auditor.model.evidence import Evidence
from tests.embedded import OWN, Served, read

FRANKFURT = "eu-central-1"


@pytest.fixture
def whole(aws: Served) -> Evidence:
    return read(aws.company, accounts=(OWN,), regions=(FRANKFURT,))


def test_no_call_of_a_run_is_signed_by_botocore(aws: Served, whole: Evidence) -> None:
    """Whose signer takes ten times as long."""
    with patch.object(SigV4Auth, "add_auth", side_effect=AssertionError):
        assert read(aws.company, accounts=(OWN,), regions=(FRANKFURT,)) == whole


def test_botocores_own_way_finds_the_same_and_counts_the_same(aws: Served, whole: Evidence) -> None:
    with patch.object(Connections, "only", PropertyMock(return_value=None)):
        found = read(aws.company, accounts=(OWN,), regions=(FRANKFURT,))
    assert replace(found, calls=()) == replace(whole, calls=())
    assert found.calls == whole.calls


def test_clients_of_equal_settings_share_a_session_until_the_last_one_is_closed() -> None:
    async def use() -> None:
        connections = Connections()
        first, second = connections(verify=True, proxies={}), connections(verify=True, proxies={})
        assert first is second is connections.only
        async with first:
            async with second:
                pass
            assert first._sessions is not None
        assert first._sessions is None

    asyncio.run(use())


def test_where_settings_differ_there_is_no_only_session() -> None:
    async def use() -> None:
        connections = Connections()
        assert connections.only is None
        assert connections(proxies={}) is not connections(proxies={"https": "http://proxy:3128"})
        assert connections.only is None

    asyncio.run(use())
