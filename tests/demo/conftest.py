"""One seeded company for all tests of this folder: building it takes four seconds, and they only read."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import boto3
import pytest

from auditor.demo.company import DEMO_NOW, Company, seed
from auditor.demo.embedded import EmbeddedAws

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@pytest.fixture(scope="package")
def aws() -> Iterator[EmbeddedAws]:
    before = dict(os.environ)
    with EmbeddedAws() as running:
        assert dict(os.environ) == before
        yield running


@pytest.fixture(scope="package")
def company(aws: EmbeddedAws) -> Company:
    before = dict(os.environ)
    built = seed(aws, DEMO_NOW)
    assert dict(os.environ) == before
    return built


@pytest.fixture(scope="package")
def clients(aws: EmbeddedAws, company: Company) -> Callable[..., Any]:
    """Answers the client of a service for the scope that a VPC of the company lies in."""
    with pytest.MonkeyPatch.context() as environment:
        for name, value in aws.environment.items():
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
        return sessions[account_id].client(service, region_name=region, endpoint_url=aws.endpoint_url)

    return client
