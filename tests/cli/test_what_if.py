"""`auditor what-if`: the bill before and after, worked out by hand at the list prices of us-east-1."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from auditor.model.attributed import Attribution, Engine, FlowLogScan, NamedBy
from auditor.model.evidence import EVIDENCE_VERSION, Evidence, Scope, Series, Source
from auditor.model.money import Item, Prices
from auditor.model.network import Network
from auditor.model.resources import Endpoint, EndpointService, NatGateway, Route, RouteTable, Subnet, Vpc
from auditor.store import save_evidence
from tests.cli.command import OK, USAGE, Done, in_process, refused
from tests.embedded import clean_environment
from tests.whatif.networks import AZS, PRICES, REGION, WINDOW

GIB = 2**30
OLD = WINDOW.start - timedelta(days=100)
DAY = (WINDOW.end - timedelta(days=1)).date()
NETWORK = Network(
    vpcs=(Vpc("vpc-1", "1", REGION, ("10.0.0.0/16",), dns_support=True, dns_hostnames=True),),
    subnets=(Subnet("subnet-a", "1", REGION, "vpc-1", AZS[0]), Subnet("subnet-b", "1", REGION, "vpc-1", AZS[1])),
    route_tables=(RouteTable("rtb-1", "1", REGION, "vpc-1", is_main=True, routes=(Route("0.0.0.0/0", "nat-1"),)),),
    nat_gateways=(NatGateway("nat-1", "1", REGION, "vpc-1", subnet_id="subnet-a", created=OLD),),
)
SCOPE = Scope(
    "1",
    REGION,
    tuple(Source),
    network=NETWORK,
    # The window has 720 hours: 720 GB in it are 730 GB a month, and 144 are 146.
    series=(
        Series("nat-1", "BytesInFromSource", (DAY,), (0,)),
        Series("nat-1", "BytesInFromDestination", (DAY,), (864 * GIB,)),
    ),
    attributions=(
        Attribution("nat-1", "subnet-a", "s3", REGION, 0, 720 * GIB),
        Attribution("nat-1", "subnet-a", "kms", REGION, 0, 144 * GIB, NamedBy.QUERY_LOG),
    ),
    scans=(FlowLogScan("fl-1", Engine.DUCKDB, WINDOW.start, WINDOW.end, ("nat-1",), clients_known=True),),
)
EVIDENCE = Evidence(EVIDENCE_VERSION, WINDOW.end, WINDOW, (SCOPE,), PRICES)


def evidence(network: Network = NETWORK, **more: Any) -> Evidence:
    return replace(EVIDENCE, scopes=(replace(SCOPE, network=network, **more),))


def what_if(folder: Path, of: Evidence, *args: str) -> Done:
    file = folder / "evidence.json"
    save_evidence(file, of)
    return in_process("what-if", str(file), *args)


def compared(folder: Path, of: Evidence, *args: str) -> dict[str, Any]:
    done = what_if(folder, of, *args, "--format", "json")
    assert (done.returncode, done.stderr) == (OK, "")
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def rows(of: dict[str, Any]) -> list[tuple[str, str, str | None, str | None, str]]:
    """Resource, label, USD before and after, and the difference."""
    usd = [[one and one["usd"] for one in (row["before"], row["after"])] for row in of["lines"]]
    return [
        (row["resource"], row["label"], before, after, row["difference"])
        for row, (before, after) in zip(of["lines"], usd, strict=True)
    ]


def test_a_gateway_endpoint_takes_its_service_off_the_nat_gateway(tmp_path: Path) -> None:
    """876 GB at 0.045 are 39.42, 146 GB are 6.57; with the hours' 32.85 the bill falls from 72.27 to 39.42."""
    found = compared(tmp_path, EVIDENCE, "--add-gateway-endpoint", "vpc-1:s3")
    assert rows(found) == [("nat-1", "data processed", "39.42", "6.57", "-32.85")]
    assert found["expected"] == {
        "before": "72.27",
        "after": "39.42",
        "saving": "32.85",
        "unknown_before": 0,
        "unknown_after": 0,
    }
    assert found["low"] == found["high"] == found["expected"]
    assert (found["evidence"], found["warnings"], found["cuts_off"]) == ("flow-logs", [], False)


def test_an_interface_endpoint_stands_once_in_each_zone_with_clients(tmp_path: Path) -> None:
    """2 × 730 hours at 0.01 are 14.60 and 146 GB are 1.46, against 6.57 that the NAT gateway took."""
    found = compared(tmp_path, EVIDENCE, "--add-interface-endpoint", "vpc-1:kms", "--add-gateway-endpoint", "vpc-1:s3")
    new = "new-kms-interface-endpoint-of-vpc-1"
    assert rows(found) == [
        ("nat-1", "data processed", "39.42", "0", "-39.42"),
        (new, "data processed", None, "1.46", "1.46"),
        (new, "hours", None, "14.6", "14.6"),
    ]
    assert found["expected"]["saving"] == "23.36"
    assert found["evidence"] == "names"
    assert [text.split(" to ")[0] for text in found["changes"]] == [
        "add a gateway endpoint for s3",
        "add an interface endpoint for kms",
    ]


def test_an_endpoint_stays_out_of_zones_that_do_not_offer_its_service(tmp_path: Path) -> None:
    offered = EndpointService("com.amazonaws.us-east-1.kms", "kms", REGION, ("Interface",), (AZS[1],))
    found = compared(
        tmp_path, evidence(replace(NETWORK, endpoint_services=(offered,))), "--add-interface-endpoint", "vpc-1:kms"
    )
    assert found["changes"] == ["add an interface endpoint for kms to vpc-1, in subnet-b"]


def test_the_table_shows_the_figures_of_the_json_and_nothing_else(tmp_path: Path) -> None:
    save_evidence(tmp_path / "evidence.json", EVIDENCE)
    args = (str(tmp_path / "evidence.json"), "--add-gateway-endpoint", "vpc-1:s3")
    done = in_process("what-if", *args, **clean_environment())
    assert (done.returncode, done.stderr) == (OK, "")
    text = " ".join(done.stdout.split())
    assert "Add a gateway endpoint for s3 to vpc-1, in rtb-1" in text
    assert "nat-1 data processed 876 GB × $0.045 $39.42 146 GB × $0.045 $6.57 −$32.85" in text
    assert "expected $72.27 $39.42 $32.85" in text
    assert "low $" not in text
    assert "Evidence: flow logs" in text


def test_without_flow_logs_the_saving_is_bounded_and_not_expected(tmp_path: Path) -> None:
    """At the most all 876 GB are S3's and come from the other zone: 39.42 and 8.76 for crossing zones."""
    blind = evidence(attributions=(), scans=())
    found = compared(tmp_path, blind, "--add-gateway-endpoint", "vpc-1:s3")
    assert (found["low"]["saving"], found["expected"], found["high"]["saving"]) == ("0", None, "48.18")
    assert rows(found) == [
        ("nat-1", "data processed", "39.42", "0", "-39.42"),
        ("nat-1", "transfer between availability zones", "8.76", "0", "-8.76"),
    ]
    text = " ".join(what_if(tmp_path, blind, "--add-gateway-endpoint", "vpc-1:s3").stdout.split())
    assert "after, at the most" in text
    assert "low $72.27 $72.27 $0.00 expected not measured high $81.03 $32.85 $48.18" in text
    assert "Before differs where a reading supposes" in text
    assert "Evidence: CloudWatch metrics" in text


def test_dropping_the_only_way_out_saves_its_hours_and_warns_of_who_is_cut_off(tmp_path: Path) -> None:
    found = compared(tmp_path, EVIDENCE, "--drop", "nat-1")
    assert found["cuts_off"]
    assert rows(found) == [("nat-1", "hours", "32.85", None, "-32.85")]
    assert "nat-1 are left without a way" in found["warnings"][0]
    assert "Warning: Bytes measured at nat-1" in what_if(tmp_path, EVIDENCE, "--drop", "nat-1").stdout


def test_a_dropped_nat_gateway_can_give_its_routes_to_another(tmp_path: Path) -> None:
    """Hours fall by 32.85; 876 GB move, and from subnet-a now cross zones at 0.01: 8.76."""
    other = replace(NETWORK.nat_gateways[0], id="nat-2", subnet_id="subnet-b")
    two = replace(NETWORK, nat_gateways=(*NETWORK.nat_gateways, other))
    silent = tuple(Series("nat-2", name, (DAY,), (0,)) for name in ("BytesInFromSource", "BytesInFromDestination"))
    found = compared(tmp_path, evidence(two, series=(*SCOPE.series, *silent)), "--drop", "nat-1:nat-2")
    assert (found["expected"]["saving"], found["cuts_off"]) == ("24.09", False)


def test_additions_come_before_drops(tmp_path: Path) -> None:
    """Whatever the order on the command line, the old endpoint goes when the new one is there."""
    old = Endpoint("vpce-1", "1", REGION, "vpc-1", "Interface", "kms", private_dns=True, subnet_ids=("subnet-a",))
    network = replace(NETWORK, endpoints=(old,))
    args = ("--drop", "vpce-1", "--add-interface-endpoint", "vpc-1:kms")
    found = compared(tmp_path, evidence(network), *args)
    assert [text.split()[0] for text in found["changes"]] == ["add", "drop"]
    message = refused(what_if(tmp_path, evidence(network), *args[2:]), USAGE)
    assert message == "'vpc-1' has an interface endpoint for kms that answers for its names: 'vpce-1'"


def test_an_unknown_price_makes_the_saving_unknown_and_says_so(tmp_path: Path) -> None:
    prices = Prices(tuple(row for row in PRICES.rows if row.item is not Item.INTERFACE_ENDPOINT_HOUR))
    unpriced = replace(EVIDENCE, prices=prices)
    found = compared(tmp_path, unpriced, "--add-interface-endpoint", "vpc-1:kms")
    assert (found["high"]["saving"], found["high"]["unknown_after"], found["unpriced"]) == (None, 1, ["hours"])
    text = what_if(tmp_path, unpriced, "--add-interface-endpoint", "vpc-1:kms").stdout
    assert "Warning: The saving is unknown" in text
    assert "at least $" in text


def test_bytes_that_nobody_measured_are_not_taken_for_none(tmp_path: Path) -> None:
    deaf = evidence(series=(), attributions=(), scans=(), known=())
    done = what_if(tmp_path, deaf, "--add-gateway-endpoint", "vpc-1:s3")
    assert "Nothing on the bill changes, as far as it was measured." in done.stdout
    assert "Nobody measured the bytes of nat-1" in done.stdout


def test_changes_of_two_regions_are_priced_apart_and_added(tmp_path: Path) -> None:
    """The second region has no price: there everything is unknown, here nothing is."""
    far = "eu-west-1"
    nat = replace(NETWORK.nat_gateways[0], id="nat-far", region=far, vpc_id="vpc-far")
    elsewhere = Scope("1", far, tuple(Source), network=Network(nat_gateways=(nat,)))
    both = replace(EVIDENCE, scopes=(SCOPE, elsewhere))
    found = compared(tmp_path, both, "--drop", "nat-far", "--add-gateway-endpoint", "vpc-1:s3")
    assert found["regions"] == [far, REGION]
    assert found["expected"] is None
    assert found["high"]["saving"] == "32.85"
    assert found["warnings"] == ["Not counted, because its cost is not known here: hours (eu-west-1)"]


@pytest.mark.parametrize(
    ("args", "said"),
    [
        ((), "nothing to try: give --add-gateway-endpoint, --add-interface-endpoint or --drop"),
        (("--drop", "nat-9"), "no NAT gateway or endpoint 'nat-9' in this evidence: known are 'nat-1'"),
        (("--drop", "vpc-1"), "no NAT gateway or endpoint 'vpc-1' in this evidence: known are 'nat-1'"),
        (("--drop", "nat-1:"), "option --drop: 'nat-1:': is not an id such as vpce-1 or nat-1, nor nat-1:nat-2"),
        (("--drop", "nat-1:nat-9"), "'nat-9' is no NAT gateway of us-east-1 that stays"),
        (("--add-gateway-endpoint", "vpc-9:s3"), "no VPC 'vpc-9' in this evidence: known are 'vpc-1'"),
        (("--add-gateway-endpoint", "vpc-1"), "option --add-gateway-endpoint: 'vpc-1': is not VPC:SERVICE such as"),
        (("--add-gateway-endpoint", "vpc-1:kms"), "no gateway endpoint is offered for 'kms': only for s3, dynamodb,"),
        (("--add-interface-endpoint", "vpc-1:ecr-api"), "no interface endpoint is offered for 'ecr-api' in us-east-1;"),
        (("--add-interface-endpoint", "vpc-1:"), "option --add-interface-endpoint: 'vpc-1:': is not VPC:SERVICE such"),
        (("--drop", "nat\n\x1b[31m"), r"no NAT gateway or endpoint 'nat\n\x1b[31m' in this evidence: known are"),
    ],
)
def test_what_cannot_be_tried_is_refused_in_one_line(tmp_path: Path, args: tuple[str, ...], said: str) -> None:
    done = what_if(tmp_path, EVIDENCE, *args)
    assert refused(done, USAGE).startswith(said)
    assert len(done.stderr.splitlines()) == 1


def test_a_gateway_endpoint_that_is_everywhere_already_cannot_be_added(tmp_path: Path) -> None:
    there = Endpoint("vpce-1", "1", REGION, "vpc-1", "Gateway", "s3", route_table_ids=("rtb-1",))
    done = what_if(tmp_path, evidence(replace(NETWORK, endpoints=(there,))), "--add-gateway-endpoint", "vpc-1:s3")
    assert refused(done, USAGE) == "'vpc-1' has no route table that lacks a gateway endpoint for s3"


def test_an_id_in_two_places_is_refused(tmp_path: Path) -> None:
    twin = replace(NETWORK.vpcs[0], region="eu-west-1")
    both = replace(EVIDENCE, scopes=(SCOPE, Scope("1", "eu-west-1", network=Network(vpcs=(twin,)))))
    done = what_if(tmp_path, both, "--add-gateway-endpoint", "vpc-1:s3")
    assert refused(done, USAGE).startswith("'vpc-1' is in 2 places (1 eu-west-1, 1 us-east-1)")


@pytest.mark.parametrize("name", ["nat-\x1b[31mred\x1b[0m", "[bold red]nat[/bold red]", "nat-\u202egnp", "n" * 5_000])
def test_an_id_of_a_hostile_file_is_shown_as_text(tmp_path: Path, name: str) -> None:
    nat = replace(NETWORK.nat_gateways[0], id=name)
    series = tuple(replace(one, resource_id=name) for one in SCOPE.series)
    hostile = evidence(replace(NETWORK, nat_gateways=(nat,)), series=series, attributions=(), scans=())
    done = what_if(tmp_path, hostile, "--drop", name)
    assert (done.returncode, done.stderr) == (OK, "")
    assert not [c for c in done.stdout if (c != "\n" and ord(c) < 32) or c == "\u202e"]
    assert "[bold red]" not in name or "[bold red]nat[/bold red]" in done.stdout
    assert Decimal(compared(tmp_path, hostile, "--drop", name)["high"]["saving"]) == Decimal("32.85")
