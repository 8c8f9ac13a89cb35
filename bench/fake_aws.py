"""An AWS of its own process for speed measurements: it answers each call after exactly the latency.

    python bench/fake_aws.py --port 0 --latency 0.060 --regions 30 --vpcs 5 --nats 6 --port-file PATH

Serves STS, EC2, CloudWatch GetMetricData and the Price List from bodies rendered before the port is told, so
that concurrency never queues here. `--setup` is what a new connection costs, as TLS over a long way does: its first
answer comes that much later. GET /_stats counts the calls by region and operation, POST /_reset forgets
them. Times there are seconds of this machine's monotonic clock. No signature is checked. An assumed role's
access key names its account, and every account sees the like network, with ids of its own.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import re
import sys
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl
from weakref import WeakSet

from aiohttp import web

sys.path.insert(0, str(Path(__file__).parent.parent))  # started as a file, it sees its own folder only

from bench import fake_aws_network as network
from bench import fake_aws_services as services
from bench import fake_aws_surroundings as surroundings
from bench.fake_aws_filter import interfaces_named
from bench.fake_aws_metrics import get_metric_data
from bench.fake_aws_pricing import REGIONS, get_products
from bench.fake_aws_region import ACCOUNT, OF_ACCOUNT, Fields, Region, answer

if TYPE_CHECKING:
    from collections.abc import Callable

RENDERED: dict[str, Callable[[Region], Fields]] = {
    "DescribeRegions": network.regions,
    "DescribeAvailabilityZones": network.availability_zones,
    "DescribeVpcs": network.vpcs,
    "DescribeSubnets": network.subnets,
    "DescribeRouteTables": network.route_tables,
    "DescribeNatGateways": network.nat_gateways,
    "DescribeVpcEndpoints": network.vpc_endpoints,
    "DescribeVpcEndpointServices": services.vpc_endpoint_services,
    "DescribePrefixLists": surroundings.prefix_lists,
    "DescribeManagedPrefixLists": surroundings.managed_prefix_lists,
    "DescribeSecurityGroups": surroundings.security_groups,
    "DescribeNetworkAcls": surroundings.network_acls,
    "DescribeNetworkInterfaces": surroundings.network_interfaces,
    "DescribeFlowLogs": surroundings.flow_logs,
    "DescribeVpcPeeringConnections": surroundings.vpc_peering_connections,
    "DescribeTransitGatewayAttachments": surroundings.transit_gateway_attachments,
    "DescribeTransitGatewayVpcAttachments": surroundings.transit_gateway_vpc_attachments,
    "DescribeTransitGatewayRouteTables": surroundings.transit_gateway_route_tables,
    "SearchTransitGatewayRoutes": surroundings.transit_gateway_routes,
}
ACTION = re.compile(rb"(?:^|&)Action=(\w+)")
STS = "https://sts.amazonaws.com/doc/2011-06-15/"


@dataclass(slots=True)
class Count:
    """The calls of one operation in one region, and when the first and the last of them arrived."""

    calls: int = 0
    first: float = 0.0
    last: float = 0.0


@dataclass(slots=True)
class FakeAws:
    """Answers calls. `bodies` holds what is rendered, by region and operation."""

    latency: float
    setup: float
    regions: dict[str, Region]
    bodies: dict[tuple[str, str], bytes]
    counts: dict[tuple[str, str], Count] = field(default_factory=dict)
    connected: WeakSet[object] = field(default_factory=WeakSet)

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer one call, `latency` seconds after its arrival, the first of a connection `setup` later."""
        arrived = asyncio.get_running_loop().time()
        if request.path.startswith("/_"):
            return self.control(request)
        due = arrived + self.latency + self.newly_connected(request)
        body = await request.read()
        region, account = credential(request.headers.get("Authorization", "").partition(",")[0])
        target = request.headers.get("X-Amz-Target")
        operation = target.rpartition(".")[2] if target else action(body)
        self.note(region, operation, arrived)
        response = json_answer(operation, body) if target else self.xml_answer(region, operation, body, account)
        await asyncio.sleep(due - asyncio.get_running_loop().time())
        return response

    def newly_connected(self, request: web.BaseRequest) -> float:
        """Return the seconds that the connection of a call still has to wait for."""
        if request.transport in self.connected:
            return 0.0
        self.connected.add(request.transport)
        return self.setup

    def note(self, region: str, operation: str, arrived: float) -> None:
        """Count a call."""
        count = self.counts.get((region, operation))
        if count is None:
            count = self.counts[region, operation] = Count(first=arrived)
        count.calls += 1
        count.last = arrived

    def xml_answer(self, region: str, operation: str, body: bytes, account: str) -> web.Response:
        """Answer EC2 or STS."""
        found = self.bodies.get((region, operation)) or self.asked(region, operation, body, account)
        if found is None:
            return web.Response(status=400, body=invalid_action(operation), content_type="text/xml")
        if account != ACCOUNT:
            found = found.replace(ACCOUNT.encode(), account.encode())
            found = found.replace(OF_ACCOUNT.encode(), account[-len(OF_ACCOUNT) :].encode())
        if operation == "DescribeNetworkInterfaces":
            found = interfaces_named(found, body)
        return web.Response(body=found, content_type="text/xml")

    def asked(self, region: str, operation: str, body: bytes, account: str) -> bytes | None:
        """Answer what depends on the parameters, or None if the operation is unknown."""
        asked = dict(parse_qsl(body.decode()))
        if operation == "DescribeVpcAttribute":
            attribute = {asked["Attribute"]: {"value": True}}
            return answer(operation, {"vpcId": asked["VpcId"], **attribute})
        if operation == "GetManagedPrefixListEntries" and region in self.regions:
            entries = surroundings.prefix_list_entries(self.regions[region], asked["PrefixListId"])
            return answer(operation, entries)
        if operation == "GetCallerIdentity":
            return caller_identity(account)
        return assume_role(asked["RoleArn"]) if operation == "AssumeRole" else None

    def control(self, request: web.BaseRequest) -> web.Response:
        """Show or forget the counts."""
        if request.method == "POST" and request.path == "/_reset":
            self.counts.clear()
        elif request.path != "/_stats":
            raise web.HTTPNotFound
        by_region: dict[str, dict[str, dict[str, float]]] = {}
        for (region, operation), count in self.counts.items():
            shown = {"calls": count.calls, "first": count.first, "last": count.last}
            by_region.setdefault(region, {})[operation] = shown
        total = sum(count.calls for count in self.counts.values())
        return web.json_response({"calls": total, "regions": by_region})


@lru_cache(maxsize=100_000)
def credential(authorization: str) -> tuple[str, str]:
    """Return region and account of a call; of an unsigned one, no region."""
    key, _, region, *_ = (*authorization.partition("Credential=")[2].split("/"), "", "", "")
    return region, key[4:16] if key.startswith("ASIA") else ACCOUNT


def action(body: bytes) -> str:
    """Return the operation that a query names."""
    found = ACTION.search(body)
    return found[1].decode() if found else "(none)"


def json_answer(operation: str, body: bytes) -> web.Response:
    """Answer CloudWatch or the Price List."""
    status = 200
    if operation == "GetMetricData":
        found = get_metric_data(json.loads(body))
    elif operation == "GetProducts":
        asked = json.loads(body)
        filters = frozenset((each["Field"], each["Value"]) for each in asked.get("Filters", ()))
        found = get_products(asked["ServiceCode"], filters)
    else:
        status, found = 400, json.dumps({"__type": "UnknownOperationException"}).encode()
    return web.Response(status=status, body=found, content_type="application/x-amz-json-1.1")


def invalid_action(operation: str) -> bytes:
    """Return how EC2 refuses an operation that it does not know."""
    message = f"The action {operation} is not valid for this web service."
    return (
        f"<Response><Errors><Error><Code>InvalidAction</Code><Message>{message}</Message></Error></Errors>"
        "<RequestID>8f7724cf-496f-496e-8fe3-000000000000</RequestID></Response>"
    ).encode()


def caller_identity(account: str) -> bytes:
    """Answer GetCallerIdentity."""
    return (
        f'<GetCallerIdentityResponse xmlns="{STS}"><GetCallerIdentityResult>'
        f"<Arn>arn:aws:iam::{account}:user/auditor</Arn><UserId>AIDAFAKE</UserId><Account>{account}</Account>"
        f"</GetCallerIdentityResult></GetCallerIdentityResponse>"
    ).encode()


def assume_role(role: str) -> bytes:
    """Answer AssumeRole with an access key that names the role's account."""
    account = role.split(":")[4]
    return (
        f'<AssumeRoleResponse xmlns="{STS}"><AssumeRoleResult><AssumedRoleUser>'
        f"<AssumedRoleId>AROAFAKE:auditor</AssumedRoleId>"
        f"<Arn>arn:aws:sts::{account}:assumed-role/{role.rpartition('/')[2]}/auditor</Arn></AssumedRoleUser>"
        f"<Credentials><AccessKeyId>ASIA{account}FAKE</AccessKeyId><SecretAccessKey>fake</SecretAccessKey>"
        f"<SessionToken>fake</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration></Credentials>"
        f"</AssumeRoleResult></AssumeRoleResponse>"
    ).encode()


def built(options: argparse.Namespace) -> FakeAws:
    """Render everything."""
    names = tuple(REGIONS)[: options.regions]
    regions = {name: Region(name, index, options.vpcs, options.nats, names) for index, name in enumerate(names)}
    bodies = {
        (name, operation): answer(operation, fields(region))
        for name, region in regions.items()
        for operation, fields in RENDERED.items()
    }
    return FakeAws(options.latency, options.setup, regions, bodies)


async def serve(options: argparse.Namespace) -> None:
    """Serve on the loopback until stopped; tell the port on stdout and in the file."""
    runner = web.ServerRunner(web.Server(built(options).handle, access_log=None))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", options.port, backlog=4096).start()
    gc.freeze()
    port = runner.addresses[0][1]
    if options.port_file:
        options.port_file.write_text(f"{port}\n")
    print(port, flush=True)
    await asyncio.Event().wait()


def parsed(arguments: list[str]) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, default=0, help="0: any free one")
    parser.add_argument("--latency", type=float, default=0.060, help="seconds for each answer")
    parser.add_argument("--setup", type=float, default=0.0, help="seconds more for a connection's first answer")
    parser.add_argument("--regions", type=int, default=30, choices=range(1, len(REGIONS) + 1), metavar="N")
    parser.add_argument("--vpcs", type=int, default=5, help="in each region, at most 255")
    parser.add_argument("--nats", type=int, default=6, help="in each region")
    parser.add_argument("--port-file", type=Path, help="file that tells the port")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    asyncio.run(serve(parsed(sys.argv[1:])))
