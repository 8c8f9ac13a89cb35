"""A run attributes, to the byte, what the flow logs were written from; what it cannot read it says."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal

import boto3
import duckdb
import pytest

from auditor import pipeline
from auditor.attribution.tally import Tally
from auditor.collectors.run import Progress
from auditor.config import Config, FlowLogs, load
from auditor.demo.company import DEMO_NOW, Company
from auditor.model.attributed import Engine, EngineChoice, FlowLogScan, NamedBy
from auditor.model.evidence import Evidence, Gap, Source
from tests.attribution.athena_stub import AthenaStub
from tests.embedded import MEMBER, OWN, Served
from tests.fault_proxy import FaultProxy

Bytes = dict[str, dict[str, list[int]]]
NOT_CHOSEN = "inquiry"
"""A flow log of the company that tells less than another one on the same NAT gateway."""

LACKING = "batch"
"""A flow log whose format has no bytes."""


@pytest.fixture
def config(aws: Served) -> Config:
    """Both accounts and all regions of the company, over the proxy."""
    company = aws.company
    return load(
        regions=company.regions,
        accounts=tuple(company.accounts.values()),
        role=company.role_name,
        external_id=company.external_id,
        live_prices=False,
        public_lookups=False,
    )


@pytest.fixture
def evidence(companys_evidence: Evidence) -> Evidence:
    """A run over the whole company."""
    return companys_evidence


def read(config: Config, **changes: object) -> Evidence:
    return pipeline.read(config.model_copy(update=changes), DEMO_NOW, Progress())


def records_gaps(evidence: Evidence) -> list[Gap]:
    return [gap for gap in evidence.all_gaps if gap.source is Source.FLOW_RECORDS]


def scans(evidence: Evidence) -> dict[str, FlowLogScan]:
    return {scan.flow_log_id: scan for scope in evidence.scopes for scan in scope.scans}


def objects_read(proxy: FaultProxy) -> list[str]:
    return [call.operation for call in proxy.calls if ".log.gz" in call.operation or ".log.parquet" in call.operation]


def attributed(evidence: Evidence) -> Bytes:
    found: Bytes = defaultdict(lambda: defaultdict(lambda: [0, 0]))
    for one in (one for scope in evidence.scopes for one in scope.attributions):
        both = found[one.nat_gateway_id][" ".join(filter(None, (one.service, one.service_region)))]
        both[0] += one.bytes_up
        both[1] += one.bytes_down
    return {nat: dict(destinations) for nat, destinations in found.items()}


def expected(company: Company, names: set[str]) -> Bytes:
    """What the inventory says of these flow logs, with the names that query logs give."""
    found: Bytes = {}
    for name in names:
        for nat, destinations in (company.named_bytes.get(name) or company.logged_bytes[name]).items():
            found[company.nat_gateways[nat]] = destinations
    return found


def test_every_byte_of_the_flow_logs_is_attributed_as_it_was_written(seeded: Served, evidence: Evidence) -> None:
    company = seeded.company
    readable = set(company.logged_bytes) - {NOT_CHOSEN}
    assert attributed(evidence) == expected(company, readable)
    assert set(scans(evidence)) == {company.flow_logs[name] for name in readable}


def test_records_are_counted_by_kind(seeded: Served, evidence: Evidence) -> None:
    company, found = seeded.company, scans(evidence)
    for name in set(company.logged_rows) - {NOT_CHOSEN}:
        scan, rows = found[company.flow_logs[name]], company.logged_rows[name]
        kinds = ("records", "nodata", "skipdata", "rejected", "unreadable")
        assert {kind: getattr(scan, kind) for kind in kinds} == dict.fromkeys(kinds, 0) | rows
    assert any(rows.get("skipdata") for rows in company.logged_rows.values())


def test_a_flow_log_of_twelve_days_is_read_for_its_whole_days(seeded: Served, evidence: Evidence) -> None:
    company, found = seeded.company, scans(evidence)
    for name, (first, after) in company.logged_days.items():
        if name != NOT_CHOSEN:
            scan = found[company.flow_logs[name]]
            assert (f"{scan.start:%Y-%m-%d}", f"{scan.end:%Y-%m-%d}") == (first, after)
    spans = {(scan.end - scan.start).days for scan in found.values()}
    assert 30 in spans
    assert min(spans) < 30


def test_clients_are_placed_in_their_subnets_and_the_largest_have_owners(seeded: Served, evidence: Evidence) -> None:
    company = seeded.company
    talkers = [one for scope in evidence.scopes for one in scope.talkers]
    assert all(one.subnet_id in company.subnets.values() for one in talkers)
    assert set(company.interfaces.values()) & {one.interface_id for one in talkers}
    assert {one.owner.split(" ")[0].split("-")[0] for one in talkers} >= {"Lambda", "ECS", "i"}
    placed = [one for scope in evidence.scopes for one in scope.attributions if one.subnet_id]
    assert placed
    known = {scan.nat_gateway_ids: scan.clients_known for scan in scans(evidence).values()}
    assert set(known.values()) == {True, False}


def test_names_of_query_logs_are_marked_so(evidence: Evidence) -> None:
    found = {(one.service, one.named_by) for scope in evidence.scopes for one in scope.attributions}
    named = {service for service, by in found if by is NamedBy.QUERY_LOG}
    assert named >= {"kms", "logs"}
    assert not named & {"s3", "dynamodb", "internet", "aws"}


def test_what_flow_logs_name_is_looked_up_among_the_endpoint_services(evidence: Evidence) -> None:
    """Once for each account and region, and only those names: a region has 200 services."""
    scope = evidence.scope[OWN, "eu-central-1"]
    assert {one.service for one in scope.network.endpoint_services} == {"kms", "logs", "sts", "ecr.dkr"}
    assert all(one.zones and one.types == ("Interface",) for one in scope.network.endpoint_services)
    assert [one.count for one in scope.calls if one.operation == "ec2:DescribeVpcEndpointServices"] == [2]


def test_where_that_is_denied_it_is_a_gap_and_no_service_is_taken_for_missing(
    config: Config, proxy: FaultProxy
) -> None:
    proxy.deny("DescribeVpcEndpointServices")
    evidence = read(config, regions=("eu-central-1",), accounts=(OWN,))
    (gap,) = [gap for gap in evidence.all_gaps if gap.source is Source.ENDPOINT_SERVICES]
    assert gap.action == "ec2:DescribeVpcEndpointServices"
    (scope,) = evidence.scopes
    assert Source.ENDPOINT_SERVICES not in scope.known
    assert scope.attributions


def test_a_format_that_lacks_what_is_needed_is_a_gap_that_says_what_would_mend_it(
    seeded: Served, evidence: Evidence
) -> None:
    (gap,) = records_gaps(evidence)
    assert gap.action == "ec2:DescribeFlowLogs"
    lacking = seeded.company.flow_logs[LACKING]
    assert f"{lacking}: its format lacks bytes: mend that, or make the flow log that finding unmeasured" in gap.reason


def test_what_a_bucket_denies_is_a_gap_that_says_what_to_grant_and_to_whom(config: Config, proxy: FaultProxy) -> None:
    """The NAT gateways stay with what CloudWatch says."""
    proxy.deny("GET /nordlicht-flow-logs")
    evidence = read(config, regions=("eu-central-1",), accounts=(OWN,))
    gaps = records_gaps(evidence)
    assert {gap.action for gap in gaps} == {"s3:GetObject"}
    # egress, shop-prod, fulfilment, archive and depots
    assert len(gaps) == 5
    for gap in gaps:
        assert "AccessDenied: grant s3:ListBucket, s3:GetObject to arn:aws:" in gap.reason
    (scope,) = evidence.scopes
    assert not scope.attributions
    assert any(series.sum for series in scope.series)


def test_off_reads_no_record(config: Config, proxy: FaultProxy) -> None:
    evidence = read(config, flow_logs=FlowLogs.OFF, regions=("eu-central-1",), accounts=(OWN,))
    assert not scans(evidence)
    assert not records_gaps(evidence)
    assert not [call for call in proxy.calls if "nordlicht" in call.operation or "Resolver" in call.operation]


def test_over_the_budget_nothing_is_read_and_every_gap_says_what_it_would_cost(
    aws: Served, config: Config, proxy: FaultProxy
) -> None:
    evidence = read(config, budget=Decimal(0))
    assert not scans(evidence)
    assert not any(scope.attributions for scope in evidence.scopes)
    dear = [gap for gap in records_gaps(evidence) if "over the budget of $0.00" in gap.reason]
    assert len(dear) == len(set(aws.company.logged_bytes) - {NOT_CHOSEN})
    assert any(call.operation.startswith("GET /nordlicht-") for call in proxy.calls)  # they were listed
    assert not objects_read(proxy)


def test_a_forecast_reads_neither_metric_nor_record(evidence: Evidence, config: Config, proxy: FaultProxy) -> None:
    forecast = pipeline.forecast(config, DEMO_NOW, Progress())
    assert "GetMetricData" not in {call.operation for call in proxy.calls}
    assert not objects_read(proxy)
    read_later = {one.flow_log_id for one in forecast.scans if not one.refusal}
    assert read_later == set(scans(evidence))
    assert {one.flow_log_id: one.usd for one in forecast.scans if not one.refusal} == {
        scan.flow_log_id: scan.usd_estimated for scan in scans(evidence).values()
    }
    assert forecast.metrics == sum(scope.metrics_requested for scope in evidence.scopes) > 0


def test_an_account_that_cannot_be_reached_again_loses_its_flow_logs_only(config: Config, proxy: FaultProxy) -> None:
    """The role is assumed anew for the records: refused, the network and the bytes that were read stay."""

    def deny_from_now_on(_: int, done: int, __: str) -> None:
        if done:
            proxy.deny("AssumeRole")

    both = config.model_copy(update={"regions": ("us-east-1",)})
    evidence = pipeline.read(both, DEMO_NOW, Progress(deny_from_now_on))
    gaps = [gap for gap in records_gaps(evidence) if gap.account_id == MEMBER]
    assert gaps
    assert all("sts:AssumeRole" in gap.reason for gap in gaps)
    assert all(scope.series for scope in evidence.scopes if scope.account_id == MEMBER and scope.network.nat_gateways)
    assert any(scope.attributions for scope in evidence.scopes if scope.account_id == OWN)


def test_athena_attributes_the_same(
    aws: Served, evidence: Evidence, config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both engines read the same objects: one through a table and SQL that is executed, the other from disk."""
    here = attributed(evidence)
    region, results = "eu-central-1", "athena-results"
    s3, glue = (boto3.client(name, region_name=region, endpoint_url=aws.url) for name in ("s3", "glue"))
    s3.create_bucket(Bucket=results, CreateBucketConfiguration={"LocationConstraint": region})
    glue.create_database(DatabaseInput={"Name": "audits"})
    output = {"ResultConfiguration": {"OutputLocation": f"s3://{results}/"}, "BytesScannedCutoffPerQuery": 2**30}
    chosen = {"scan_with": EngineChoice.ATHENA, "athena_workgroup": "auditor", "athena_database": "audits"}
    with AthenaStub(glue, s3, output) as athena:
        monkeypatch.setenv("AWS_ENDPOINT_URL_ATHENA", athena.url)
        there = read(config, **chosen, regions=(region,), accounts=(OWN,))
    by_athena = scans(there)
    assert by_athena
    assert {scan.engine for scan in by_athena.values()} == {Engine.ATHENA}
    nats = {nat for scan in by_athena.values() for nat in scan.nat_gateway_ids}
    assert attributed(there) == {nat: here[nat] for nat in nats}
    assert not s3.list_objects_v2(Bucket=results).get("Contents")
    assert not glue.get_tables(DatabaseName="audits")["TableList"]
    assert all(scan.usd and scan.usd > 0 for scan in by_athena.values())


def test_an_engine_that_fails_is_a_gap_of_its_flow_log(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    """A full disk, too little memory: the audit goes on with what CloudWatch says."""

    def fail(*_: object) -> None:
        raise duckdb.OutOfMemoryException("could not allocate block")

    monkeypatch.setattr(Tally, "add_files", fail)
    evidence = read(config, regions=("eu-central-1",), accounts=(OWN,))
    gaps = records_gaps(evidence)
    assert len(gaps) == 5
    assert all("counting here failed: could not allocate block" in gap.reason for gap in gaps)
    assert evidence.scopes[0].series
