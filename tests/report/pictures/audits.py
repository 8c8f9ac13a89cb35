"""Audits of any size with any names, made from a seed: the same each time."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from auditor.model.attributed import NamedBy
from auditor.model.audit import Audit, EndpointCost, NatGatewayCost, PlanStep, Sender, Totals, Traffic
from auditor.model.evidence import Series
from auditor.model.history import Point, SinceLast
from auditor.model.layout import LaidEndpoint, LaidNatGateway, LaidRouteTable, LaidSubnet, Layout, VpcMap
from auditor.model.money import ZERO, subtract, total
from auditor.model.parts import Part, PartSaving
from tests.report.example import AUDIT, ENDPOINT, GIB, HOSTILE, NAT_A

NAMES = (*HOSTILE, "", "prod-a", "WWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWW", "漢字" * 30, "a\nb\tc", "\U0001d518" * 40)


def any_audit(seed: int, nats: int, names: tuple[str, ...] = NAMES) -> Audit:
    """`nats` NAT gateways and half as many endpoints, over some accounts and regions; some cost nothing."""
    made = random.Random(seed)
    gateways = tuple(_nat(made, n, names) for n in range(nats))
    endpoints = tuple(_endpoint(made, n, names) for n in range(nats // 2))
    steps = tuple(_step(made, n) for n in range(made.randrange(4)))
    nat_usd = total(line.usd or ZERO for nat in gateways for line in nat.lines)
    endpoint_usd = total(line.usd or ZERO for one in endpoints for line in one.lines)
    measured = total(step.saving for step in steps)
    return replace(
        AUDIT,
        totals=Totals(nat_usd, endpoint_usd, measured, _usd(made), subtract(nat_usd + endpoint_usd, measured), 0),
        nat_gateways=gateways,
        endpoints=endpoints,
        plan=steps,
        series=tuple(one for nat in gateways for one in _series(made, nat.id)),
        vpcs=tuple(_vpc(made, n, names) for n in range(made.randrange(1, 4))),
        since_last=SinceLast(None, None, trend=tuple(_point(made, n) for n in range(made.choice([0, 1, 2, 5, 40])))),
    )


def _point(made: random.Random, number: int) -> Point:
    realised = made.choice([None, _usd(made), -_usd(made)])
    at = AUDIT.generated_at + timedelta(weeks=number)
    return Point(None, at, made.random() < 0.5, _usd(made), _usd(made), _usd(made), realised)


def _usd(made: random.Random) -> Decimal:
    return made.choice([ZERO, Decimal("0.001"), Decimal(made.randrange(10**9)) / 100])


def _nat(made: random.Random, number: int, names: tuple[str, ...]) -> NatGatewayCost:
    destinations = tuple(_traffic(made, names) for _ in range(made.randrange(6)))
    open_usd = _usd(made)
    sent = total((open_usd, *(one.monthly_cost or ZERO for one in destinations)))
    half = sent / 2
    senders = [_sender(made, made.randrange(40), names, half) for _ in range(2)] if sent else []
    line = replace(NAT_A.lines[0], usd=_usd(made))
    return replace(
        NAT_A,
        id=f"nat-{number}",
        name=made.choice(names),
        account_id=f"{made.randrange(12):012}",
        region=made.choice(["us-east-1", "eu-central-1", *names]),
        destinations=destinations,
        unattributed_cost=open_usd,
        lines=(line,),
        senders=tuple(senders),
    )


def _traffic(made: random.Random, names: tuple[str, ...]) -> Traffic:
    endpoint = made.choice(["gateway", "interface", None])
    service = made.choice(["s3", "kms", "internet", *names])
    return Traffic(service, made.choice([None, "us-east-1"]), GIB, GIB, NamedBy.ADDRESS, _usd(made), endpoint)


def _sender(made: random.Random, number: int, names: tuple[str, ...], usd: Decimal) -> Sender:
    subnet = made.choice([None, f"subnet-{number}"])
    name, vpc = made.choice(names), made.choice(names)
    return Sender(subnet, name, f"vpc-{number}", vpc, "a", made.choice(["gateway", None]), made.random() < 0.8, 1, usd)


def _endpoint(made: random.Random, number: int, names: tuple[str, ...]) -> EndpointCost:
    hours, data = ENDPOINT.lines
    quantity = Decimal(made.randrange(10**6)) / 100
    lines = (hours, replace(data, quantity=quantity, usd=quantity * Decimal("0.01")))
    return replace(
        ENDPOINT,
        id=f"vpce-{number}",
        name=made.choice(names),
        service=made.choice(["s3", "kms"]),
        lines=lines,
        monthly_cost=total(line.usd or ZERO for line in lines),
        nat_gb_price=made.choice([None, Decimal("0.045"), Decimal("0.005")]),
        break_even_gb=made.choice([None, Decimal("417.2")]),
    )


def _step(made: random.Random, number: int) -> PlanStep:
    parts = tuple(PartSaving(part, _usd(made) * made.choice([1, -1])) for part in made.sample(list(Part), 3))
    saving = total(part.usd for part in parts)
    return PlanStep(number, f"finding-{number}", saving, saving, ZERO, ZERO, parts)


def _series(made: random.Random, nat_id: str) -> list[Series]:
    days = [AUDIT.window.start.date() + timedelta(days=n) for n in range(30) if made.random() < 0.8]
    return [
        Series(nat_id, metric, tuple(days), tuple(made.choice([0, 1, made.randrange(10**14)]) for _ in days))
        for metric in ("BytesInFromSource", "BytesInFromDestination")
    ]


def _vpc(made: random.Random, number: int, names: tuple[str, ...]) -> VpcMap:
    before = _layout(made, names)
    after = replace(
        before,
        nat_gateways=before.nat_gateways[1:],
        endpoints=(*before.endpoints, LaidEndpoint("new-s3", "", "Gateway", "s3", ("rtb-0",))),
    )
    return VpcMap(f"vpc-{number}", made.choice(names), "111122223333", "us-east-1", before, after)


def _layout(made: random.Random, names: tuple[str, ...]) -> Layout:
    tables = made.randrange(12)
    return Layout(
        subnets=tuple(
            LaidSubnet(f"subnet-{n}", made.choice(names), made.choice(names), made.choice([None, f"rtb-{n % 9}"]))
            for n in range(made.randrange(40))
        ),
        route_tables=tuple(
            LaidRouteTable(f"rtb-{n}", made.choice(names), n == 0, (made.choice(["igw-1", "nat-0", "nat-9", "tgw-1"]),))
            for n in range(tables)
        ),
        nat_gateways=tuple(LaidNatGateway(f"nat-{n}", made.choice(names), None) for n in range(made.randrange(9))),
        endpoints=tuple(
            LaidEndpoint(f"vpce-{n}", "", made.choice(["Interface", "Gateway"]), made.choice(names), (f"rtb-{n}",))
            for n in range(made.randrange(9))
        ),
    )
