"""Security groups, interfaces and flow logs, in the shapes in which EC2 answers them."""

from __future__ import annotations

from auditor.collectors.surroundings import parse_flow_log, parse_interface, parse_security_group
from auditor.model.resources import FlowLog, Interface, Permission
from tests.collectors.shapes import item, tags

ACCOUNT, REGION = "123456789012", "eu-west-1"


def test_a_security_group_with_every_kind_of_source() -> None:
    group = parse_security_group(
        item(
            "DescribeSecurityGroups",
            "SecurityGroups",
            GroupId="sg-1",
            GroupName="endpoints",
            OwnerId="210987654321",
            VpcId="vpc-1",
            IpPermissions=[
                {
                    "IpProtocol": "tcp",
                    "FromPort": 443,
                    "ToPort": 443,
                    "IpRanges": [{"CidrIp": "10.0.0.0/16", "Description": "the VPC"}],
                    "Ipv6Ranges": [{"CidrIpv6": "2001:db8::/56"}],
                    "PrefixListIds": [{"PrefixListId": "pl-1"}],
                    "UserIdGroupPairs": [{"GroupId": "sg-2", "UserId": "210987654321"}],
                },
                {"IpProtocol": "-1", "IpRanges": [], "Ipv6Ranges": [], "PrefixListIds": [], "UserIdGroupPairs": []},
            ],
            IpPermissionsEgress=[{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}],
        ),
        ACCOUNT,
        REGION,
    )
    assert (group.id, group.account_id, group.name) == ("sg-1", "210987654321", "endpoints")
    assert group.ingress == (
        Permission("tcp", 443, 443, ("10.0.0.0/16", "2001:db8::/56"), ("sg-2",), ("pl-1",)),
        Permission("-1"),
    )


def test_a_group_is_called_by_its_tag_where_it_has_one() -> None:
    group = item("DescribeSecurityGroups", "SecurityGroups", GroupId="sg-1", GroupName="x", Tags=tags(Name="logs"))
    assert parse_security_group(group, ACCOUNT, REGION).name == "logs"


def test_an_interface_of_an_endpoint() -> None:
    interface = item(
        "DescribeNetworkInterfaces",
        "NetworkInterfaces",
        NetworkInterfaceId="eni-1",
        OwnerId="210987654321",
        VpcId="vpc-1",
        SubnetId="subnet-1",
        AvailabilityZone="eu-west-1a",
        InterfaceType="vpc_endpoint",
        Description="VPC Endpoint Interface vpce-1",
        PrivateIpAddresses=[{"PrivateIpAddress": "10.0.1.7", "Primary": True}, {"PrivateIpAddress": "10.0.1.8"}],
        Attachment={"InstanceId": "i-1"},
        TagSet=[{"Key": "Name", "Value": "build"}, {"Key": "Env", "Value": "test"}],
    )
    assert parse_interface(interface, ACCOUNT, REGION) == Interface(
        id="eni-1",
        account_id="210987654321",
        region=REGION,
        vpc_id="vpc-1",
        subnet_id="subnet-1",
        az="eu-west-1a",
        kind="vpc_endpoint",
        description="VPC Endpoint Interface vpce-1",
        private_ips=("10.0.1.7", "10.0.1.8"),
        instance_id="i-1",
        tags=(("Env", "test"), ("Name", "build")),
    )


def test_a_flow_log_to_s3() -> None:
    log = item(
        "DescribeFlowLogs",
        "FlowLogs",
        FlowLogId="fl-1",
        ResourceId="vpc-1",
        LogDestinationType="s3",
        LogDestination="arn:aws:s3:::logs/network",
        LogFormat="${version} ${bytes}",
        TrafficType="ALL",
        FlowLogStatus="ACTIVE",
        MaxAggregationInterval=60,
        DestinationOptions={"FileFormat": "parquet", "HiveCompatiblePartitions": True, "PerHourPartition": True},
    )
    assert parse_flow_log(log, ACCOUNT, REGION) == FlowLog(
        id="fl-1",
        account_id=ACCOUNT,
        region=REGION,
        resource_id="vpc-1",
        destination_type="s3",
        destination="arn:aws:s3:::logs/network",
        log_format="${version} ${bytes}",
        aggregation_seconds=60,
        file_format="parquet",
        hive_compatible=True,
        per_hour=True,
    )


def test_a_flow_log_to_a_log_group_names_the_group() -> None:
    log = item(
        "DescribeFlowLogs",
        "FlowLogs",
        FlowLogId="fl-1",
        ResourceId="eni-1",
        LogDestinationType="cloud-watch-logs",
        LogGroupName="/network/flow",
        TrafficType="REJECT",
    )
    parsed = parse_flow_log(log, ACCOUNT, REGION)
    assert (parsed.destination_type, parsed.destination) == ("cloud-watch-logs", "/network/flow")
    assert (parsed.traffic_type, parsed.file_format) == ("REJECT", "plain-text")
