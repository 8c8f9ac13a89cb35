"""A plan whose steps build on each other: its commands make the network that was priced, and unmake it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from auditor.collectors.run import Selection, collect, window_of
from auditor.model.audit import Finding, Remediation, Saving, Severity
from auditor.model.network import Network
from auditor.model.traffic import Level
from auditor.remediation.plan import plan_texts
from auditor.whatif.change import Change
from auditor.whatif.edits import (
    AddGatewayEndpoint,
    AddInterfaceEndpoint,
    AdmitHttps,
    AssociateRouteTables,
    DropEndpoint,
    DropNatGateway,
    Edit,
    RouteSubnetToNat,
    apply_all,
)
from tests.embedded import OWN, Served, served
from tests.remediation.aws_in_bash import carry_out
from tests.remediation.embedded_accounts import clients, reached, seen
from tests.remediation.languages import STRANGE, faults, resources, terraform
from tests.remediation.shell import check, run

REGION = "eu-central-1"
NOW = datetime.now(UTC) + timedelta(days=40)


class Account:
    """A VPC with two NAT gateways, a table that two subnets share, one of its own, and the main one."""

    def __init__(self, aws: Served) -> None:
        self.aws = aws
        self.client = clients(aws)
        self.ec2 = self.client("ec2", REGION)
        self.vpc = self.ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        self.public = [self._subnet(n, zone) for n, zone in enumerate("ab")]
        self.nat_a, self.nat_b = (self._nat(subnet) for subnet in self.public)
        self.private = [self._subnet(n, "b") for n in range(2, 6)]
        self.gateway = self.ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
        self.ec2.attach_internet_gateway(InternetGatewayId=self.gateway, VpcId=self.vpc)
        self.shared = self._table(*self.private[:2])
        self.ec2.create_route(RouteTableId=self.shared, DestinationCidrBlock="192.0.2.0/24", GatewayId=self.gateway)
        self.own = self._table(self.private[2])
        self.main = self._main()
        self.group = self.ec2.create_security_group(GroupName="g", Description="g", VpcId=self.vpc)["GroupId"]
        self.dynamodb = self._endpoint("dynamodb", VpcEndpointType="Gateway", RouteTableIds=[self.own])
        self.sqs = self._endpoint(
            "sqs", VpcEndpointType="Interface", SubnetIds=self.public, SecurityGroupIds=[self.group]
        )

    def network(self) -> Network:
        """What the audit sees of the region."""
        selection = Selection(window_of(30, NOW), NOW, regions=(REGION,), live_prices=False, metrics=False)
        with reached(self.aws):
            return asyncio.run(collect(selection)).network

    def edits(self) -> tuple[Edit, ...]:
        """Each of them meets what an earlier one made, moved or deleted."""
        shared, alone, main = self.private[0], self.private[2], self.private[3]
        return (
            AddGatewayEndpoint(self.vpc, OWN, REGION, "s3", (self.shared, self.own, self.main)),
            AddInterfaceEndpoint(self.vpc, OWN, REGION, "kms", tuple(self.public), ("10.0.0.0/16",)),
            AdmitHttps(self.group, REGION, ("10.0.0.0/16",)),
            AssociateRouteTables(self.dynamodb, REGION, (self.shared,)),
            RouteSubnetToNat(shared, REGION, self.shared, self.nat_b),
            RouteSubnetToNat(alone, REGION, self.own, self.nat_b),
            RouteSubnetToNat(main, REGION, self.main, self.nat_b),
            DropEndpoint(self.sqs, REGION),
            DropNatGateway(self.nat_a, REGION, replaced_by=self.nat_b),
            DropEndpoint(self.dynamodb, REGION),
        )

    def _subnet(self, number: int, zone: str) -> str:
        made = self.ec2.create_subnet(
            VpcId=self.vpc, CidrBlock=f"10.0.{number}.0/24", AvailabilityZone=f"{REGION}{zone}"
        )
        subnet: str = made["Subnet"]["SubnetId"]
        return subnet

    def _nat(self, subnet: str) -> str:
        address = self.ec2.allocate_address(Domain="vpc")["AllocationId"]
        made = self.ec2.create_nat_gateway(SubnetId=subnet, AllocationId=address, ConnectivityType="public")
        nat: str = made["NatGateway"]["NatGatewayId"]
        return nat

    def _table(self, *subnets: str) -> str:
        table: str = self.ec2.create_route_table(VpcId=self.vpc)["RouteTable"]["RouteTableId"]
        self.ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", NatGatewayId=self.nat_a)
        for subnet in subnets:
            self.ec2.associate_route_table(RouteTableId=table, SubnetId=subnet)
        return table

    def _main(self) -> str:
        filters = [{"Name": "vpc-id", "Values": [self.vpc]}, {"Name": "association.main", "Values": ["true"]}]
        table: str = self.ec2.describe_route_tables(Filters=filters)["RouteTables"][0]["RouteTableId"]
        self.ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", NatGatewayId=self.nat_a)
        return table

    def _endpoint(self, service: str, **options: object) -> str:
        name = f"com.amazonaws.{REGION}.{service}"
        made = self.ec2.create_vpc_endpoint(VpcId=self.vpc, ServiceName=name, PrivateDnsEnabled=False, **options)
        endpoint: str = made["VpcEndpoint"]["VpcEndpointId"]
        return endpoint


def finding(number: int, risks: tuple[str, ...] = ("Connections drop.",), check: str = "Look.") -> Finding:
    return Finding(
        id=f"rule:{number}",
        rule="rule",
        account_id=OWN,
        region=REGION,
        vpc_id=None,
        resource=str(number),
        severity=Severity.LOW,
        evidence=Level.METRICS,
        title="A title with a name",
        why="",
        risks=risks,
        check=check,
        saving=Saving(Decimal(1), Decimal(1), Decimal(1)),
        saving_note="",
        avoided=(),
        added=(),
        remediation=Remediation(),
    )


def changes(edits: Iterable[Edit]) -> list[Change]:
    """Each edit as a step of its own."""
    return [Change(number, finding(number), (edit,)) for number, edit in enumerate(edits, 1)]


@pytest.fixture(scope="module")
def account() -> Iterator[Account]:
    with served("blank") as aws:
        yield Account(aws)


@pytest.fixture(scope="module")
def before(account: Account) -> Network:
    return account.network()


@pytest.fixture(scope="module")
def text(account: Account, before: Network) -> Remediation:
    (whole,) = plan_texts(changes(account.edits()), before)
    assert whole.steps == tuple(range(1, 11))
    return whole.remediation


def test_steps_that_build_on_each_other_make_the_network_that_was_priced_and_unmake_it(
    account: Account, before: Network, text: Remediation, tmp_path: Path
) -> None:
    assert text.cli
    assert text.rollback
    carry_out(text.cli, account.client, tmp_path)
    after = account.network()
    assert seen(after) == seen(apply_all(before, account.edits()))
    assert account.nat_a not in {route.target for table in after.route_tables for route in table.routes}
    carry_out(text.rollback, account.client, tmp_path)
    back = account.network()
    assert seen(back) == seen(before)
    assert len(back.route_tables) == len(before.route_tables)
    assert ingress(account) == []
    groups = account.ec2.describe_security_groups(Filters=[{"Name": "vpc-id", "Values": [account.vpc]}])
    assert {group["GroupName"] for group in groups["SecurityGroups"]} == {"default", "g"}


def ingress(account: Account) -> list[object]:
    (group,) = account.ec2.describe_security_groups(GroupIds=[account.group])["SecurityGroups"]
    found: list[object] = group["IpPermissions"]
    return found


def test_aws_knows_every_command_of_the_plan(text: Remediation, tmp_path: Path) -> None:
    for script in (text.cli, text.rollback):
        assert script
        calls = run(script, tmp_path)
        assert len(calls) > 10
        for words in calls:
            check(words)


def test_the_template_of_the_plan_holds_what_a_stack_can_make(text: Remediation) -> None:
    assert text.cloudformation
    assert faults(text.cloudformation) == []
    assert "steps 4, 5, 6, 8, 9, 10" in next(line for line in text.cloudformation.splitlines() if "Not in it" in line)


def test_terraform_reads_the_plan(text: Remediation) -> None:
    kinds = [name.split(".", maxsplit=1)[0] for name in terraform(text.terraform)]
    assert kinds.count("aws_vpc_endpoint") == 2
    assert kinds.count("aws_route_table") == 2
    assert kinds.count("aws_route_table_association") == 2


def test_risks_and_checks_come_first_each_once(text: Remediation) -> None:
    assert text.cli
    head = text.cli.partition("set -eu")[0]
    steps = ", ".join(str(number) for number in range(1, 11))
    assert f"# - steps {steps}: Connections drop.\n" in head
    assert f"# - steps {steps}: Look.\n" in head
    assert text.cli.count("Connections drop.") == 1
    assert "# - steps 1, 2: The policy of a new endpoint admits all" in head
    assert "# - step 2: The service's names lead all clients of the VPC elsewhere" in head
    assert "A title with a name" not in text.cli


def test_the_way_back_begins_with_the_last_step(text: Remediation) -> None:
    def order(script: str | None) -> list[str]:
        return [line for line in (script or "").splitlines() if line.startswith("# Step ")]

    assert order(text.rollback) == order(text.cli)[::-1]
    assert order(text.cli)[0] == "# Step 1: rule:1"


def test_with_the_credentials_of_another_account_nothing_runs(text: Remediation, tmp_path: Path) -> None:
    other = (text.cli or "").replace(OWN, "999999999999")
    with pytest.raises(AssertionError):
        run(other, tmp_path)
    assert (tmp_path / "calls").read_text("utf-8").count("end of call") == 1


def test_a_step_that_leaves_nothing_to_do_writes_no_command(before: Network, account: Account) -> None:
    drop = DropNatGateway(account.nat_a, REGION)
    (whole,) = plan_texts(changes([drop, drop]), before)
    assert whole.remediation.cli
    assert whole.remediation.cli.count("delete-nat-gateway") == 1


def test_each_account_and_region_has_a_document_of_its_own(before: Network, account: Account) -> None:
    one, two = changes([DropNatGateway(account.nat_a, REGION), DropNatGateway(account.nat_b, REGION)])
    elsewhere = Change(2, replace(two.finding, account_id="999999999999"), two.edits)
    told = plan_texts([one, elsewhere], before)
    assert [(text.account_id, text.region, text.steps) for text in told] == [
        (OWN, REGION, (1,)),
        ("999999999999", REGION, (2,)),
    ]
    assert account.nat_b not in (told[0].remediation.cli or "")


@pytest.mark.parametrize("said", STRANGE)
def test_whatever_findings_say_stays_a_comment(said: str, before: Network, account: Account, tmp_path: Path) -> None:
    first, second = account.edits()[:2]
    plain = changes([first, second])
    hostile = [
        replace(one, finding=replace(one.finding, id=said, risks=(said,), check=said, title=said)) for one in plain
    ]
    (told,), (expected,) = plan_texts(hostile, before), plan_texts(plain, before)
    for script, harmless in (
        (told.remediation.cli, expected.remediation.cli),
        (told.remediation.rollback, expected.remediation.rollback),
    ):
        assert run(script or "", tmp_path) == run(harmless or "", tmp_path)
        assert all(char.isprintable() or char == "\n" for char in script or "")
    assert not (tmp_path / "pwned").exists()
    assert resources(told.remediation.cloudformation) == resources(expected.remediation.cloudformation)
    assert terraform(told.remediation.terraform) == terraform(expected.remediation.terraform)
