"""Creates the company's flow logs and writes their records; what they hold goes into the inventory, to the byte."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from auditor.demo import flow_records, metrics, moto_patches, query_logs
from auditor.demo.clients import attach
from auditor.demo.conversations import LoggedDay, conversations, delivered, logged_day
from auditor.demo.flow_log_files import Delivery, store_parquet, store_text
from auditor.demo.flow_records import Gateway, Record
from auditor.demo.scope import tags

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from auditor.demo.conversations import Conversation
    from auditor.demo.flow_log_plans import FlowLogPlan, LoggedNat
    from auditor.demo.inventory import Company
    from auditor.demo.scope import Scope

_SUNDAY = 6


def build(
    company: Company,
    scopes: Mapping[tuple[str, str], Scope],
    owners: Mapping[str, str],
    plans: Iterable[FlowLogPlan],
) -> dict[str, list[Conversation]]:
    """Flow logs and their records; answers what was said, by flow log. `owners` is bucket -> account id."""
    said = {}
    for plan in plans:
        scope = scopes[company.scopes[plan.network]]
        for client in (*plan.passages, *(client for nat in plan.nats for client in nat.clients)):
            if client.name not in company.interfaces:
                attach(scope, client)
        if plan.name not in company.flow_logs:
            _create(scope, plan)
        if plan.nats:
            said[plan.name] = _Log(scope, plan).write(owners[plan.bucket])
    return said


def _create(scope: Scope, plan: FlowLogPlan) -> None:
    created = scope.ec2.create_flow_logs(
        ResourceType=plan.resource_type,
        ResourceIds=[_resource(scope, plan)],
        TrafficType="ALL",
        LogDestinationType="s3",
        LogDestination=f"arn:aws:s3:::{plan.bucket}",
        TagSpecifications=tags("vpc-flow-log", {"Name": plan.name}),
        **({"LogFormat": plan.form} if plan.form else {}),
    )
    flow_log: str = created["FlowLogIds"][0]
    moto_patches.age_flow_log(scope.moto, flow_log, scope.ago(plan.days_old))
    options = {
        "FileFormat": "parquet" if plan.parquet else "plain-text",
        "HiveCompatiblePartitions": plan.parquet,
        "PerHourPartition": plan.per_hour,
    }
    moto_patches.direct_flow_log(scope.moto, flow_log, f"arn:aws:s3:::{plan.bucket}/{plan.prefix}".rstrip("/"), options)
    scope.company.flow_logs[plan.name] = flow_log


def _resource(scope: Scope, plan: FlowLogPlan) -> str:
    if plan.resource_type == "NetworkInterface":
        return _gateway(scope, plan.resource).interface_id
    company = scope.company
    found = {"VPC": company.vpcs, "Subnet": company.subnets, "RegionalNatGateway": company.nat_gateways}
    return found[plan.resource_type][plan.resource]


def _gateway(scope: Scope, name: str) -> Gateway:
    (nat,) = scope.ec2.describe_nat_gateways(NatGatewayIds=[scope.company.nat_gateways[name]])["NatGateways"]
    first, regional = nat["NatGatewayAddresses"][0], nat["AvailabilityMode"] == "regional"
    return Gateway(
        id=nat["NatGatewayId"],
        account_id=scope.account_id,
        vpc_id=nat["VpcId"],
        subnet_id=nat.get("SubnetId", "-"),
        az_id=first["AvailabilityZoneId"],
        interface_id=first.get("NetworkInterfaceId", "-"),
        address=first["PublicIp" if regional else "PrivateIp"],
        regional=regional,
    )


@dataclass
class _Log:
    """The records of one flow log while they are written, by the time of their delivery."""

    scope: Scope
    plan: FlowLogPlan
    records: dict[datetime, list[Record]] = field(default_factory=lambda: defaultdict(list))
    talks: list[Conversation] = field(default_factory=list)
    rows: Counter[str] = field(default_factory=Counter)

    def write(self, owner: str) -> list[Conversation]:
        """Store all files, note in the inventory what they hold, and answer the conversations in them."""
        for nat in self.plan.nats:
            self._of_gateway(nat)
        delivery = self._delivery(owner)
        if self.plan.parquet:
            store_parquet(delivery, self.records, per_hour=self.plan.per_hour)
        else:
            store_text(delivery, self.records)
        name, company = self.plan.name, self.scope.company
        company.logged_rows[name] = dict(sorted(self.rows.items()))
        company.logged_days[name] = [f"{day:%Y-%m-%d}" for day in self._whole_days]
        return self.talks

    def _of_gateway(self, nat: LoggedNat) -> None:
        gateway = _gateway(self.scope, nat.name)
        talks: list[Conversation] = []
        for day, carried in metrics.nat_bytes(self.scope.nat_points, gateway.id).items():
            if day + timedelta(days=1) <= self._created:
                continue
            logged = logged_day(day, carried, self._created, self.scope.now, nat.covered)
            found = list(conversations(logged, nat.clients, nat.mix))
            talks += found
            for talk in found:
                self._add(talk.start, self._rows_of(gateway, talk))
            self._add_without_bytes(gateway, nat, logged)
        self.talks += talks
        self._note(nat.name, [talk for talk in talks if self._is_expected(talk.start)])

    def _rows_of(self, gateway: Gateway, talk: Conversation) -> Iterable[Record]:
        yield from flow_records.legs(gateway, talk)
        if self.plan.resource_type == "VPC":
            interface = self.scope.company.interfaces[talk.client.behind or talk.client.name]
            yield from flow_records.of_client(gateway, talk, interface)

    def _add_without_bytes(self, gateway: Gateway, nat: LoggedNat, logged: LoggedDay) -> None:
        self._add(logged.begin, [flow_records.refused(gateway, logged.begin)], "rejected")
        if logged.day.weekday() == _SUNDAY:
            self._add(logged.begin, [flow_records.empty(gateway, logged.begin, "NODATA")], "nodata")
        elif nat.skips:
            self._add(logged.begin, [flow_records.empty(gateway, logged.begin, "SKIPDATA")], "skipdata")

    def _add(self, start: datetime, rows: Iterable[Record], kind: str = "") -> None:
        for row in rows:
            self.records[delivered(start)].append({"version": str(self.plan.version), **row})
            if self._is_expected(start):
                self.rows.update(["records", *([kind] if kind else [])])

    def _note(self, nat: str, talks: list[Conversation]) -> None:
        company, log = self.scope.company, self.plan.name
        company.logged_bytes.setdefault(log, {})[nat] = _sums(talks, [talk.remote.key for talk in talks])
        company.client_bytes.setdefault(log, {})[nat] = _sums(talks, [talk.client.address for talk in talks])
        if self.plan.network in query_logs.NETWORKS:
            company.named_bytes.setdefault(log, {})[nat] = _sums(talks, [talk.remote.named_key for talk in talks])

    def _delivery(self, owner: str) -> Delivery:
        described = self.scope.ec2.describe_flow_logs(FlowLogIds=[self.scope.company.flow_logs[self.plan.name]])
        return Delivery(
            flow_log_id=self.scope.company.flow_logs[self.plan.name],
            account_id=self.scope.account_id,
            region=self.scope.region,
            owner=owner,
            bucket=self.plan.bucket,
            prefix=self.plan.prefix,
            fields=tuple(described["FlowLogs"][0]["LogFormat"].replace("${", "").replace("}", "").split()),
        )

    @property
    def _created(self) -> datetime:
        return self.scope.ago(self.plan.days_old)

    @property
    def _whole_days(self) -> tuple[datetime, datetime]:
        """The days of the window that the flow log saw from their beginning; the end is excluded."""
        first, end = metrics.window(self.scope.now)
        begun = self._created.replace(hour=0, minute=0)
        return max(first, begun + timedelta(days=1) if begun < self._created else begun), end

    def _is_expected(self, start: datetime) -> bool:
        first, end = self._whole_days
        return first <= start < end


def _sums(talks: list[Conversation], keys: list[str]) -> dict[str, list[int]]:
    """Bytes up and down by key."""
    sums: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for key, talk in zip(keys, talks, strict=True):
        sums[key] = [sums[key][0] + talk.up, sums[key][1] + talk.down]
    return dict(sums)
