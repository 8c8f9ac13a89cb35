"""Nordlicht Retail, an online shop that does not exist: two accounts, three regions, and every kind of waste.

`seed` builds it, with 30 days of metrics and flow records, always with the same ids: two runs give the same audit.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, TypeAlias

from auditor.demo import (
    analytics,
    egress,
    flow_log_plans,
    flow_logs,
    fulfilment,
    legacy,
    mobile,
    moto_patches,
    payments,
    query_logs,
    shop,
)
from auditor.demo.accounts import own_account
from auditor.demo.inventory import Company
from auditor.demo.scope import Scope

if TYPE_CHECKING:
    from auditor.demo.accounts import Account
    from auditor.demo.embedded import EmbeddedAws

Scopes: TypeAlias = "dict[tuple[str, str], Scope]"

__all__ = ["DEMO_NOW", "Company", "seed"]

# A Monday. The audit's window is the 30 whole days before it.
DEMO_NOW = datetime(2026, 11, 16, 6, tzinfo=UTC)

PRODUCTION = "production"
DATA_PLATFORM = "data-platform"
_DATA_PLATFORM_ID = "210987654321"
_REGIONS = ("eu-central-1", "us-east-1", "ap-southeast-2")
_ROLE = "AuditorReadOnly"
_EXTERNAL_ID = "nordlicht-audit"


def seed(aws: EmbeddedAws, now: datetime) -> Company:
    """Build the company in an empty embedded AWS, as it is at `now`, and name what was built."""
    production = own_account(aws)
    platform = production.member(_DATA_PLATFORM_ID)
    company = Company(
        accounts={PRODUCTION: production.id, DATA_PLATFORM: platform.id},
        regions=_REGIONS,
        role_name=_ROLE,
        external_id=_EXTERNAL_ID,
    )
    _open_regions(company)
    _create_role(platform, trusted=production.id)
    scopes = _build_production(production, company, now) | _build_data_platform(platform, company, now)
    _build_logs(production, platform, company, scopes)
    _build_fulfilment(production, company, now)
    return company


def _build_production(account: Account, company: Company, now: datetime) -> Scopes:
    frankfurt, virginia, sydney = (_scope(account, region, company, now) for region in _REGIONS)
    _create_bucket(account, frankfurt.region, egress.FLOW_LOG_BUCKET)
    shop.build_production(frankfurt)
    shop.build_staging(frankfurt)
    egress.build(frankfurt)
    payments.build(virginia)
    legacy.build(virginia)
    legacy.build_batch(virginia)
    mobile.build_site(sydney)
    return _published(frankfurt, virginia, sydney)


def _build_data_platform(account: Account, company: Company, now: datetime) -> Scopes:
    _, virginia, sydney = (_scope(account, region, company, now) for region in _REGIONS)
    analytics.build(virginia)
    mobile.build_api(sydney)
    return _published(virginia, sydney)


def _published(*scopes: Scope) -> Scopes:
    for scope in scopes:
        scope.publish()
    return {(scope.account_id, scope.region): scope for scope in scopes}


def _build_logs(production: Account, platform: Account, company: Company, scopes: Scopes) -> None:
    # After the networks: what is made here does not change their ids.
    frankfurt, virginia, _ = _REGIONS
    _create_bucket(platform, virginia, flow_log_plans.LAKE_BUCKET)
    _create_bucket(production, frankfurt, query_logs.BUCKET)
    owners = {egress.FLOW_LOG_BUCKET: production.id, flow_log_plans.LAKE_BUCKET: platform.id}
    said = flow_logs.build(company, scopes, owners, flow_log_plans.plans(company))
    resolver = production.client("route53resolver", frankfurt)
    query_logs.build(scopes[production.id, frankfurt], resolver, "shop-prod", said["shop-prod"])


def _build_fulfilment(production: Account, company: Company, now: datetime) -> None:
    # After all else, for the same reason.
    scope = _scope(production, _REGIONS[0], company, now)
    fulfilment.build(scope)
    owners = {egress.FLOW_LOG_BUCKET: production.id}
    said = flow_logs.build(company, _published(scope), owners, fulfilment.plans(company))
    resolver = production.client("route53resolver", scope.region)
    for network in fulfilment.NETWORKS:
        query_logs.build(scope, resolver, network, said[network])


def _create_bucket(account: Account, region: str, name: str) -> None:
    place = {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
    account.client("s3", region).create_bucket(Bucket=name, **place)


def _scope(account: Account, region: str, company: Company, now: datetime) -> Scope:
    return Scope(
        account_id=account.id,
        region=region,
        ec2=account.client("ec2", region),
        cloudwatch=account.client("cloudwatch", region),
        moto=moto_patches.ec2_backend(account.id, region),
        now=now,
        company=company,
    )


def _open_regions(company: Company) -> None:
    # moto makes a region's default VPC at the first call, with the next random ids: so in one order, now.
    for account_id in company.accounts.values():
        for region in moto_patches.ENABLED_REGIONS:
            moto_patches.ec2_backend(account_id, region)


def _create_role(account: Account, *, trusted: str) -> None:
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{trusted}:root"},
        "Action": "sts:AssumeRole",
        "Condition": {"StringEquals": {"sts:ExternalId": _EXTERNAL_ID}},
    }
    account.client("iam").create_role(
        RoleName=_ROLE,
        Description="Lets the network audit of the production account read this one",
        AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [statement]}),
    )
