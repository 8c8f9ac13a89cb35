"""An AWS with nothing in it, for the tests that put flow logs into buckets."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from auditor.attribution import summing
from auditor.attribution.s3 import download as s3_download
from tests.attribution.compiled import compile_now, use
from tests.attribution.s3_bucket import KEYS_PER_PAGE, Store
from tests.embedded import Served, served
from tests.fault_proxy import FaultProxy


@pytest.fixture(scope="module")
def compiled_now(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The part in C as it stands in the source."""
    installed = summing.LIBRARY
    library = tmp_path_factory.mktemp("compiled") / "summing.so"
    compile_now(library)
    use(library)
    yield
    use(installed)


@pytest.fixture(scope="session")
def blank() -> Iterator[Served]:
    """It answers few keys a page."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MOTO_S3_DEFAULT_MAX_KEYS", str(KEYS_PER_PAGE))
        with served("blank") as aws:
            yield aws


@pytest.fixture(scope="session")
def before_blank(blank: Served) -> Iterator[FaultProxy]:
    with FaultProxy(blank.url) as proxy:
        yield proxy


@pytest.fixture
def s3(blank: Served, before_blank: FaultProxy, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> FaultProxy:
    """The proxy before it, to which the environment leads; a folder for temporary files; no pauses."""
    before_blank.clear()
    for name, value in blank.environment_of(before_blank.url).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(s3_download, "PAUSES", (0.0, 0.0))
    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))
    return before_blank


@pytest.fixture
def store(blank: Served, s3: FaultProxy) -> Store:
    """A new bucket in Frankfurt."""
    assert s3.url
    return Store(blank)
