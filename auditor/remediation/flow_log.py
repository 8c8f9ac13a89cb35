"""A flow log to create as AWS CLI, CloudFormation and Terraform, with the way back.

Nothing but the flow log is made: the bucket is the user's, and AWS completes its policy where it may. Ids are quoted
for each language whatever they contain; names and tags never enter a text.
"""

from __future__ import annotations

from shlex import quote

from auditor.model.audit import Remediation
from auditor.remediation.quoted import interpolating, label, quoted
from auditor.whatif.flow_log import NewFlowLog

_BUCKET = "arn:aws:s3:::YOUR-BUCKET"
"""Of no bucket that anybody can have: names are of lower-case letters."""

_POLICY = (
    "The bucket's policy must let delivery.logs.amazonaws.com read the bucket's ACL and put objects under AWSLogs/;"
    " AWS adds that itself if the bucket is your account's and you may change its policy."
)

_CLI = """\
# {policy}
BUCKET_ARN={bucket}
aws ec2 create-flow-logs --region {region} --resource-type {type} --resource-ids {ids} \\
  --traffic-type ACCEPT --max-aggregation-interval 600 \\
  --log-destination-type s3 --log-destination "$BUCKET_ARN" \\
  --destination-options FileFormat=parquet,HiveCompatiblePartitions=false,PerHourPartition=false \\
  --log-format {format}"""

_ROLLBACK = """\
# Made with the AWS CLI: of CloudFormation delete the stack, of Terraform the resource.
BUCKET_ARN={bucket}
for FLOW_LOG in $(aws ec2 describe-flow-logs --region {region} --filter {filter} \\
  --query "FlowLogs[?LogDestination=='$BUCKET_ARN'].FlowLogId" --output text); do
  aws ec2 delete-flow-logs --region {region} --flow-log-ids "$FLOW_LOG"
done
# The records that were delivered stay in the bucket."""

_TEMPLATE = """\
AWSTemplateFormatVersion: "2010-09-09"
Description: {description}
Parameters:
  BucketArn:
    Type: String
    Description: ARN of the S3 bucket for the flow records, such as arn:aws:s3:::my-flow-logs
    AllowedPattern: ^arn:aws[a-z-]*:s3:::[a-z0-9.-]+(/.*)?$
Resources:
"""

_RESOURCE = """\
  FlowLog{number}:
    Type: AWS::EC2::FlowLog
    Properties:
      ResourceType: {type}
      ResourceId: {id}
      TrafficType: ACCEPT
      MaxAggregationInterval: 600
      LogDestinationType: s3
      LogDestination: !Ref BucketArn
      LogFormat: {format}
      DestinationOptions:
        FileFormat: parquet
        HiveCompatiblePartitions: false
        PerHourPartition: false
"""

_VARIABLE = """\
# {policy}
# For a provider of region {region}{version}.
variable "flow_log_bucket_arn" {{
  description = "ARN of the S3 bucket for the flow records, such as arn:aws:s3:::my-flow-logs"
  type        = string
}}
"""

_BLOCK = """
resource "aws_flow_log" "{name}" {{
  {argument:<24} = {id}
  traffic_type             = "ACCEPT"
  max_aggregation_interval = 600
  log_destination_type     = "s3"
  log_destination          = var.flow_log_bucket_arn
  log_format               = {format}

  destination_options {{
    file_format                = "parquet"
    hive_compatible_partitions = false
    per_hour_partition         = false
  }}
}}
"""

_ARGUMENTS = {"NetworkInterface": ("eni_id", ""), "RegionalNatGateway": ("regional_nat_gateway_id", ", 6.25 or newer")}
"""Of Terraform's aws_flow_log, and since which version of hashicorp/aws, where that is not long ago (its changelog)."""


def flow_log_texts(flow_log: NewFlowLog) -> Remediation:
    """The flow log in all forms."""
    return Remediation(_cli(flow_log), _cloudformation(flow_log), _terraform(flow_log), _rollback(flow_log))


def _cli(flow_log: NewFlowLog) -> str:
    return _CLI.format(
        policy=_POLICY,
        bucket=_BUCKET,
        region=quote(flow_log.region),
        type=quote(flow_log.resource_type),
        ids=" ".join(quote(one) for one in flow_log.resource_ids),
        format=quote(flow_log.log_format),
    )


def _rollback(flow_log: NewFlowLog) -> str:
    ids = quote(f"Name=resource-id,Values={','.join(flow_log.resource_ids)}")
    return _ROLLBACK.format(bucket=_BUCKET, region=quote(flow_log.region), filter=ids)


def _cloudformation(flow_log: NewFlowLog) -> str:
    """One resource for each interface; the template's quoted strings are YAML's, and only `!Sub` would read `${}`."""
    head = _TEMPLATE.format(description=quoted(f"Flow log for a stack in {flow_log.region}. {_POLICY}"))
    return head + "".join(
        _RESOURCE.format(number=number, type=flow_log.resource_type, id=quoted(one), format=quoted(flow_log.log_format))
        for number, one in enumerate(flow_log.resource_ids, start=1)
    )


def _terraform(flow_log: NewFlowLog) -> str:
    argument, version = _ARGUMENTS[flow_log.resource_type]
    region = " ".join(flow_log.region.split())
    head = _VARIABLE.format(policy=_POLICY, region=region, version=version)
    return head + "".join(
        _BLOCK.format(
            name=label(f"flow log {one}"),
            argument=argument,
            id=interpolating(one),
            format=interpolating(flow_log.log_format),
        )
        for one in flow_log.resource_ids
    )
