"""Weekly runs that cost nothing: the evidence is made by hand, what follows (audit, store, messages) is real."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from unittest.mock import patch

from auditor import pipeline
from auditor.collectors.run import Progress
from auditor.config import Config, load
from auditor.errors import Exit
from auditor.model.evidence import EVIDENCE_VERSION, Evidence, Gap, Scope, Series, Source
from auditor.model.letter import Delivery
from auditor.model.network import Network
from auditor.model.resources import NatGateway, Route, RouteTable, Subnet, Vpc
from auditor.recording import Occasion
from tests.whatif.networks import AZS, PRICES, REGION, WINDOW

ONE, TWO = "111122223333", "444455556666"
MONDAY = datetime(2026, 11, 23, 6, tzinfo=UTC)
WEEK = timedelta(days=7)


def idle(account: str) -> Scope:
    """A private subnet with a NAT gateway that carried nothing for a month."""
    vpc, subnet, nat = f"vpc-{account}", f"subnet-{account}", f"nat-{account}"
    route = Route("0.0.0.0/0", nat)
    network = Network(
        vpcs=(Vpc(vpc, account, REGION),),
        subnets=(Subnet(subnet, account, REGION, vpc, AZS[0]),),
        route_tables=(RouteTable(f"rtb-{account}", account, REGION, vpc, is_main=True, routes=(route,)),),
        nat_gateways=(NatGateway(nat, account, REGION, vpc, subnet_id=subnet, created=WINDOW.start - WEEK),),
    )
    days: tuple[date, ...] = (WINDOW.end.date() - timedelta(days=1),)
    series = tuple(Series(nat, name, days, (0,)) for name in ("BytesInFromSource", "BytesInFromDestination"))
    return Scope(account, REGION, tuple(Source), network=network, series=series)


def evidence(*accounts: str, at: datetime = MONDAY, gaps: tuple[Gap, ...] = ()) -> Evidence:
    """Of a NAT gateway in each account."""
    return Evidence(EVIDENCE_VERSION, at, WINDOW, tuple(idle(one) for one in accounts), PRICES, gaps)


def settings(port: int, **given: Any) -> Config:
    """A mail server there, quick attempts, the report as JSON alone; `mail` are more keys of its table."""
    server = {"smtp_host": "127.0.0.1", "smtp_port": port, "smtp_tls": "none", "smtp_timeout": 5}
    mail = {"from": "auditor@example.com", "to": ["net@example.com"]} | server | given.pop("mail", {})
    options: dict[str, Any] = {"formats": ("json",), "delivery_attempts": 1} | given
    return load(mail=mail, **options)


@dataclass
class Weeks:
    """A schedule, run week by week; `failures` are the results of messages about runs that failed."""

    schedule: str | None = "weekly"
    accounts: tuple[str, ...] = (ONE, TWO)
    failures: list[tuple[Delivery, ...]] = field(default_factory=list)

    def run(self, config: Config, week: int, read: Evidence | Exception | None = None) -> pipeline.Outcome:
        """The run of that week, on evidence, or on an error where it fails."""
        at = MONDAY + week * WEEK
        found = read if isinstance(read, Exception) else replace(read or evidence(*self.accounts), generated_at=at)
        occasion = Occasion(at, self.schedule, at if self.schedule else None)
        with patch.object(pipeline, "read", side_effect=[found]):
            return pipeline.run_and_deliver(config, at, Progress(), self.failures.append, occasion)

    def code(self, config: Config, week: int, read: Evidence | None = None) -> Exit:
        """What it ends with."""
        return self.run(config, week, read).exit_code(config)
