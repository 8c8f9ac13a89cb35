"""Which flow logs the company has, who talks in the networks they see, and to whom: the table that the audit finds.

Amounts are not written here: they follow the metrics of the NAT gateways.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from auditor.demo.clients import Client, Kind
from auditor.demo.conversations import Share
from auditor.demo.egress import FLOW_LOG_BUCKET, FLOW_LOG_FORMAT
from auditor.demo.remotes import cloudfront, dynamodb, hosted, internet, s3, service, unnamed

if TYPE_CHECKING:
    from auditor.demo.inventory import Company

LAKE_BUCKET = "nordlicht-lake"
LAKE_PREFIX = "network/"

# Only what an attribution needs, in the order in which somebody thought of it; the direction makes it version 5.
_LEAN_FORMAT = (
    "${interface-id} ${pkt-srcaddr} ${pkt-dstaddr} ${srcaddr} ${dstaddr} ${bytes} ${packets} ${start} ${end}"
    " ${action} ${log-status} ${flow-direction} ${version} ${account-id}"
)
# Made to see who knocks: it holds no bytes, so it attributes none.
_WATCH_FORMAT = "${interface-id} ${srcaddr} ${dstaddr} ${dstport} ${action} ${start} ${end} ${log-status}"
# A regional NAT gateway has no interface: version 9 names the resource.
_RESOURCE_FORMAT = (
    "${version} ${account-id} ${resource-id} ${interface-id} ${srcaddr} ${dstaddr} ${srcport} ${dstport} ${protocol}"
    " ${packets} ${bytes} ${start} ${end} ${action} ${log-status} ${vpc-id} ${pkt-srcaddr} ${pkt-dstaddr}"
)

_HOSTILE_CLIENT = "<i>reports</i> =1+1"
_TRANSIT = Client("core-transit", "egress-transit-a", "10.40.1.9", Kind.TRANSIT_GATEWAY)


@dataclass(frozen=True, slots=True)
class LoggedNat:
    """A NAT gateway of the inventory: records hold `covered` per mille of its bytes. `skips`: some are known lost."""

    name: str
    clients: tuple[Client, ...]
    mix: tuple[Share, ...]
    covered: int
    skips: bool = False


@dataclass(frozen=True, slots=True)
class FlowLogPlan:
    """A flow log to be: `network` is the VPC, `resource` the VPC, subnet or NAT gateway of the inventory it is on.

    On the NAT gateway's interface it is for `NetworkInterface`. Without a `form` AWS's default holds. Parquet has Hive
    keys. `passages` are interfaces that its network shows instead of its clients', which are behind them.
    """

    name: str
    network: str
    resource_type: str
    resource: str
    days_old: int
    nats: tuple[LoggedNat, ...] = ()
    form: str | None = FLOW_LOG_FORMAT
    version: int = 5
    bucket: str = FLOW_LOG_BUCKET
    prefix: str = ""
    parquet: bool = False
    per_hour: bool = False
    passages: tuple[Client, ...] = ()


def plans(company: Company) -> list[FlowLogPlan]:
    """All flow logs, that of `egress` included, which is there already."""
    return [
        FlowLogPlan("egress", "egress", "VPC", "egress", 300, (_egress(company),), passages=(_TRANSIT,)),
        FlowLogPlan("shop-prod", "shop-prod", "VPC", "shop-prod", 200, _shop(company)),
        *_payments(company),
        FlowLogPlan("batch", "batch", "VPC", "batch", 150, form=_WATCH_FORMAT),
        *_analytics(company),
        FlowLogPlan(
            name="mobile-api",
            network="mobile-api",
            resource_type="RegionalNatGateway",
            resource="mobile-api-regional",
            days_old=90,
            nats=(_mobile(company),),
            form=_RESOURCE_FORMAT,
            version=9,
        ),
    ]


def _shop(company: Company) -> tuple[LoggedNat, ...]:
    region, account = "eu-central-1", company.accounts["production"]
    mix = (
        Share(s3(region, "nordlicht-images"), 22, 44),
        Share(dynamodb(region), 24, 17),
        Share(service("ecr.dkr", region, account), 1, 9),
        Share(service("logs", region, account), 17, 1),
        Share(service("kms", region, account), 4, 4),
        Share(service("sts", region, account), 1, 2),
        Share(unnamed(region), 2, 1),
        Share(hosted(region, "api.parcels.example"), 9, 6),
        Share(s3("us-east-1", "nordlicht-catalogue"), 3, 4),
        Share(cloudfront("static.partner.example"), 2, 5),
        Share(internet("psp.example", 17), 15, 7),
    )
    of_a = (
        Client("checkout", "shop-prod-private-a", "10.10.16.21", Kind.ECS_TASK, 3),
        Client("image-resizer", "shop-prod-private-a", "10.10.19.7", Kind.LAMBDA, 7),
    )
    of_b = (
        Client("catalog", "shop-prod-private-b", "10.10.32.50", Kind.EKS_POD, 5),
        Client("search", "shop-prod-private-b", "10.10.33.12", Kind.INSTANCE, 2),
    )
    of_c = (
        Client("checkout-c", "shop-prod-private-c", "10.10.48.33", Kind.ECS_TASK, 2),
        Client("scaled-in", "shop-prod-private-c", "10.10.50.9", Kind.GONE),
    )
    return (
        LoggedNat("shop-prod-a", of_a, mix, 985),
        LoggedNat("shop-prod-b", of_b, mix, 972),
        LoggedNat("shop-prod-c", of_c, mix, 600, skips=True),
    )


def _egress(company: Company) -> LoggedNat:
    region, account = "eu-central-1", company.accounts["production"]
    mix = (
        Share(s3(region, "nordlicht-orders"), 20, 41),
        Share(dynamodb(region), 31, 22),
        Share(service("kms", region, account), 6, 5),
        Share(service("logs", region, account), 14, 1),
        Share(hosted(region, "edi.supplier.example"), 11, 13),
        Share(internet("erp.example", 41), 18, 18),
    )
    clients = (
        Client("orders-api", "orders-private-a", "10.41.0.18", Kind.ECS_TASK, 2, behind="core-transit"),
        Client("orders-invoices", "orders-private-b", "10.41.16.30", Kind.LAMBDA, behind="core-transit"),
    )
    return LoggedNat("egress-a", clients, mix, 991)


def _payments(company: Company) -> list[FlowLogPlan]:
    """The whole VPC in the default format; and one NAT gateway once more, for an inquiry that nobody ended."""
    region, account = "us-east-1", company.accounts["production"]
    mix = (
        Share(internet("card-network.example", 88), 61, 52),
        Share(service("sts", region, account), 9, 12),
        Share(service("logs", region, account), 16, 2),
        Share(hosted(region, "fraud-score.example"), 14, 34),
    )
    a, b = (
        LoggedNat(
            f"payments-{zone}",
            (Client(f"payments-{zone}", f"payments-private-{zone}", address, Kind.INSTANCE),),
            mix,
            978,
        )
        for zone, address in {"a": "10.20.16.11", "b": "10.20.32.12"}.items()
    )
    return [
        FlowLogPlan("payments", "payments", "VPC", "payments", 240, (a, b), form=None, version=2),
        FlowLogPlan("inquiry", "payments", "NetworkInterface", "payments-a", 20, (a,), form=None, version=2),
    ]


def _analytics(company: Company) -> list[FlowLogPlan]:
    """Parquet in the lake: the public subnet of zone a for long, the interface of zone b's gateway for twelve days."""
    region, account = "us-east-1", company.accounts["data-platform"]
    mix = (
        Share(dynamodb(region), 12, 33),
        Share(service("kinesis-streams", region, account), 41, 8),
        Share(service("ecr.api", region, account), 1, 2),
        Share(s3("eu-west-1", "nordlicht-lake-copy"), 19, 6),
        Share(hosted(region, "warehouse.example"), 17, 29),
        Share(internet("feeds.example", 120), 10, 22),
    )
    reports = (Share(dynamodb(region), 20, 45), Share(internet("bi.example", 130), 80, 55))
    etl = (
        Client("etl-loader", "analytics-etl-a", "10.30.16.100", Kind.INSTANCE, 4),
        Client("etl-joiner", "analytics-etl-b", "10.30.32.100", Kind.INSTANCE, 2),
        Client("etl-exporter", "analytics-etl-c", "10.30.48.60", Kind.EKS_POD, 3),
    )
    one = (Client(_HOSTILE_CLIENT, "analytics-reporting-b", "10.30.64.15", Kind.INSTANCE),)
    of_a, of_b = LoggedNat("analytics-a", etl, mix, 993), LoggedNat("analytics-b", one, reports, 981)
    return [
        _in_lake("analytics-a", "Subnet", "analytics-public-a", 400, of_a),
        _in_lake("analytics-b", "NetworkInterface", "analytics-b", 12, of_b),
    ]


def _in_lake(name: str, resource_type: str, resource: str, days_old: int, nat: LoggedNat) -> FlowLogPlan:
    return FlowLogPlan(
        name,
        "analytics",
        resource_type,
        resource,
        days_old,
        (nat,),
        form=_LEAN_FORMAT,
        bucket=LAKE_BUCKET,
        prefix=LAKE_PREFIX,
        parquet=True,
        per_hour=resource_type == "NetworkInterface",
    )


def _mobile(company: Company) -> LoggedNat:
    region, account = "ap-southeast-2", company.accounts["data-platform"]
    mix = (
        Share(s3(region, "nordlicht-mobile"), 14, 27),
        Share(dynamodb(region), 29, 24),
        Share(service("kms", region, account), 5, 3),
        Share(service("sts", region, account), 3, 4),
        Share(cloudfront("avatars.example"), 4, 12),
        Share(internet("push.example", 140), 45, 30),
    )
    clients = (
        Client("mobile-login", "mobile-api-private-a", "10.70.0.20", Kind.LAMBDA, 2),
        Client("mobile-feed", "mobile-api-private-b", "10.70.16.21", Kind.ECS_TASK, 5),
        Client("mobile-push", "mobile-api-private-c", "10.70.32.22", Kind.EKS_POD, 3),
    )
    return LoggedNat("mobile-api-regional", clients, mix, 976)
