"""Of answers only named members are read: none that a collector looks at may be missing among them."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.aws import operations as aws
from auditor.aws.members import MEMBERS
from auditor.aws.xml_reading import XmlReader
from auditor.collectors import gateways, surroundings, vpcs
from auditor.collectors.account import Account
from auditor.collectors.endpoints import fetch_endpoint_services, fetch_endpoints
from auditor.collectors.nat_gateways import fetch_nat_gateways
from auditor.collectors.network_acls import fetch_network_acls
from auditor.collectors.route_tables import fetch_route_tables
from auditor.model.resources import TransitGatewayAttachment
from tests.aws.test_xml_reading import by_botocore
from tests.models import model

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from botocore.model import Shape

    from auditor.aws.operations import Operation

ATTACHMENT = TransitGatewayAttachment("a", "t", "7", "r", "vpc", "v", "1", route_table_id="tgw-rtb-1")


class Answered:
    """What a collector may do, with given answers."""

    account_id, region = "7", "r"

    def __init__(self, answers: dict[str, dict[str, Any]]) -> None:
        self._answers = answers

    async def call(self, operation: Operation, **_: object) -> dict[str, Any]:
        return self._answers[operation.name]

    async def items(self, operation: Operation, **_: object) -> list[Any]:
        return list(self._answers[operation.name].get(operation.items) or [])


async def regions(calls: Any) -> object:  # noqa: ANN401
    return await Account("1", None, None, print)._enabled_regions(calls, ())  # type: ignore[arg-type]


FETCHES: dict[tuple[Operation, ...], Callable[[Any], Awaitable[object]]] = {
    (aws.DESCRIBE_REGIONS,): regions,
    (aws.DESCRIBE_ZONES,): vpcs.fetch_zones,
    (aws.DESCRIBE_VPCS,): vpcs.fetch_vpcs,
    (aws.DESCRIBE_VPC_ATTRIBUTE,): lambda calls: vpcs.fetch_dns(calls, ["vpc-1"]),
    (aws.DESCRIBE_SUBNETS,): vpcs.fetch_subnets,
    (aws.DESCRIBE_ROUTE_TABLES,): fetch_route_tables,
    (aws.DESCRIBE_NAT_GATEWAYS,): fetch_nat_gateways,
    (aws.DESCRIBE_ENDPOINTS,): fetch_endpoints,
    (aws.DESCRIBE_ENDPOINT_SERVICES,): lambda calls: fetch_endpoint_services(calls, ("1", "2", "3")),
    (aws.DESCRIBE_PREFIX_LISTS,): surroundings.fetch_prefix_lists,
    (aws.DESCRIBE_SECURITY_GROUPS,): lambda calls: surroundings.fetch_security_groups(calls, ["sg-1"]),
    (aws.DESCRIBE_NETWORK_ACLS,): fetch_network_acls,
    (aws.DESCRIBE_TRANSIT_ATTACHMENTS, aws.DESCRIBE_TRANSIT_VPC_ATTACHMENTS): gateways.fetch_attachments,
    (aws.SEARCH_TRANSIT_ROUTES,): lambda calls: gateways.fetch_transit_routes(calls, [ATTACHMENT]),
    (aws.DESCRIBE_PEERINGS,): gateways.fetch_peerings,
    (aws.DESCRIBE_FLOW_LOGS,): surroundings.fetch_flow_logs,
    (aws.DESCRIBE_INTERFACES,): lambda calls: surroundings.fetch_interfaces(calls, ["eni-1"]),
}


def test_all_calls_of_ec2_are_here() -> None:
    assert {one for some in FETCHES for one in some} == {one for one in aws.OPERATIONS if one.service == "ec2"}


WORDS = {
    "State": ["associated", "disassociated", "active", "available"],
    "OptInStatus": ["opted-in", "not-opted-in"],
    "DeliverLogsStatus": ["FAILED"],
    "PrivateDnsName": ["one", "other"],
    "PolicyDocument": ['{"Statement":{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}}'],
}
"""What members say where a collector asks for words; all others say `1`."""


@st.composite
def element(draw: st.DrawFn, shape: Shape, name: str = "") -> str:
    """An element's content: all members there, but for a few."""
    if shape.type_name == "structure":
        left_out = draw(st.sets(st.sampled_from(list(shape.members)), max_size=2))
        inner = [(key, one) for key, one in shape.members.items() if key not in left_out or "Id" in key]
        tags = {key: one.serialization.get("name", key) for key, one in inner}
        return "".join(f"<{tags[key]}>{draw(element(one, key))}</{tags[key]}>" for key, one in inner)
    if shape.type_name == "list":
        return f"<item>{draw(element(shape.member))}</item>"
    plain = {"boolean": "true", "timestamp": "2026-10-17T06:05:04.000Z", "double": "1.5"}
    return plain.get(shape.type_name) or draw(st.sampled_from(WORDS.get(name, ["1"])))


@pytest.mark.parametrize("operations", FETCHES, ids=lambda some: some[0].name)
@settings(max_examples=20)
@given(st.data())
def test_a_collector_makes_the_same_of_the_members_that_are_read_as_of_all(
    operations: tuple[Operation, ...], data: st.DataObject
) -> None:
    named: dict[str, dict[str, Any]] = {}
    whole: dict[str, dict[str, Any]] = {}
    for operation in operations:
        shape = model().operation_model(operation.name).output_shape
        body = f"<R>{data.draw(element(shape))}</R>".encode()
        named[operation.name], whole[operation.name] = XmlReader(shape)(body), by_botocore(body, shape)
    assert asyncio.run(made(operations, named)) == asyncio.run(made(operations, whole))


async def made(operations: tuple[Operation, ...], answers: dict[str, dict[str, Any]]) -> object:
    try:
        return await FETCHES[operations](Answered(answers))
    except KeyError as missing:
        return str(missing)


def test_what_is_named_is_a_member() -> None:
    """Of a shape that is there, under the name that botocore has for it."""
    found: dict[str, set[str]] = {}
    pending = [model().operation_model(one.name).output_shape for some in FETCHES for one in some]
    while pending:
        shape = pending.pop()
        if shape.type_name == "list":
            pending.append(shape.member)
        elif shape.type_name == "structure" and shape.name not in found:
            found[shape.name] = set(shape.members)
            pending += shape.members.values()
    assert not {shape: names - found.get(shape, set()) for shape, names in MEMBERS.items() if names - found[shape]}
