"""An address of AWS that is none is said so in one line, before anything is asked."""

from __future__ import annotations

import pytest

from auditor.aws.session import AuditSession
from auditor.errors import UsageError


@pytest.mark.parametrize("url", ["nonsense", "http://", "http://127.0.0.1:99999", "ftp://127.0.0.1"])
@pytest.mark.parametrize("name", ["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_EC2"])
def test_an_endpoint_that_is_no_url_is_refused(name: str, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, url)
    with pytest.raises(UsageError, match=name):
        AuditSession()


@pytest.mark.parametrize("url", ["", "http://127.0.0.1:5000", "https://[::1]:4566/aws", "http://localstack"])
def test_urls_and_nothing_are_accepted(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", url)
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    assert AuditSession().home_region == "eu-west-1"
