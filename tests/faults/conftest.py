"""A proxy that asks the company's AWS once for each thing and remembers the answers."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.embedded import Served
from tests.faults.proxy import RandomFaults


@pytest.fixture(scope="package")
def remembering(seeded: Served) -> Iterator[RandomFaults]:
    with RandomFaults(seeded.url) as proxy:
        yield proxy


@pytest.fixture
def aws(seeded: Served, remembering: RandomFaults, monkeypatch: pytest.MonkeyPatch) -> Served:
    """The company, to which the environment of this process leads, over that proxy."""
    for name, value in seeded.environment_of(remembering.url).items():
        monkeypatch.setenv(name, value)
    return seeded
