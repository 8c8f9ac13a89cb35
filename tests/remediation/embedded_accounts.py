"""Accounts of an embedded AWS: clients that reach them, and what of a network must agree before and after."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import boto3
import pytest

from auditor.model.network import Network
from auditor.model.resources import NatGateway, Route
from tests.embedded import OWN, Served


def clients(aws: Served, account: str = OWN) -> Callable[[str, str], Any]:
    """The clients of an account of the embedded AWS."""
    keys = {key.lower(): aws.environment[key] for key in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")}
    session = boto3.Session(**keys)
    if account != OWN:
        sts = session.client("sts", region_name="us-east-1", endpoint_url=aws.url)
        role = f"arn:aws:iam::{account}:role/OrganizationAccountAccessRole"
        assumed = sts.assume_role(RoleArn=role, RoleSessionName="test")["Credentials"]
        session = boto3.Session(assumed["AccessKeyId"], assumed["SecretAccessKey"], assumed["SessionToken"])

    @cache
    def client(service: str, region: str) -> Any:  # noqa: ANN401 -- boto3 publishes no types
        return session.client(service, region_name=region, endpoint_url=aws.url)

    return client


def seen(network: Network) -> dict[str, object]:
    """What commands and edits must agree on. Ids of what is new differ: all is named by the subnets that it serves.

    Neither moto's ModifyVpcEndpoint nor its CreateVpcEndpoint knows private DNS or DNS options.
    """
    tables = network.table_of_subnet
    return {
        "nats": sorted((nat.vpc_id, nat.subnet_id or "") for nat in network.nat_gateways if nat.is_billed),
        "routes": {subnet: _routes(tables[subnet].routes, network) for subnet in tables},
        "endpoints": sorted(
            (
                one.vpc_id,
                one.type,
                one.service,
                sorted(one.subnet_ids),
                sorted(subnet for subnet, table in tables.items() if table.id in one.route_table_ids),
            )
            for one in network.endpoints
            if one.is_available
        ),
    }


def _routes(routes: Iterable[Route], network: Network) -> list[tuple[str, str]]:
    """Without those that come with endpoints, and to NAT gateways by where they are."""
    return sorted(
        (route.destination, _place(network.nat_gateway.get(route.target)) or route.target)
        for route in routes
        if not route.destination.startswith("pl-")
    )


def _place(nat: NatGateway | None) -> str | None:
    return f"NAT gateway in {nat.subnet_id or nat.id}" if nat else None


@contextmanager
def reached(aws: Served) -> Iterator[None]:
    """The environment in which an audit reads this embedded AWS."""
    with pytest.MonkeyPatch.context() as environment:
        for name, value in aws.environment.items():
            environment.setenv(name, value)
        yield
