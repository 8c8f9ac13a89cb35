"""An endpoint that several VPCs share: its commands make it and unmake it, and the next bill is the promised one.

What moto lacks: stacks know no DnsEntries of endpoints, zones of another account cannot be authorized.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from auditor.analyzer import analyze
from auditor.collectors.run import Selection, collect, window_of
from auditor.model.attributed import Attribution, Engine, FlowLogScan, NamedBy
from auditor.model.audit import Audit
from auditor.model.evidence import Evidence
from auditor.model.money import total
from auditor.model.network import Network
from auditor.model.resources import EndpointService, Vpc
from auditor.remediation.cli import commands
from auditor.remediation.cloudformation import template
from auditor.remediation.plan import plan_texts
from auditor.remediation.remedy import remedy
from auditor.remediation.terraform import configuration
from auditor.whatif.change import Change
from auditor.whatif.edits import AddGatewayEndpoint, ShareInterfaceEndpoint
from tests.embedded import OWN, served
from tests.remediation.aws_in_bash import carry_out
from tests.remediation.embedded_accounts import clients
from tests.remediation.languages import faults, resources, terraform
from tests.remediation.shell import check, run
from tests.remediation.test_whole_plan import finding

REGION, GB, OTHER = "eu-central-1", 2**30, "999999999999"
NAME = f"kms.{REGION}.amazonaws.com"
THEN = datetime.now(UTC) + timedelta(days=40)
LATER = THEN + timedelta(days=30)


class Company:
    """A hub with the NAT gateway in one zone, and two spokes that leave through it."""

    def __init__(self, client: Any) -> None:  # noqa: ANN401 -- boto3 publishes no types
        self.client = client
        self.ec2 = client("ec2", REGION)
        self.transit = self.ec2.create_transit_gateway(Description="core")["TransitGateway"]
        self.vpcs: list[str] = []
        self.subnets: list[str] = []
        self.tables: list[str] = []
        for number in (1, 2, 3):
            self._vpc(number)
        self.public = self._subnet(0, "10.1.1.0/24")
        address = self.ec2.allocate_address(Domain="vpc")["AllocationId"]
        made = self.ec2.create_nat_gateway(SubnetId=self.public, AllocationId=address, ConnectivityType="public")
        self.nat = made["NatGateway"]["NatGatewayId"]
        self._route(0, "0.0.0.0/0", NatGatewayId=self.nat)
        self._route(0, "10.0.0.0/8", TransitGatewayId=self.transit["TransitGatewayId"])
        self._let_the_public_subnet_out()
        for number in (1, 2):
            self._route(number, "0.0.0.0/0", TransitGatewayId=self.transit["TransitGatewayId"])
        hub, *_ = [self._attach(number) for number in range(3)]
        self.ec2.create_transit_gateway_route(
            TransitGatewayRouteTableId=self.transit["Options"]["AssociationDefaultRouteTableId"],
            DestinationCidrBlock="0.0.0.0/0",
            TransitGatewayAttachmentId=hub,
        )

    def live(self, now: datetime, gigabytes: int, endpoint: str | None = None, through_it: int = 0) -> None:
        """Let a month go by in which the NAT gateway, and the endpoint, carry so much."""
        day = window_of(30, now).start + timedelta(days=3)
        nat = {"NatGatewayId": self.nat}
        self._put("AWS/NATGateway", nat, day, {"BytesInFromSource": 0, "BytesInFromDestination": gigabytes})
        if endpoint:
            (found,) = self.ec2.describe_vpc_endpoints(VpcEndpointIds=[endpoint])["VpcEndpoints"]
            dimensions = {
                "Endpoint Type": "Interface",
                "Service Name": found["ServiceName"],
                "VPC Endpoint Id": endpoint,
                "VPC Id": found["VpcId"],
            }
            self._put("AWS/PrivateLinkEndpoints", dimensions, day, {"BytesProcessed": through_it})

    def audit(self, now: datetime, *told: tuple[int, str, int]) -> Audit:
        """Of what flow logs of the NAT gateway would tell: from which VPC, to which service, how many GB."""
        selection = Selection(window_of(30, now), now, regions=(REGION,), live_prices=False)
        return analyze(self._with_flow_logs(asyncio.run(collect(selection)), told), remedy, plan_texts)

    def _with_flow_logs(self, found: Evidence, told: tuple[tuple[int, str, int], ...]) -> Evidence:
        (scope,) = found.scopes
        attributions = tuple(
            Attribution(
                self.nat,
                self.subnets[vpc],
                service,
                None if service == "internet" else REGION,
                0,
                count * GB,
                NamedBy.QUERY_LOG,
            )
            for vpc, service, count in told
        )
        scan = FlowLogScan("fl", Engine.DUCKDB, found.window.start, found.window.end, (self.nat,), clients_known=True)
        kms = EndpointService(
            f"com.amazonaws.{REGION}.kms", "kms", REGION, ("Interface",), (f"{REGION}a",), (NAME,), None
        )
        network = replace(scope.network, endpoint_services=(kms,))
        return replace(found, scopes=(replace(scope, attributions=attributions, scans=(scan,), network=network),))

    def zones(self) -> dict[str, tuple[set[str], dict[str, str]]]:
        """The hosted zones: by name their VPCs, and where their alias records lead."""
        route53, found = self.client("route53", REGION), {}
        for zone in route53.list_hosted_zones()["HostedZones"]:
            vpcs = {vpc["VPCId"] for vpc in route53.get_hosted_zone(Id=zone["Id"])["VPCs"]}
            records = route53.list_resource_record_sets(HostedZoneId=zone["Id"])["ResourceRecordSets"]
            aliases = {one["Name"]: one["AliasTarget"]["DNSName"] for one in records if "AliasTarget" in one}
            found[zone["Name"]] = (vpcs, aliases)
        return found

    def endpoints(self) -> list[dict[str, Any]]:
        found = self.ec2.describe_vpc_endpoints()["VpcEndpoints"]
        return [one for one in found if one["State"] == "available"]

    def _vpc(self, number: int) -> None:
        self.vpcs.append(self.ec2.create_vpc(CidrBlock=f"10.{number}.0.0/16")["Vpc"]["VpcId"])
        self.tables.append(self._main(self.vpcs[-1]))
        self.subnets.append(self._subnet(number - 1, f"10.{number}.0.0/24"))

    def _subnet(self, number: int, cidr: str) -> str:
        made = self.ec2.create_subnet(VpcId=self.vpcs[number], CidrBlock=cidr, AvailabilityZone=f"{REGION}a")
        subnet: str = made["Subnet"]["SubnetId"]
        return subnet

    def _main(self, vpc: str) -> str:
        filters = [{"Name": "vpc-id", "Values": [vpc]}]
        table: str = self.ec2.describe_route_tables(Filters=filters)["RouteTables"][0]["RouteTableId"]
        return table

    def _route(self, number: int, to: str, **target: str) -> None:
        self.ec2.create_route(RouteTableId=self.tables[number], DestinationCidrBlock=to, **target)

    def _let_the_public_subnet_out(self) -> None:
        gateway = self.ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
        self.ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=self.vpcs[0])
        table = self.ec2.create_route_table(VpcId=self.vpcs[0])["RouteTable"]["RouteTableId"]
        self.ec2.associate_route_table(RouteTableId=table, SubnetId=self.public)
        self.ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)

    def _attach(self, number: int) -> str:
        made = self.ec2.create_transit_gateway_vpc_attachment(
            TransitGatewayId=self.transit["TransitGatewayId"],
            VpcId=self.vpcs[number],
            SubnetIds=[self.subnets[number]],
        )
        attachment: str = made["TransitGatewayVpcAttachment"]["TransitGatewayAttachmentId"]
        return attachment

    def _put(self, namespace: str, dimensions: dict[str, str], day: datetime, values: dict[str, int]) -> None:
        points = [
            {
                "MetricName": metric,
                "Dimensions": [{"Name": name, "Value": value} for name, value in dimensions.items()],
                "Timestamp": day,
                "Value": count * GB,
            }
            for metric, count in values.items()
        ]
        self.client("cloudwatch", REGION).put_metric_data(Namespace=namespace, MetricData=points)


@pytest.fixture
def company() -> Iterator[Company]:
    with served("blank") as aws, pytest.MonkeyPatch.context() as environment:
        for name, value in aws.environment.items():
            environment.setenv(name, value)
        yield Company(clients(aws))


def test_carried_out_it_costs_what_was_promised_and_its_way_back_leaves_nothing(
    company: Company, tmp_path: Path
) -> None:
    """Of 144 GB a spoke, 146 a month: 292 × ($0.052 − $0.01) − 730 × $0.012 = $3.504; the transit gateway stays."""
    company.live(THEN, 288 + 720)
    internet = (1, "internet", 720)
    first = company.audit(THEN, (1, "kms", 144), (2, "kms", 144), internet)
    ours = f"shared-interface-endpoint:{company.vpcs[0]}:kms"
    assert {step.finding_id: step.saving for step in first.plan} == {ours: Decimal("3.504")}
    (text,) = [one.remediation for one in first.plan_remediation]
    assert text.cli
    assert text.rollback
    carry_out(text.cli, company.client, tmp_path)

    (endpoint,) = company.endpoints()
    assert (endpoint["SubnetIds"], endpoint["PrivateDnsEnabled"]) == ([company.subnets[0]], False)
    served_by = {f"{NAME}.": (set(company.vpcs), {f"{NAME}.": endpoint["DnsEntries"][0]["DnsName"]})}
    assert company.zones() == served_by
    company.live(LATER, 720, endpoint["VpcEndpointId"], 288)
    second = company.audit(LATER, internet)
    assert ours not in {one.id for one in second.findings}
    assert second.plan == ()
    costs = second.totals.nat_monthly_cost, second.totals.endpoint_monthly_cost
    assert total(costs) == first.totals.after_plan

    carry_out(text.rollback, company.client, tmp_path)
    assert (company.endpoints(), company.zones()) == ([], {})
    groups = company.ec2.describe_security_groups(Filters=[{"Name": "vpc-id", "Values": [company.vpcs[0]]}])
    assert [one["GroupName"] for one in groups["SecurityGroups"]] == ["default"]


@dataclass(frozen=True)
class Shared:
    """An edit for the hub's account and another one, and what the plan writes of it."""

    edit: ShareInterfaceEndpoint
    network: Network


@pytest.fixture
def shared() -> Shared:
    hub, own, guest = (f"vpc-{n:017x}" for n in range(3))
    names = (NAME, f"*.{NAME}", f"kms-fips.{REGION}.amazonaws.com")
    vpcs = (Vpc(hub, OWN, REGION), Vpc(own, OWN, REGION), Vpc(guest, OTHER, REGION))
    edit = ShareInterfaceEndpoint(
        hub, OWN, REGION, "kms", ("subnet-00000000000000001",), (own, guest), ("10.0.0.0/8",), "", names
    )
    return Shared(edit, Network(vpcs=vpcs))


def words(script: str | None) -> list[str]:
    return [line.split()[2] for line in (script or "").splitlines() if line.startswith("aws route53")]


def test_each_account_does_its_half_in_a_document_of_its_own(shared: Shared, tmp_path: Path) -> None:
    gateway = AddGatewayEndpoint(shared.edit.hub_vpc_id, OWN, REGION, "s3", ())
    changes = [Change(1, finding(1), (shared.edit,)), Change(2, finding(2), (gateway,))]
    hub, guest = plan_texts(changes, shared.network)
    assert [(one.account_id, one.steps) for one in (hub, guest)] == [(OWN, (1, 2)), (OTHER, (1,))]
    zone = ["change-resource-record-sets", "create-vpc-association-authorization"]
    first = ["associate-vpc-with-hosted-zone", zone[0], *zone]
    assert words(hub.remediation.cli) == [*first, "associate-vpc-with-hosted-zone", *zone]
    assert words(guest.remediation.cli) == ["associate-vpc-with-hosted-zone"] * 2 + ["list-hosted-zones-by-vpc"]
    assert words(guest.remediation.rollback) == ["disassociate-vpc-from-hosted-zone"] * 2
    assert shared.edit.vpc_ids[1] not in (hub.remediation.cloudformation or "").split("Resources:")[1]
    assert guest.remediation.cloudformation is None
    told = guest.remediation.cli or ""
    assert f"# After account {OWN} has run its part" in told
    with pytest.raises(AssertionError):
        run(told.replace(OTHER, "123456789012"), tmp_path)
    assert (tmp_path / "calls").read_text("utf-8").count("end of call") == 1, "no id of a zone, no change"
    given = "\n".join(f"ZONE_{shared.edit.hub_vpc_id.replace('-', '_')}_{name}=Z1" for name in zone_labels())
    for call in run(f"{given}\n{told.replace(OTHER, '123456789012')}", tmp_path):
        check(call)


def zone_labels() -> list[str]:
    return [name.replace(".", "_").replace("-", "_") for name in (NAME, f"kms-fips.{REGION}.amazonaws.com")]


def test_one_script_for_all_accounts_says_where_the_credentials_change(shared: Shared) -> None:
    told = commands([shared.edit], shared.network)
    assert f"# Then in the same shell, with credentials of account {OTHER}:" in (told.cli or "")
    assert words(told.cli)[-2:] == ["associate-vpc-with-hosted-zone"] * 2
    assert words(told.rollback)[:2] == ["disassociate-vpc-from-hosted-zone"] * 2


def test_a_stack_makes_the_zones_for_the_vpcs_of_its_account(shared: Shared) -> None:
    text = template([shared.edit], shared.network)
    assert text
    assert faults(text) == []
    made = resources(text)
    zones = {name: one["Properties"] for name, one in made.items() if one["Type"] == "AWS::Route53::HostedZone"}
    vpcs = [{"VPCId": one, "VPCRegion": REGION} for one in (shared.edit.hub_vpc_id, shared.edit.vpc_ids[0])]
    assert [(one["Name"], one["VPCs"]) for one in zones.values()] == [
        (NAME, vpcs),
        (f"kms-fips.{REGION}.amazonaws.com", vpcs),
    ]
    records = [one["Properties"] for one in made.values() if one["Type"] == "AWS::Route53::RecordSet"]
    assert [one["Name"] for one in records] == list(shared.edit.dns_names)
    assert f"VPCs of account {OTHER} are not in it" in text


def test_terraform_has_both_halves(shared: Shared) -> None:
    hub = terraform(configuration([shared.edit], shared.network))
    kinds = [name.split(".")[0] for name in hub if name.startswith("aws_")]
    assert kinds.count("aws_route53_zone") == kinds.count("aws_route53_vpc_association_authorization") == 2
    assert kinds.count("aws_route53_record") == 3
    zone = next(one for name, one in hub.items() if name.startswith("aws_route53_zone."))
    assert [one["vpc_id"] for one in zone["vpc"]] == [
        f'"{one}"' for one in (shared.edit.hub_vpc_id, shared.edit.vpc_ids[0])
    ]
    assert zone["lifecycle"][0]["ignore_changes"] == ["vpc"]
    guest = terraform(configuration([shared.edit], shared.network, account=OTHER))
    assert {name.split(".")[0] for name in guest} == {"aws_route53_zone_association"}
    assert [one["vpc_id"] for one in guest.values()] == [f'"{shared.edit.vpc_ids[1]}"'] * 2
