"""How long an audit of one large region takes to analyse, and how much memory.

    python bench/plan.py [--vpcs 1000] [--services 20] [--hub] [--heavy]

Every VPC has three zones, a NAT gateway, and flow logs that name the services; with `--hub` all of them leave through
one NAT gateway behind a transit gateway. Every service may get an interface endpoint in every VPC. The texts of changes
are left out. A tenth of the services carries up to 900 GB in a VPC, the others up to 45; with `--heavy` all of them
carry that much, so that the bytes of all endpoints reach the next tier of prices.
"""

from __future__ import annotations

import argparse
import random
import resource
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from sys import path

path.insert(0, str(Path(__file__).parent.parent))

from auditor.analyzer import analyze
from auditor.model.attributed import Attribution, Engine, FlowLogScan, NamedBy
from auditor.model.audit import Remediation
from auditor.model.evidence import EVIDENCE_VERSION, Evidence, Scope, Series, Source, Window
from auditor.model.money import gigabytes
from auditor.model.network import Network
from auditor.model.resources import (
    EndpointService,
    NatAddress,
    NatGateway,
    Route,
    RouteTable,
    Subnet,
    TransitGatewayAttachment,
    TransitGatewayRoute,
    Vpc,
)
from tests.whatif.networks import PRICES, REGION

ACCOUNT, GIB = "111111111111", 2**30
WINDOW = Window(datetime(2026, 10, 21, tzinfo=UTC), datetime(2026, 11, 20, tzinfo=UTC))
AZS = tuple(f"{REGION}{letter}" for letter in "abc")
HUB = "vpc-hub"


def main() -> None:
    """Build the region, analyse it, print seconds and the peak of memory."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, default in (("vpcs", 1000), ("services", 20)):
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--hub", action="store_true")
    parser.add_argument("--heavy", action="store_true")
    options = parser.parse_args()
    evidence = region_of(
        [f"vpc-{number}" for number in range(options.vpcs)], options.services, hub=options.hub, heavy=options.heavy
    )
    start = time.process_time()
    audit = analyze(evidence, lambda _said, _network: Remediation())
    seconds = time.process_time() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{len(audit.findings)} findings, {len(audit.plan)} steps, {audit.totals.saving_measured:.2f} USD a month,")
    print(f"proven: {audit.plan_is_proven}; {seconds:.1f} s of the processor, {peak:.0f} MiB")


def region_of(vpc_ids: list[str], services: int, *, hub: bool, heavy: bool) -> Evidence:
    """One account's region with everything known."""
    chance = random.Random(20261129)  # noqa: S311
    network = network_of(vpc_ids, services, hub=hub)
    found = tuple(one for vpc_id in vpc_ids for one in attributions(chance, vpc_id, services, hub=hub, heavy=heavy))
    carried = {
        nat.id: sum(one.bytes_down for one in found if one.nat_gateway_id == nat.id) for nat in gateways(network)
    }
    day = (date(2026, 11, 1),)
    series = tuple(
        Series(nat_id, metric, day, (count,))
        for nat_id, count in carried.items()
        for metric, count in (("BytesInFromSource", 0), ("BytesInFromDestination", count))
    )
    scans = tuple(FlowLogScan(f"fl-{n}", Engine.DUCKDB, WINDOW.start, WINDOW.end, (n,)) for n in carried)
    scope = Scope(ACCOUNT, REGION, tuple(Source), network=network, series=series, attributions=found, scans=scans)
    print(f"{gigabytes(sum(carried.values())):,.0f} GB at {len(carried)} NAT gateways")
    return Evidence(EVIDENCE_VERSION, WINDOW.end, WINDOW, (scope,), PRICES)


def gateways(network: Network) -> tuple[NatGateway, ...]:
    """The NAT gateways."""
    return network.nat_gateways


def network_of(vpc_ids: list[str], services: int, *, hub: bool) -> Network:
    """VPCs alike, and the hub behind a transit gateway where there is one."""
    every = [*vpc_ids, HUB] if hub else vpc_ids
    with_nat = [HUB] if hub else vpc_ids
    return Network(
        vpcs=tuple(Vpc(one, ACCOUNT, REGION, ("10.0.0.0/16",), dns_support=True, dns_hostnames=True) for one in every),
        subnets=tuple(Subnet(f"subnet-{one}-{az}", ACCOUNT, REGION, one, az) for one in every for az in AZS),
        route_tables=tuple(table(one, hub=hub) for one in every),
        nat_gateways=tuple(nat(one) for one in with_nat),
        endpoint_services=tuple(service(number) for number in range(services)),
        attachments=tuple(attachment(one) for one in every) if hub else (),
        transit_routes=(TransitGatewayRoute("tgw-rtb", REGION, "0.0.0.0/0", f"at-{HUB}"),) if hub else (),
    )


def table(vpc_id: str, *, hub: bool) -> RouteTable:
    """The main table, to the NAT gateway or to the hub."""
    target = "tgw-0" if hub and vpc_id != HUB else f"nat-{vpc_id}"
    return RouteTable(f"rtb-{vpc_id}", ACCOUNT, REGION, vpc_id, is_main=True, routes=(Route("0.0.0.0/0", target),))


def nat(vpc_id: str) -> NatGateway:
    """A zonal NAT gateway older than the window."""
    created = WINDOW.start - timedelta(days=100)
    address = NatAddress("10.0.0.1", "198.51.100.1")
    home = f"subnet-{vpc_id}-{AZS[0]}"
    return NatGateway(f"nat-{vpc_id}", ACCOUNT, REGION, vpc_id, subnet_id=home, addresses=(address,), created=created)


def service(number: int) -> EndpointService:
    """A service with an interface endpoint in all zones."""
    name = f"com.amazonaws.{REGION}.service{number}"
    return EndpointService(name, f"service{number}", REGION, ("Interface",), AZS, (f"service{number}.example",))


def attachment(vpc_id: str) -> TransitGatewayAttachment:
    """The VPC's attachment in its first zone."""
    subnets = (f"subnet-{vpc_id}-{AZS[0]}",)
    base = ("tgw-0", ACCOUNT, REGION, "vpc", vpc_id, ACCOUNT)
    return TransitGatewayAttachment(f"at-{vpc_id}", *base, route_table_id="tgw-rtb", subnet_ids=subnets)


def attributions(chance: random.Random, vpc_id: str, services: int, *, hub: bool, heavy: bool) -> list[Attribution]:
    """What flow logs say of one VPC: some services pay for an endpoint, most do not; S3, and the internet."""
    nat_id = f"nat-{HUB if hub else vpc_id}"
    named = [(f"service{number}", REGION, NamedBy.QUERY_LOG) for number in range(services)]
    places = [*named, ("s3", REGION, NamedBy.ADDRESS), ("internet", None, NamedBy.ADDRESS)]
    return [
        Attribution(nat_id, f"subnet-{vpc_id}-{chance.choice(AZS)}", name, where, 0, count_of(chance, heavy), by)
        for name, where, by in places
    ]


def count_of(chance: random.Random, heavy: bool) -> int:  # noqa: FBT001
    """A service's bytes in one VPC."""
    return chance.randrange(900 if heavy or chance.randrange(10) == 0 else 45) * GIB


if __name__ == "__main__":
    main()
