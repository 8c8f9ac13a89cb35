"""The flow log that a NAT gateway lacks, in each form: it is what AWS takes, and then the NAT gateway is measured."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import boto3
import hcl2
import pytest

from auditor.collectors.surroundings import parse_flow_log
from auditor.model.flow_record import LEANEST_FIELDS, fields_of, lacks
from auditor.model.resources import FlowLog
from auditor.remediation.flow_log import flow_log_texts
from auditor.whatif.flow_log import NewFlowLog
from tests.embedded import served
from tests.models import model
from tests.remediation.languages import STRANGE, faults, resources, terraform_value
from tests.remediation.shell import BASH, check, params_of, run, scripts
from tests.rules.ask import findings
from tests.rules.build import GIB, A, app, evidence, nat, nat_series, regional_nat

REGION = "eu-central-1"
ENI, NAT = "eni-0123456789abcdef0", "nat-0123456789abcdef0"
ZONAL = NewFlowLog(REGION, "NetworkInterface", (ENI, "eni-2"), ("interface-id", *LEANEST_FIELDS), 1)
REGIONAL = NewFlowLog(REGION, "RegionalNatGateway", (NAT,), ("resource-id", *LEANEST_FIELDS), 1)
BOTH = pytest.mark.parametrize("flow_log", [ZONAL, REGIONAL], ids=["zonal", "regional"])
SAID = {
    "ResourceType": "NetworkInterface",
    "TrafficType": "ACCEPT",
    "LogDestinationType": "s3",
    "LogFormat": "${interface-id} ${srcaddr} ${dstaddr} ${pkt-srcaddr} ${pkt-dstaddr} ${bytes} ${start} ${end}"
    " ${log-status}",
    "MaxAggregationInterval": 600,
    "DestinationOptions": {"FileFormat": "parquet", "HiveCompatiblePartitions": False, "PerHourPartition": False},
}
"""What each form says of the zonal one, apart from where it lies and where its records go."""
BUCKET = "arn:aws:s3:::my-flow-logs"


def texts(flow_log: NewFlowLog) -> tuple[str, str, str]:
    told = flow_log_texts(flow_log)
    assert told.cli
    assert told.cloudformation
    assert told.terraform
    return told.cli, told.cloudformation, told.terraform


def parameters(flow_log: NewFlowLog, folder: Path) -> dict[str, Any]:
    """What the command sends to AWS once the user has named a bucket."""
    (words,) = run(texts(flow_log)[0].replace("arn:aws:s3:::YOUR-BUCKET", BUCKET), folder)
    return params_of(words[2:], model().operation_model("CreateFlowLogs").input_shape)


@BOTH
def test_aws_knows_each_command_and_option(flow_log: NewFlowLog, tmp_path: Path) -> None:
    for script in scripts(flow_log_texts(flow_log)):
        for words in run(script, tmp_path):
            check(words)
    kinds = model().shape_for("FlowLogsResourceType").enum
    assert flow_log.resource_type in kinds


def test_the_command_makes_one_flow_log_for_each_interface(tmp_path: Path) -> None:
    assert parameters(ZONAL, tmp_path) == SAID | {"ResourceIds": [ENI, "eni-2"], "LogDestination": BUCKET}


def test_the_way_back_deletes_what_lies_on_the_resource_and_goes_to_the_bucket(tmp_path: Path) -> None:
    told = flow_log_texts(REGIONAL).rollback
    assert told
    find, delete = run(told, tmp_path)
    assert find[2:6] == ["--region", REGION, "--filter", f"Name=resource-id,Values={NAT}"]
    assert find[6:8] == ["--query", "FlowLogs[?LogDestination=='arn:aws:s3:::YOUR-BUCKET'].FlowLogId"]
    assert delete == ["ec2", "delete-flow-logs", "--region", REGION, "--flow-log-ids", "made-1"]


def test_nobody_can_have_the_bucket_of_one_who_forgets_to_name_theirs() -> None:
    """Names of buckets have no capital letters (S3 user guide, "General purpose bucket naming rules")."""
    assert "arn:aws:s3:::YOUR-BUCKET\n" in texts(ZONAL)[0]


@BOTH
def test_the_template_is_without_fault(flow_log: NewFlowLog) -> None:
    assert faults(texts(flow_log)[1]) == []


def test_the_template_says_the_same() -> None:
    made = resources(texts(ZONAL)[1]).values()
    assert [resource["Type"] for resource in made] == ["AWS::EC2::FlowLog"] * 2
    properties = [resource["Properties"] for resource in made]
    there = {"LogDestination": {"Ref": "BucketArn"}}
    assert properties == [SAID | there | {"ResourceId": eni} for eni in (ENI, "eni-2")]


def blocks(flow_log: NewFlowLog) -> list[dict[str, Any]]:
    """The flow logs of the Terraform text."""
    told = hcl2.loads(texts(flow_log)[2])
    return [block for resource in told["resource"] for block in resource['"aws_flow_log"'].values()]


def test_terraform_reads_the_same() -> None:
    first, second = blocks(ZONAL)
    assert first == {
        "eni_id": f'"{ENI}"',
        "traffic_type": '"ACCEPT"',
        "max_aggregation_interval": 600,
        "log_destination_type": '"s3"',
        "log_destination": "${var.flow_log_bucket_arn}",
        "log_format": f'"{SAID["LogFormat"]}"'.replace("${", "$${"),
        "destination_options": [
            {
                "file_format": '"parquet"',
                "hive_compatible_partitions": False,
                "per_hour_partition": False,
                "__is_block__": True,
            }
        ],
        "__is_block__": True,
    }
    assert second == first | {"eni_id": '"eni-2"'}


def test_terraform_calls_a_regional_nat_gateway_by_an_argument_of_its_own() -> None:
    (block,) = blocks(REGIONAL)
    assert block["regional_nat_gateway_id"] == f'"{NAT}"'
    assert "6.25 or newer" in texts(REGIONAL)[2]


@BOTH
def test_its_records_hold_all_that_is_counted(flow_log: NewFlowLog) -> None:
    regional = flow_log is REGIONAL
    assert lacks(fields_of(flow_log.log_format), regional=regional) == ""


def hostile(text: str) -> NewFlowLog:
    return replace(ZONAL, region=text, resource_ids=(text,))


@pytest.mark.parametrize("text", STRANGE)
def test_hostile_ids_stay_one_value_in_every_language(text: str, tmp_path: Path) -> None:
    told = flow_log_texts(hostile(text))
    for script, harmless in zip(scripts(told), scripts(flow_log_texts(hostile("id-1"))), strict=True):
        subprocess.run([BASH, "-n"], input=script, text=True, check=True)
        calls = [[word.replace(text, "id-1") for word in words] for words in run(script, tmp_path)]
        assert calls == run(harmless, tmp_path)
    assert not (tmp_path / "pwned").exists()
    assert resources(told.cloudformation)["FlowLog1"]["Properties"]["ResourceId"] == text
    (block,) = blocks(hostile(text))
    assert terraform_value(block["eni_id"]) == text


# On an AWS


@contextmanager
def an_account() -> Iterator[tuple[Any, Any, str]]:
    """EC2 and CloudFormation of an empty account that has the bucket, and an interface in it."""
    with served("blank") as aws, pytest.MonkeyPatch.context() as environment:
        for name, value in aws.environment.items():
            environment.setenv(name, value)
        session = boto3.Session(region_name=REGION)
        place = {"LocationConstraint": REGION}
        session.client("s3").create_bucket(Bucket="my-flow-logs", CreateBucketConfiguration=place)
        client = session.client("ec2")
        vpc_id = client.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        subnet_id = client.create_subnet(VpcId=vpc_id, CidrBlock="10.0.1.0/24")["Subnet"]["SubnetId"]
        eni = client.create_network_interface(SubnetId=subnet_id)["NetworkInterface"]["NetworkInterfaceId"]
        yield client, session.client("cloudformation"), eni


def described(client: Any, resource_id: str) -> FlowLog:  # noqa: ANN401 -- boto3 publishes no types
    """The one flow log of a resource, as the audit reads it."""
    (item,) = client.describe_flow_logs(Filters=[{"Name": "resource-id", "Values": [resource_id]}])["FlowLogs"]
    return parse_flow_log(item, "111122223333", REGION)


def is_measured(*flow_logs: FlowLog, regional: bool) -> bool:
    """Whether the rule is content with a busy NAT gateway that has these flow logs."""
    gateway = regional_nat() if regional else nat()
    here = gateway.id if regional else gateway.addresses[0].interface_id or ""
    logs = tuple(replace(log, resource_id=here) for log in flow_logs)
    network = app((A, gateway.id), nat_gateways=(gateway,), flow_logs=logs)
    return findings(evidence(network, nat_series(gateway.id, 720 * GIB)), "unmeasured-nat") == []


def test_once_it_is_made_by_either_way_the_nat_gateway_is_measured(tmp_path: Path) -> None:
    """For real, on the embedded AWS: the command's parameters and the template make the same flow log."""
    with an_account() as (client, cloudformation, eni):
        for here, like in ((eni, ZONAL), (NAT, REGIONAL)):
            regional = like is REGIONAL
            flow_log = replace(like, resource_ids=(here,))
            client.create_flow_logs(**parameters(flow_log, tmp_path))
            by_command = described(client, here)
            client.delete_flow_logs(FlowLogIds=[by_command.id])
            choice = [{"ParameterKey": "BucketArn", "ParameterValue": BUCKET}]
            body = texts(flow_log)[1]
            cloudformation.create_stack(StackName=f"for-{here}", TemplateBody=body, Parameters=choice)
            by_template = described(client, here)
            for made in (by_command, by_template):
                assert (made.resource_id, made.destination_type, made.destination) == (here, "s3", BUCKET)
                assert (made.log_format, made.traffic_type) == (flow_log.log_format, "ACCEPT")
                assert is_measured(made, regional=regional)
            assert not is_measured(regional=regional)


def test_its_records_are_enough_to_count_each_byte_once(tmp_path: Path) -> None:
    """The four legs of a conversation (VPC guide, "Flow log record examples"), cut down to the fields proposed."""
    legs = [
        ("10.0.1.5", "10.0.0.220", "10.0.1.5", "203.0.113.5", 1000),
        ("10.0.0.220", "203.0.113.5", "10.0.0.220", "203.0.113.5", 1000),
        ("203.0.113.5", "10.0.0.220", "203.0.113.5", "10.0.0.220", 7000),
        ("10.0.0.220", "10.0.1.5", "203.0.113.5", "10.0.1.5", 7000),
    ]
    address = {"NetworkInterfaceId": ENI, "PrivateIp": "10.0.0.220"}
    described_by_aws = {"NatGateways": [{"NatGatewayId": NAT, "VpcId": "vpc-1", "NatGatewayAddresses": [address]}]}
    nats, records = tmp_path / "nats.json", tmp_path / "records.log"
    nats.write_text(json.dumps(described_by_aws))
    rows = (f"{ENI} {' '.join(map(str, leg))} 1794787200 1794787260 OK" for leg in legs)
    records.write_text("\n".join([" ".join(ZONAL.fields), *rows]))
    command = [
        sys.executable,
        "-m",
        "auditor",
        "attribute",
        str(records),
        "--nat-gateways",
        str(nats),
        "--region",
        REGION,
    ]
    done = subprocess.run([*command, "--format", "json"], capture_output=True, text=True, check=True)
    (counted,) = json.loads(done.stdout)["nat_gateways"]
    assert (counted["bytes_up"], counted["bytes_down"], counted["clients_known"]) == (1000, 7000, True)
