"""The company is on the wire what its description promises: many other tests build on it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from auditor.demo.company import Company

    Clients = Callable[..., Any]

TIB = 1024**4
WINDOW = {"StartTime": datetime(2026, 10, 17, tzinfo=UTC), "EndTime": datetime(2026, 11, 16, tzinfo=UTC)}


def daily(cloudwatch: Any, namespace: str, metric: str, stat: str = "Sum", **dimensions: str) -> list[float]:  # noqa: ANN401
    query = {
        "Id": "q",
        "MetricStat": {
            "Metric": {
                "Namespace": namespace,
                "MetricName": metric,
                "Dimensions": [{"Name": name, "Value": value} for name, value in dimensions.items()],
            },
            "Period": 86400,
            "Stat": stat,
        },
    }
    answer = cloudwatch.get_metric_data(MetricDataQueries=[query], ScanBy="TimestampAscending", **WINDOW)[
        "MetricDataResults"
    ][0]
    assert {moment.hour for moment in answer["Timestamps"]} <= {0}
    values: list[float] = answer["Values"]
    return values


def nat(ec2: Any, nat_id: str) -> dict[str, Any]:  # noqa: ANN401
    (found,) = ec2.describe_nat_gateways(NatGatewayIds=[nat_id])["NatGateways"]
    return dict(found)


def endpoint(ec2: Any, endpoint_id: str) -> dict[str, Any]:  # noqa: ANN401
    (found,) = ec2.describe_vpc_endpoints(VpcEndpointIds=[endpoint_id])["VpcEndpoints"]
    return dict(found)


def routes(ec2: Any, table_id: str) -> dict[str, str]:  # noqa: ANN401
    """Destination -> target of a table, without the local route."""
    (table,) = ec2.describe_route_tables(RouteTableIds=[table_id])["RouteTables"]
    targets = ("NatGatewayId", "TransitGatewayId", "GatewayId")
    found = {}
    for route in table["Routes"]:
        destination = route.get("DestinationCidrBlock") or route["DestinationPrefixListId"]
        found[destination] = next(route[target] for target in targets if target in route)
    return {destination: target for destination, target in found.items() if target != "local"}


def tables_of(ec2: Any, subnet_id: str) -> list[str]:  # noqa: ANN401
    """The tables with an explicit association of the subnet."""
    answer = ec2.describe_route_tables(Filters=[{"Name": "association.subnet-id", "Values": [subnet_id]}])
    return [table["RouteTableId"] for table in answer["RouteTables"]]


def test_shop_prod_a_carried_one_tebibyte_up_and_three_down(company: Company, clients: Clients) -> None:
    """Both ends of the NAT gateway tell the same bytes, on each of the 30 days, and at weekends fewer."""
    cloudwatch = clients("shop-prod", "cloudwatch")
    nat_id = company.nat_gateways["shop-prod-a"]
    up = daily(cloudwatch, "AWS/NATGateway", "BytesInFromSource", NatGatewayId=nat_id)
    down = daily(cloudwatch, "AWS/NATGateway", "BytesInFromDestination", NatGatewayId=nat_id)
    assert len(up) == len(down) == 30
    assert sum(up) == TIB
    assert sum(down) == 3 * TIB
    assert all(value.is_integer() and value > 0 for value in up + down)
    assert up == daily(cloudwatch, "AWS/NATGateway", "BytesOutToDestination", NatGatewayId=nat_id)
    assert down == daily(cloudwatch, "AWS/NATGateway", "BytesOutToSource", NatGatewayId=nat_id)
    # 2026-10-17 is a Saturday.
    assert max(up[0:2] + up[7:9]) < min(up[2:7] + up[9:14])


def test_there_is_traffic_on_the_days_around_the_window(company: Company, clients: Clients) -> None:
    """An audit that looks a day too far, to either side, gets another sum."""
    cloudwatch, nat_id = clients("shop-prod", "cloudwatch"), company.nat_gateways["shop-prod-a"]
    metric = {
        "Namespace": "AWS/NATGateway",
        "MetricName": "BytesInFromSource",
        "Dimensions": [{"Name": "NatGatewayId", "Value": nat_id}],
    }
    (answer,) = cloudwatch.get_metric_data(
        MetricDataQueries=[{"Id": "q", "MetricStat": {"Metric": metric, "Period": 86400, "Stat": "Sum"}}],
        StartTime=datetime(2026, 10, 1, tzinfo=UTC),
        EndTime=datetime(2026, 11, 16, 6, tzinfo=UTC),
        ScanBy="TimestampAscending",
    )["MetricDataResults"]
    assert answer["Timestamps"][0] == datetime(2026, 10, 16, tzinfo=UTC)
    assert answer["Timestamps"][-1] == datetime(2026, 11, 16, tzinfo=UTC)
    assert answer["Values"][0] == TIB // 30
    assert answer["Values"][-1] == TIB // 30 // 4  # a quarter of the day has passed


def test_only_shop_prod_b_ran_out_of_ports(company: Company, clients: Clients) -> None:
    cloudwatch = clients("shop-prod", "cloudwatch")
    refused = {
        zone: sum(
            daily(
                cloudwatch,
                "AWS/NATGateway",
                "ErrorPortAllocation",
                NatGatewayId=company.nat_gateways[f"shop-prod-{zone}"],
            )
        )
        for zone in "abc"
    }
    assert refused == {"a": 0, "b": 4180, "c": 0}


def test_shop_prod_has_a_nat_gateway_a_zone_and_no_endpoint(company: Company, clients: Clients) -> None:
    ec2 = clients("shop-prod")
    for zone in "abc":
        subnet_id, nat_id = (
            company.subnets[f"shop-prod-private-{zone}"],
            company.nat_gateways[f"shop-prod-{zone}"],
        )
        (table,) = tables_of(ec2, subnet_id)
        assert routes(ec2, table) == {"0.0.0.0/0": nat_id}
        found = nat(ec2, nat_id)
        assert found["ConnectivityType"] == "public"
        assert found["CreateTime"].year == 2025
        (address,) = found["NatGatewayAddresses"]
        assert address["AvailabilityZone"] == f"eu-central-1{zone}"
        assert address["Status"] == "succeeded"
    everywhere = ec2.describe_vpc_endpoints()["VpcEndpoints"]
    assert company.vpcs["shop-prod"] not in {found["VpcId"] for found in everywhere}


def test_an_idle_nat_gateway_publishes_zeros(company: Company, clients: Clients) -> None:
    values = daily(
        clients("shop-staging", "cloudwatch"),
        "AWS/NATGateway",
        "BytesInFromSource",
        NatGatewayId=company.nat_gateways["shop-staging-a2"],
    )
    assert values == [0] * 30


def test_a_staging_subnet_leaves_through_the_main_table_which_s3s_endpoint_misses(
    company: Company, clients: Clients
) -> None:
    ec2 = clients("shop-staging")
    assert tables_of(ec2, company.subnets["shop-staging-private-b"]) == []
    main = company.route_tables["shop-staging-main"]
    assert routes(ec2, main) == {"0.0.0.0/0": company.nat_gateways["shop-staging-a1"]}
    s3 = endpoint(ec2, company.endpoints["shop-staging-s3"])
    assert s3["VpcEndpointType"] == "Gateway"
    assert main not in s3["RouteTableIds"]
    assert s3["VpcEndpointId"] in routes(ec2, company.route_tables["shop-staging-private-a"]).values()
    zones = {
        nat(ec2, company.nat_gateways[f"shop-staging-{part}"])["NatGatewayAddresses"][0]["AvailabilityZone"]
        for part in ("a1", "a2")
    }
    assert zones == {"eu-central-1a"}


def test_analytics_leaves_through_zone_a_from_three_zones(company: Company, clients: Clients) -> None:
    ec2 = clients("analytics")
    used = {
        part: routes(ec2, tables_of(ec2, company.subnets[f"analytics-{part}"])[0])["0.0.0.0/0"]
        for part in ("etl-a", "etl-b", "etl-c", "reporting-b")
    }
    nat_a, nat_b = company.nat_gateways["analytics-a"], company.nat_gateways["analytics-b"]
    assert used == {"etl-a": nat_a, "etl-b": nat_a, "etl-c": nat_a, "reporting-b": nat_b}


def test_the_endpoints_of_analytics_miss_their_purpose_each_in_its_way(company: Company, clients: Clients) -> None:
    ec2, cloudwatch = clients("analytics"), clients("analytics", "cloudwatch")
    found = {name: endpoint(ec2, company.endpoints[f"analytics-{name}"]) for name in ("s3", "sqs", "ecr.api", "logs")}
    assert {name for name, one in found.items() if not one["PrivateDnsEnabled"]} == {"ecr.api"}
    assert found["s3"]["DnsOptions"]["PrivateDnsOnlyForInboundResolverEndpoint"] is False
    assert all(one["CreationTimestamp"] < WINDOW["StartTime"] for one in found.values())
    carried = {
        name: sum(
            daily(
                cloudwatch,
                "AWS/PrivateLinkEndpoints",
                "BytesProcessed",
                **{
                    "VPC Id": one["VpcId"],
                    "VPC Endpoint Id": one["VpcEndpointId"],
                    "Service Name": one["ServiceName"],
                    "Endpoint Type": "Interface",
                },
            )
        )
        for name, one in found.items()
    }
    assert carried == {"s3": 2300 * 1024**3, "sqs": 0, "ecr.api": 0, "logs": 0}
    (group,) = ec2.describe_security_groups(GroupIds=[found["logs"]["Groups"][0]["GroupId"]])["SecurityGroups"]
    assert [ip["CidrIp"] for rule in group["IpPermissions"] for ip in rule["IpRanges"]] == ["10.99.0.0/16"]


def test_an_endpoint_without_traffic_has_no_metric_at_all(company: Company, clients: Clients) -> None:
    listed = clients("analytics", "cloudwatch").list_metrics(Namespace="AWS/PrivateLinkEndpoints")["Metrics"]
    ids = {pair["Value"] for metric in listed for pair in metric["Dimensions"]}
    assert company.endpoints["analytics-s3"] in ids
    assert company.endpoints["analytics-sqs"] not in ids


def test_payments_has_gateway_endpoints_on_all_its_tables(company: Company, clients: Clients) -> None:
    ec2 = clients("payments")
    tables = {company.route_tables[f"payments-{part}"] for part in ("public", "private-a", "private-b")}
    for service in ("s3", "dynamodb"):
        assert set(endpoint(ec2, company.endpoints[f"payments-{service}"])["RouteTableIds"]) == tables
    assert len(endpoint(ec2, company.endpoints["payments-kms"])["SubnetIds"]) == 2


def test_fulfilment_has_two_endpoints_for_one_service_and_one_for_few_bytes(company: Company, clients: Clients) -> None:
    ec2, cloudwatch = clients("fulfilment"), clients("fulfilment", "cloudwatch")
    names = ("kms", "kms-scanners", "ssm")
    found = {name: endpoint(ec2, company.endpoints[f"fulfilment-{name}"]) for name in names}
    assert found["kms"]["ServiceName"] == found["kms-scanners"]["ServiceName"]
    assert {name for name, one in found.items() if one["PrivateDnsEnabled"]} == {"kms", "ssm"}
    assert {name: len(one["SubnetIds"]) for name, one in found.items()} == {"kms": 2, "kms-scanners": 1, "ssm": 2}
    carried = {
        name: sum(
            daily(
                cloudwatch,
                "AWS/PrivateLinkEndpoints",
                "BytesProcessed",
                **{
                    "VPC Id": one["VpcId"],
                    "VPC Endpoint Id": one["VpcEndpointId"],
                    "Service Name": one["ServiceName"],
                    "Endpoint Type": "Interface",
                },
            )
        )
        for name, one in found.items()
    }
    assert carried == {"kms": 600 * 1024**3, "kms-scanners": 0, "ssm": 40 * 1024**3}


def test_archive_has_one_nat_gateway_and_no_endpoint(company: Company, clients: Clients) -> None:
    ec2 = clients("archive")
    nat_id = company.nat_gateways["archive-a"]
    assert routes(ec2, company.route_tables["archive-private-a"]) == {"0.0.0.0/0": nat_id}
    everywhere = ec2.describe_vpc_endpoints()["VpcEndpoints"]
    assert company.vpcs["archive"] not in {found["VpcId"] for found in everywhere}


def test_the_depots_and_their_hub_lead_to_each_other(company: Company, clients: Clients) -> None:
    ec2, transit = clients("depots"), company.transit_gateways["nordlicht-depots"]
    ways = routes(ec2, company.route_tables["depots-transit-a"])
    assert ways == {
        "0.0.0.0/0": company.nat_gateways["depots-a"],
        "10.93.0.0/16": transit,
        "10.94.0.0/16": transit,
    }
    for spoke in ("depot-north", "depot-south"):
        assert routes(ec2, company.route_tables[f"{spoke}-private"]) == {"0.0.0.0/0": transit}


def test_the_spoke_leaves_through_the_transit_gateway_and_the_hubs_nat_gateway(
    company: Company, clients: Clients
) -> None:
    """Spoke table -> transit gateway -> its default route -> hub attachment -> NAT gateway, and back."""
    ec2 = clients("egress")
    transit = company.transit_gateways["nordlicht-core"]
    assert routes(ec2, company.route_tables["orders-private"]) == {"0.0.0.0/0": transit}
    found = ec2.search_transit_gateway_routes(
        TransitGatewayRouteTableId=company.transit_gateway_route_tables["nordlicht-core"],
        Filters=[{"Name": "state", "Values": ["active"]}],
    )["Routes"]
    hub, spoke = (company.transit_gateway_attachments[vpc] for vpc in ("egress", "orders"))
    assert {
        route["DestinationCidrBlock"]: (
            route["Type"],
            [one["TransitGatewayAttachmentId"] for one in route["TransitGatewayAttachments"]],
            [one["ResourceId"] for one in route["TransitGatewayAttachments"]],
        )
        for route in found
    } == {
        "0.0.0.0/0": ("static", [hub], [company.vpcs["egress"]]),
        "10.40.0.0/16": ("propagated", [hub], [company.vpcs["egress"]]),
        "10.41.0.0/16": ("propagated", [spoke], [company.vpcs["orders"]]),
    }
    inside, outside = company.route_tables["egress-transit-a"], company.route_tables["egress-public"]
    assert routes(ec2, inside) == {"0.0.0.0/0": company.nat_gateways["egress-a"]}
    assert routes(ec2, outside)["10.41.0.0/16"] == transit


def test_a_flow_log_covers_the_hub(company: Company, clients: Clients) -> None:
    (found,) = clients("egress").describe_flow_logs(FlowLogIds=[company.flow_logs["egress"]])["FlowLogs"]
    assert found["ResourceId"] == company.vpcs["egress"]
    assert found["LogDestinationType"] == "s3"
    assert "${pkt-srcaddr} ${pkt-dstaddr}" in found["LogFormat"]


def test_the_leftovers_are_unrouted_failed_private_and_hardly_used(company: Company, clients: Clients) -> None:
    ec2 = clients("legacy")
    everything = json.dumps(ec2.describe_route_tables()["RouteTables"])
    for name in ("legacy-unrouted", "legacy-failed"):
        assert company.nat_gateways[name] not in everything
    failed = nat(ec2, company.nat_gateways["legacy-failed"])
    assert failed["State"] == "failed"
    assert failed["FailureCode"] == "Resource.AlreadyAssociated"
    assert nat(ec2, company.nat_gateways["legacy-private"])["ConnectivityType"] == "private"
    few = daily(
        clients("batch", "cloudwatch"),
        "AWS/NATGateway",
        "BytesInFromSource",
        NatGatewayId=company.nat_gateways["batch-a"],
    )
    assert sum(few) == 30 * 3 * 1024**2


def test_a_name_is_hostile(company: Company, clients: Clients) -> None:
    tags = nat(clients("batch"), company.nat_gateways["batch-a"])["Tags"]
    assert {"Key": "Name", "Value": '<b>batch</b> "jobs" =1+1'} in tags


def test_the_regional_nat_gateway_has_no_subnet_and_metrics_by_zone(company: Company, clients: Clients) -> None:
    ec2, cloudwatch = clients("mobile-api"), clients("mobile-api", "cloudwatch")
    nat_id = company.nat_gateways["mobile-api-regional"]
    found = nat(ec2, nat_id)
    zones = [f"ap-southeast-2{zone}" for zone in "abc"]
    assert found["AvailabilityMode"] == "regional"
    assert "SubnetId" not in found
    assert found["RouteTableId"] == company.route_tables["mobile-api-nat"]
    assert [address["AvailabilityZone"] for address in found["NatGatewayAddresses"]] == zones
    assert routes(ec2, company.route_tables["mobile-api-private"]) == {"0.0.0.0/0": nat_id}
    for zone in zones:
        by_zone = {"NatGatewayId": nat_id, "AvailabilityZone": zone}
        assert len(daily(cloudwatch, "AWS/NATGateway", "BytesInFromSource", **by_zone)) == 30
    assert daily(cloudwatch, "AWS/NATGateway", "BytesInFromSource", NatGatewayId=nat_id) == []


def test_a_site_needs_no_nat_gateway(company: Company, clients: Clients) -> None:
    ec2 = clients("marketing-site")
    assert ec2.describe_nat_gateways()["NatGateways"] == []
    target = routes(ec2, company.route_tables["marketing-site-public"])["0.0.0.0/0"]
    assert target == company.internet_gateways["marketing-site"]


def test_the_accounts_do_not_see_each_other(company: Company, clients: Clients) -> None:
    """Both have networks in us-east-1; the role leads into the other account and nowhere else."""
    for vpc, other in (("payments", "analytics"), ("analytics", "payments")):
        seen = {found["VpcId"] for found in clients(vpc).describe_vpcs()["Vpcs"]}
        assert company.vpcs[vpc] in seen
        assert company.vpcs[other] not in seen


def test_each_network_says_its_team_and_environment(company: Company, clients: Clients) -> None:
    for name, vpc_id in company.vpcs.items():
        (vpc,) = clients(name).describe_vpcs(VpcIds=[vpc_id])["Vpcs"]
        assert {tag["Key"] for tag in vpc["Tags"]} == {"Name", "team", "env"}
