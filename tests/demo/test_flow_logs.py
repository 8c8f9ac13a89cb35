"""The flow logs' files hold what the inventory says, to the byte, whatever shape they have."""

from __future__ import annotations

import gzip
import json
import re
from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import pytest

from auditor.attribution.files import find_files
from auditor.attribution.ranges import load_ranges
from auditor.attribution.tally import Counted, counting
from auditor.collectors.nat_gateways import parse_nat_gateway
from auditor.demo import depots, flow_log_plans, fulfilment
from auditor.model.evidence import Window

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from auditor.demo.company import Company
    from auditor.demo.flow_log_plans import FlowLogPlan
    from auditor.model.resources import NatGateway

    Clients = Callable[..., Any]

TIB = 1024**4
NETWORKS = {
    "egress": "egress",
    "shop-prod": "shop-prod",
    "payments": "payments",
    "inquiry": "payments",
    "analytics-a": "analytics",
    "analytics-b": "analytics",
    "mobile-api": "mobile-api",
    "fulfilment": "fulfilment",
    "archive": "archive",
    "depots": "depots",
}
"""Flow log -> the network whose account and region it is in."""


def all_plans(company: Company) -> list[FlowLogPlan]:
    return [*flow_log_plans.plans(company), *fulfilment.plans(company), *depots.plans(company)]


def described(company: Company, clients: Clients, name: str) -> dict[str, Any]:
    ec2 = clients(NETWORKS.get(name, name))
    (found,) = ec2.describe_flow_logs(FlowLogIds=[company.flow_logs[name]])["FlowLogs"]
    return dict(found)


def objects(company: Company, clients: Clients, name: str) -> Iterator[tuple[str, bytes]]:
    """Key and content of every object of a flow log, which its id in the key tells."""
    found = described(company, clients, name)
    bucket, _, prefix = found["LogDestination"].removeprefix("arn:aws:s3:::").partition("/")
    s3 = clients(NETWORKS[name], "s3")
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
        for item in page.get("Contents", []):
            if found["FlowLogId"] in item["Key"]:
                yield item["Key"], s3.get_object(Bucket=bucket, Key=item["Key"])["Body"].read()


def days(company: Company, name: str) -> Window:
    """Those the inventory speaks of."""
    first, end = (datetime.fromisoformat(day).replace(tzinfo=UTC) for day in company.logged_days[name])
    return Window(first, end)


def gateways(company: Company, clients: Clients, name: str) -> list[NatGateway]:
    account, region = company.scopes[NETWORKS[name]]
    ids = [company.nat_gateways[nat] for nat in company.logged_bytes[name]]
    items = clients(NETWORKS[name]).describe_nat_gateways(NatGatewayIds=ids)["NatGateways"]
    return [parse_nat_gateway(item, account, region) for item in items]


@pytest.fixture(scope="module")
def attributed(company: Company, clients: Clients, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Counted]:
    """What the product counts in each flow log's files on those days."""
    found = {}
    for name in NETWORKS:
        folder = tmp_path_factory.mktemp(name)
        for key, content in objects(company, clients, name):
            (folder / key.rpartition("/")[2]).write_bytes(content)
        with counting(gateways(company, clients, name)) as tally:
            tally.add_files(find_files([str(folder)], None), days(company, name))
            found[name] = tally.result(load_ranges())
    return found


@pytest.mark.parametrize("name", NETWORKS)
def test_each_destination_has_the_bytes_of_the_inventory(
    company: Company, attributed: dict[str, Counted], name: str
) -> None:
    names = {company.nat_gateways[nat]: nat for nat in company.logged_bytes[name]}
    counted = {
        names[nat.id]: {
            " ".join(filter(None, (one.service, one.region))): [one.bytes_up, one.bytes_down]
            for one in nat.destinations
        }
        for nat in attributed[name].result.nat_gateways
    }
    assert counted == company.logged_bytes[name]
    assert not attributed[name].notes


@pytest.mark.parametrize("name", [name for name in NETWORKS if name not in {"payments", "inquiry"}])
def test_each_client_has_the_bytes_of_the_inventory(
    company: Company, attributed: dict[str, Counted], name: str
) -> None:
    names = {company.nat_gateways[nat]: nat for nat in company.client_bytes[name]}
    counted: dict[str, dict[str, list[int]]] = defaultdict(lambda: defaultdict(lambda: [0, 0]))
    for one in attributed[name].clients:
        both = counted[names[one.nat_gateway_id]][str(one.client)]
        both[0] += one.bytes_up
        both[1] += one.bytes_down
    assert counted == company.client_bytes[name]


@pytest.mark.parametrize("name", ["payments", "inquiry"])
def test_the_default_format_names_no_client(attributed: dict[str, Counted], name: str) -> None:
    assert not any(nat.clients_known for nat in attributed[name].result.nat_gateways)


@pytest.mark.parametrize("name", NETWORKS)
def test_rows_without_bytes_are_as_many_as_the_inventory_says(
    company: Company, attributed: dict[str, Counted], name: str
) -> None:
    result = attributed[name].result
    counted = {
        "records": result.records,
        "nodata": result.nodata,
        "skipdata": result.skipdata,
        "rejected": result.rejected,
    }
    assert {kind: count for kind, count in counted.items() if count} == company.logged_rows[name]
    assert result.unreadable == 0


@pytest.mark.parametrize(
    ("name", "nat", "carried", "covered"),
    [
        ("shop-prod", "shop-prod-a", (TIB, 3 * TIB), 0.985),
        ("shop-prod", "shop-prod-c", (430 * 2**30, 1290 * 2**30), 0.6),
        ("analytics-a", "analytics-a", (6 * TIB, 9 * TIB), 0.993),
        ("mobile-api", "mobile-api-regional", (520 * 2**30, 2000 * 2**30), 0.976),
        ("fulfilment", "fulfilment-b", (480 * 2**30, 110 * 2**30), 0.99),
        ("archive", "archive-a", (300 * 2**30, 200 * 2**30), 1),
        ("depots", "depots-a", (400 * 2**30, 300 * 2**30), 0.99),
    ],
)
def test_records_hold_almost_all_that_cloudwatch_counts(
    company: Company, name: str, nat: str, carried: tuple[int, int], covered: float
) -> None:
    """And 60 % of one NAT gateway's, which lost some: less than a byte a day goes to rounding."""
    sums = [sum(both[way] for both in company.logged_bytes[name][nat].values()) for way in (0, 1)]
    for logged, all_bytes in zip(sums, carried, strict=True):
        assert -30 <= logged - all_bytes * covered <= 0.001


def test_only_the_shops_third_gateway_lost_records(company: Company) -> None:
    # Mondays to Saturdays of the 30 days, which begin on a Saturday: five Sundays are left out.
    assert {name: rows["skipdata"] for name, rows in company.logged_rows.items() if "skipdata" in rows} == {
        "shop-prod": 25
    }


def test_one_flow_log_began_twelve_days_ago_in_the_middle_of_a_day(company: Company, clients: Clients) -> None:
    found = described(company, clients, "analytics-b")
    assert found["CreationTime"] == datetime(2026, 11, 4, 6, tzinfo=UTC)
    assert company.logged_days["analytics-b"] == ["2026-11-05", "2026-11-16"]
    keys = sorted(key for key, _ in objects(company, clients, "analytics-b"))
    assert "year=2026/month=11/day=04/hour=06/" in keys[0]
    assert "year=2026/month=11/day=05/hour=00/" in keys[1]


def test_a_days_last_records_are_delivered_on_the_next(company: Company, clients: Clients) -> None:
    """Who lists only the window's days loses them."""
    late = 0
    for key, content in objects(company, clients, "shop-prod"):
        folder = re.search(r"/(\d{4})/(\d\d)/(\d\d)/", key)
        assert folder
        lines = gzip.decompress(content).decode().splitlines()
        at = lines[0].split().index("start")
        days = {datetime.fromtimestamp(int(line.split()[at]), UTC).date() for line in lines[1:]}
        delivered = date(*map(int, folder.groups()))
        assert days <= {delivered, delivered - timedelta(days=1)}
        late += delivered - timedelta(days=1) in days
    assert late == 31


def test_each_flow_log_says_its_shape(company: Company, clients: Clients) -> None:
    shapes = {}
    for name in (*NETWORKS, "batch"):
        found = described(company, clients, name)
        options = found.get("DestinationOptions", {"FileFormat": "plain-text"})
        shapes[name] = (found["ResourceId"].partition("-")[0], found["LogDestination"], options["FileFormat"])
    assert shapes == {
        "egress": ("vpc", "arn:aws:s3:::nordlicht-flow-logs", "plain-text"),
        "shop-prod": ("vpc", "arn:aws:s3:::nordlicht-flow-logs", "plain-text"),
        "payments": ("vpc", "arn:aws:s3:::nordlicht-flow-logs", "plain-text"),
        "inquiry": ("eni", "arn:aws:s3:::nordlicht-flow-logs", "plain-text"),
        "analytics-a": ("subnet", "arn:aws:s3:::nordlicht-lake/network", "parquet"),
        "analytics-b": ("eni", "arn:aws:s3:::nordlicht-lake/network", "parquet"),
        "mobile-api": ("nat", "arn:aws:s3:::nordlicht-flow-logs", "plain-text"),
        "batch": ("vpc", "arn:aws:s3:::nordlicht-flow-logs", "plain-text"),
        "fulfilment": ("vpc", "arn:aws:s3:::nordlicht-flow-logs", "plain-text"),
        "archive": ("vpc", "arn:aws:s3:::nordlicht-flow-logs", "plain-text"),
        "depots": ("vpc", "arn:aws:s3:::nordlicht-flow-logs", "plain-text"),
    }


def test_parquet_has_awss_names_and_types(company: Company, clients: Clients, tmp_path: Path) -> None:
    _, content = next(objects(company, clients, "analytics-a"))
    path = tmp_path / "one.parquet"
    path.write_bytes(content)
    columns = duckdb.execute(f"DESCRIBE SELECT * FROM '{path}'").fetchall()  # noqa: S608
    types = {column[0]: column[1] for column in columns}
    assert {name: types[name] for name in ("pkt_srcaddr", "version", "bytes", "start")} == {
        "pkt_srcaddr": "VARCHAR",
        "version": "INTEGER",
        "bytes": "BIGINT",
        "start": "BIGINT",
    }
    assert not any("-" in name for name in types)


def test_hive_keys_name_account_service_region_and_day(company: Company, clients: Clients) -> None:
    key, _ = next(objects(company, clients, "analytics-a"))
    assert re.fullmatch(
        r"network/AWSLogs/aws-account-id=210987654321/aws-service=vpcflowlogs/aws-region=us-east-1/year=2026/month=10/"
        r"day=16/210987654321_vpcflowlogs_us-east-1_fl-[0-9a-f]{17}_20261016T\d{4}Z_[0-9a-f]{8}\.log\.parquet",
        key,
    )


def test_one_format_holds_no_bytes(company: Company, clients: Clients) -> None:
    form = described(company, clients, "batch")["LogFormat"]
    assert "${interface-id} ${srcaddr} ${dstaddr}" in form
    assert "bytes" not in form


def test_an_interface_is_found_by_any_of_its_addresses(company: Company, clients: Clients) -> None:
    wanted = [{"Name": "addresses.private-ip-address", "Values": ["10.10.32.50", "10.10.33.12"]}]
    found = clients("shop-prod").describe_network_interfaces(Filters=wanted)["NetworkInterfaces"]
    assert {one["NetworkInterfaceId"] for one in found} == {company.interfaces[name] for name in ("catalog", "search")}


def test_staging_has_no_flow_log(company: Company, clients: Clients) -> None:
    seen = {found["ResourceId"] for found in clients("shop-staging").describe_flow_logs()["FlowLogs"]}
    assert seen == {company.vpcs[name] for name in ("egress", "shop-prod", "fulfilment", "archive", "depots")}


def test_addresses_are_what_awss_ranges_say(company: Company) -> None:
    ranges = load_ranges()
    remotes = {share.remote for plan in all_plans(company) for nat in plan.nats for share in nat.mix}
    assert {remote.service for remote in remotes} >= {"s3", "dynamodb", "aws", "ec2-hosted", "cloudfront", "internet"}
    for remote in remotes:
        for address in remote.addresses:
            place = ranges.place(address)
            assert place
            found = (place.destination.service, place.destination.region)
            assert (address, *found) == (address, remote.service, remote.region)


def test_no_address_belongs_to_two_names(company: Company) -> None:
    """A name that the resolver logged is the name of all bytes of its address."""
    remotes = {share.remote for plan in all_plans(company) for nat in plan.nats for share in nat.mix}
    names = defaultdict(set)
    for remote in remotes:
        for address in remote.addresses if remote.service == "aws" else ():
            names[address].add(remote.named_key)
    assert all(len(found) == 1 for found in names.values())


SERVICES = {"kms": "kms", "sts": "sts", "logs": "logs", "123456789012.dkr.ecr": "ecr.dkr"}
"""First part of a host in Frankfurt -> service."""


def test_query_logs_name_what_the_ranges_do_not(company: Company, clients: Clients) -> None:
    """The shop's answers, put to the records of its clients' own interfaces, give the inventory's named bytes."""
    names = dict(answers(company, clients))
    owners = client_gateways(company)
    counted: dict[str, dict[str, list[int]]] = defaultdict(lambda: defaultdict(lambda: [0, 0]))
    for row in records(company, clients, "shop-prod"):
        if row["interface-id"] in owners and row["bytes"] != "-":
            way = 0 if row["srcaddr"].startswith("10.") else 1
            remote = row["dstaddr" if way == 0 else "srcaddr"]
            counted[owners[row["interface-id"]]][names.get(remote, "")][way] += int(row["bytes"])
    for nat, by_name in company.named_bytes["shop-prod"].items():
        for service in ("kms", "sts", "logs", "ecr.dkr"):
            assert counted[nat][service] == by_name[f"{service} eu-central-1"]
        # One service was reached by its address alone.
        assert 0 < by_name["aws eu-central-1"][1] < by_name["kms eu-central-1"][1]


def answers(company: Company, clients: Clients) -> Iterator[tuple[str, str]]:
    """Address -> service of all names of AWS's services that the resolver answered."""
    resolver, s3 = clients("shop-prod", "route53resolver"), clients("shop-prod", "s3")
    associations = resolver.list_resolver_query_log_config_associations()["ResolverQueryLogConfigAssociations"]
    named = ("shop-prod", "fulfilment", "archive", "depot-north", "depot-south")
    assert {one["ResourceId"] for one in associations} == {company.vpcs[name] for name in named}
    (config,) = resolver.list_resolver_query_log_configs()["ResolverQueryLogConfigs"]
    bucket = config["DestinationArn"].removeprefix("arn:aws:s3:::")
    folder = f"AWSLogs/123456789012/vpcdnsquerylogs/{company.vpcs['shop-prod']}/2026/"
    for item in s3.list_objects_v2(Bucket=bucket, Prefix=folder)["Contents"]:
        content = gzip.decompress(s3.get_object(Bucket=bucket, Key=item["Key"])["Body"].read())
        for line in map(json.loads, content.splitlines()):
            host = line["query_name"].removesuffix(".eu-central-1.amazonaws.com.")
            yield from ((answer["Rdata"], SERVICES[host]) for answer in line["answers"] if host in SERVICES)


def client_gateways(company: Company) -> dict[str, str]:
    """Interface of a client -> the NAT gateway that it uses."""
    (plan,) = (plan for plan in all_plans(company) if plan.name == "shop-prod")
    return {company.interfaces[client.name]: nat.name for nat in plan.nats for client in nat.clients}


def records(company: Company, clients: Clients, name: str) -> Iterator[dict[str, str]]:
    """The records of the inventory's days."""
    window = days(company, name)
    for _, content in objects(company, clients, name):
        header, *lines = (line.split() for line in gzip.decompress(content).decode().splitlines())
        for values in lines:
            row = dict(zip(header, values, strict=True))
            if window.start.timestamp() <= int(row["start"]) < window.end.timestamp():
                yield row


def test_interfaces_say_who_owns_them(company: Company, clients: Clients) -> None:
    """As instances, ECS, EKS, Lambda and transit gateways leave them; of what is gone nothing is left."""
    found = {
        name: interface
        for network in ("shop-prod", "egress", "mobile-api", "analytics", "payments")
        for interface in clients(network).describe_network_interfaces()["NetworkInterfaces"]
        for name, interface_id in company.interfaces.items()
        if interface["NetworkInterfaceId"] == interface_id
    }
    assert set(company.interfaces) - set(found) == {"scaled-in"}
    assert re.fullmatch(
        r"arn:aws:ecs:eu-central-1:123456789012:attachment/[0-9a-f-]{36}", found["checkout"]["Description"]
    )
    assert {"Key": "aws:ecs:serviceName", "Value": "checkout"} in found["checkout"]["TagSet"]
    assert re.fullmatch(r"AWS Lambda VPC ENI-image-resizer-[0-9a-f-]{36}", found["image-resizer"]["Description"])
    assert found["image-resizer"]["InterfaceType"] == "lambda"
    assert re.fullmatch(r"aws-K8S-i-[0-9a-f]{17}", found["catalog"]["Description"])
    pod = [address for address in found["catalog"]["PrivateIpAddresses"] if not address["Primary"]]
    assert [address["PrivateIpAddress"] for address in pod] == ["10.10.32.50"]
    assert found["search"]["Attachment"]["InstanceId"].startswith("i-")
    assert found["core-transit"]["InterfaceType"] == "transit_gateway"
    assert found["search"]["TagSet"] == [{"Key": "Name", "Value": "search"}]
    names = [
        tag["Value"]
        for reservation in clients("analytics").describe_instances()["Reservations"]
        for instance in reservation["Instances"]
        for tag in instance["Tags"]
        if tag["Key"] == "Name"
    ]
    assert sorted(names) == ["<i>reports</i> =1+1", "etl-joiner", "etl-loader"]
