"""The seeded company for all tests of this folder, which only read, and its clients."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import boto3
import pytest

from auditor.demo.embedded import EmbeddedAws

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from auditor.demo.company import Company
    from tests.embedded import Served


@pytest.fixture(scope="package")
def own_aws() -> Iterator[EmbeddedAws]:
    """One in this process, without the company."""
    before = dict(os.environ)
    with EmbeddedAws() as running:
        assert dict(os.environ) == before
        yield running


@pytest.fixture(scope="package")
def company(seeded: Served) -> Company:
    return seeded.company


@pytest.fixture(scope="package")
def clients(seeded: Served, company: Company) -> Callable[..., Any]:
    """Answers the client of a service for the scope that a VPC of the company lies in."""
    with pytest.MonkeyPatch.context() as environment:
        for name, value in seeded.environment.items():
            environment.setenv(name, value)
        own = boto3.Session()
        sts = own.client("sts")
    role = sts.assume_role(
        RoleArn=f"arn:aws:iam::{company.accounts['data-platform']}:role/{company.role_name}",
        RoleSessionName="test",
        ExternalId=company.external_id,
    )["Credentials"]
    member = boto3.Session(role["AccessKeyId"], role["SecretAccessKey"], role["SessionToken"])
    sessions = {company.accounts["production"]: own, company.accounts["data-platform"]: member}

    def client(vpc: str, service: str = "ec2") -> Any:  # noqa: ANN401 - boto3 publishes no types
        account_id, region = company.scopes[vpc]
        return sessions[account_id].client(service, region_name=region, endpoint_url=seeded.url)

    return client
