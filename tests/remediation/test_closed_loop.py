"""What the audit promises is what comes: the templates deployed and a month gone by, the next audit bills that amount.

The account is nat-gateway-per-zone.yaml of the samples. Each day has 72 GB, or a multiple: a month of 730 hours is then
a whole number of bytes, and amounts compare with ==.
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
from auditor.model.money import Line, subtract, total
from auditor.remediation.cloudformation import template
from auditor.remediation.plan import plan_texts
from auditor.remediation.remedy import remedy
from auditor.whatif.bill import bill
from auditor.whatif.edits import AddInterfaceEndpoint
from auditor.whatif.flows import traffic_of
from auditor.whatif.forecast import Forecast
from auditor.whatif.saving import Situation
from tests.embedded import OWN, Served, served
from tests.remediation.aws_in_bash import carry_out
from tests.remediation.embedded_accounts import clients
from tests.test_samples import Sample, deployed

REGION, GB, DAYS = "eu-central-1", 2**30, 30
THEN = datetime.now(UTC) + timedelta(days=DAYS + 10)
LATER = THEN + timedelta(days=DAYS)
A_DAY = {("NatA", "s3"): 72, ("NatA", "internet"): 144, ("NatB", "internet"): 72}
"""GB that each NAT gateway downloads a day, from where; that of zone c carries nothing."""


@dataclass(frozen=True)
class Company:
    """The account, on its embedded AWS."""

    aws: Served
    sample: Sample

    def stack(self, name: str, body: str) -> dict[str, str]:
        """Deploy a template; answers its outputs."""
        cloudformation = clients(self.aws)("cloudformation", REGION)
        cloudformation.create_stack(StackName=name, TemplateBody=body)
        (stack,) = cloudformation.describe_stacks(StackName=name)["Stacks"]
        assert stack["StackStatus"] == "CREATE_COMPLETE"
        return {one["OutputKey"]: one["OutputValue"] for one in stack.get("Outputs", ())}

    def live(self, now: datetime, a_day: dict[tuple[str, str], int]) -> None:
        """Let a month go by in which NAT gateways carry so much."""
        for nat in ("NatA", "NatB"):
            count = sum(gb for (which, _), gb in a_day.items() if which == nat)
            here = {"NatGatewayId": self.sample.ids[nat]}
            self._put(now, "AWS/NATGateway", here, {"BytesInFromSource": 0, "BytesInFromDestination": count})

    def use(self, now: datetime, endpoint_id: str, gb_a_day: int) -> None:
        """Let an endpoint carry so much in that month."""
        ec2 = clients(self.aws)("ec2", REGION)
        (endpoint,) = ec2.describe_vpc_endpoints(VpcEndpointIds=[endpoint_id])["VpcEndpoints"]
        here = {
            "Endpoint Type": endpoint["VpcEndpointType"],
            "Service Name": endpoint["ServiceName"],
            "VPC Endpoint Id": endpoint_id,
            "VPC Id": endpoint["VpcId"],
        }
        self._put(now, "AWS/PrivateLinkEndpoints", here, {"BytesProcessed": gb_a_day})

    def evidence(self, now: datetime, a_day: dict[tuple[str, str], int]) -> Evidence:
        """What is collected of it, with what flow logs of the NAT gateways would tell."""
        selection = Selection(window_of(DAYS, now), now, regions=(REGION,), live_prices=False)
        found = asyncio.run(collect(selection))
        (scope,) = found.scopes
        told = tuple(self._attribution(nat, service, gb) for (nat, service), gb in a_day.items())
        nats = tuple({one.nat_gateway_id for one in told})
        scan = FlowLogScan("fl-1", Engine.DUCKDB, found.window.start, found.window.end, nats, clients_known=True)
        return replace(found, scopes=(replace(scope, attributions=told, scans=(scan,)),))

    def audit(self, evidence: Evidence) -> Audit:
        return analyze(evidence, remedy, plan_texts)

    def _attribution(self, nat: str, service: str, gb: int) -> Attribution:
        place = None if service == "internet" else REGION
        subnet = self.sample.ids[f"Private{nat[-1]}"]
        return Attribution(self.sample.ids[nat], subnet, service, place, 0, gb * DAYS * GB, NamedBy.ADDRESS)

    def _put(self, now: datetime, namespace: str, dimensions: dict[str, str], gb_a_day: dict[str, int]) -> None:
        window = window_of(DAYS, now)
        points = [
            {
                "MetricName": metric,
                "Dimensions": [{"Name": name, "Value": value} for name, value in dimensions.items()],
                "Timestamp": window.start + timedelta(days=day, hours=12),
                "Value": count * GB,
            }
            for day in range(DAYS)
            for metric, count in gb_a_day.items()
        ]
        clients(self.aws)("cloudwatch", REGION).put_metric_data(Namespace=namespace, MetricData=points)


@pytest.fixture
def company() -> Iterator[Company]:
    with served("blank") as aws, pytest.MonkeyPatch.context() as environment:
        for name, value in aws.environment.items():
            environment.setenv(name, value)
        yield Company(aws, deployed(aws, "nat-gateway-per-zone", REGION))


def usd(lines: tuple[Line, ...]) -> Decimal:
    assert all(line.usd is not None for line in lines)
    return total(line.usd for line in lines if line.usd is not None)


def test_the_plan_carried_out_the_next_months_bill_is_the_one_that_was_promised(
    company: Company, tmp_path: Path
) -> None:
    """The S3 endpoint by the stack, the idle NAT gateway by its commands; what each saves is worked out by hand.

    72 GB × 30 days × 730/720 × $0.052 = $113.88, and 730 hours × ($0.052 + $0.005) = $41.61.
    """
    company.live(THEN, A_DAY)
    first = company.audit(company.evidence(THEN, A_DAY))
    vpc, idle = company.sample.ids["Network"], f"idle-nat-gateway:{company.sample.ids['NatC']}"
    missing = f"missing-gateway-endpoint:{vpc}:s3"
    assert {step.finding_id: step.saving for step in first.plan} == {
        missing: Decimal("113.88"),
        idle: Decimal("41.61"),
    }
    (whole,) = first.plan_remediation
    assert whole.remediation.cloudformation
    company.stack("plan", whole.remediation.cloudformation)
    (commands,) = [one.remediation.cli for one in first.findings if one.id == idle]
    assert commands
    carry_out(commands, clients(company.aws), tmp_path)

    left = {key: gb for key, gb in A_DAY.items() if key[1] != "s3"}
    company.live(LATER, left)
    second = company.audit(company.evidence(LATER, left))
    assert not {missing, idle} & {one.id for one in second.findings}
    assert second.plan == ()
    costs = second.totals.nat_monthly_cost, second.totals.endpoint_monthly_cost
    assert total(costs) == first.totals.after_plan
    assert subtract(first.totals.nat_monthly_cost, second.totals.nat_monthly_cost) == first.totals.saving_measured


def test_an_interface_endpoint_that_a_stack_makes_costs_what_its_edit_was_priced_at(company: Company) -> None:
    """2 × 730 hours × $0.012 and 360 GB × 30 × 730/720 × $0.01 come; the same bytes at $0.052 go."""
    a_day = {("NatA", "kms"): 360, ("NatB", "internet"): 72}
    company.live(THEN, a_day)
    before = company.evidence(THEN, a_day)
    ids = company.sample.ids
    edit = AddInterfaceEndpoint(
        ids["Network"], OWN, REGION, "kms", (ids["PrivateA"], ids["PrivateB"]), ("10.40.0.0/16",)
    )
    text = template([edit], before.network)
    assert text
    (endpoint,) = company.stack("endpoint", text).values()
    company.live(LATER, {("NatB", "internet"): 72})
    company.use(LATER, endpoint, 360)
    after = company.evidence(LATER, {("NatB", "internet"): 72})

    traffic = traffic_of(before)
    saved = Forecast.of(Situation(before.network, traffic, before.prices), traffic).after([edit]).saved.expected.usd
    assert saved == Decimal("569.40") - Decimal("109.50") - Decimal("17.52")
    promised = subtract(usd(bill(before.network, traffic, before.prices).lines), saved)
    assert usd(bill(after.network, traffic_of(after), after.prices).lines) == promised
    (group,) = _groups(company, endpoint)
    (permission,) = group["IpPermissions"]
    assert (permission["FromPort"], permission["IpRanges"][0]["CidrIp"]) == (443, "10.40.0.0/16")


def _groups(company: Company, endpoint: str) -> list[dict[str, Any]]:
    ec2 = clients(company.aws)("ec2", REGION)
    (found,) = ec2.describe_vpc_endpoints(VpcEndpointIds=[endpoint])["VpcEndpoints"]
    ids = [group["GroupId"] for group in found["Groups"]]
    groups: list[dict[str, Any]] = ec2.describe_security_groups(GroupIds=ids)["SecurityGroups"]
    return groups
