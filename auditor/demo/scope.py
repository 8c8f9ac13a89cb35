"""One account in one region, while the company's networks are built in it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeAlias

from auditor.demo import metrics

if TYPE_CHECKING:
    from collections.abc import Mapping

    from auditor.demo.inventory import Company
    from auditor.demo.moto_patches import Moto

# boto3 makes its clients at run time from AWS's models: they have no static type.
Client: TypeAlias = Any


@dataclass(frozen=True, slots=True)
class Scope:
    """Clients of the account in the region, `moto`'s EC2 behind them, and the metrics gathered on the way."""

    account_id: str
    region: str
    ec2: Client
    cloudwatch: Client
    moto: Moto
    now: datetime
    company: Company
    nat_points: list[metrics.Point] = field(default_factory=list)
    endpoint_points: list[metrics.Point] = field(default_factory=list)

    def ago(self, days: int) -> datetime:
        """A moment that many days before now."""
        return self.now - timedelta(days=days)

    def publish(self) -> None:
        """Put the metrics that were gathered."""
        metrics.publish(self.cloudwatch, metrics.NAT_NAMESPACE, self.nat_points)
        metrics.publish(self.cloudwatch, metrics.ENDPOINT_NAMESPACE, self.endpoint_points)


def tags(kind: str, values: Mapping[str, str]) -> list[dict[str, object]]:
    """TagSpecifications of a resource of that kind."""
    return [{"ResourceType": kind, "Tags": [{"Key": key, "Value": value} for key, value in values.items()]}]
