"""DescribeVpcEndpointServices of the fake AWS: some 200 services, a large answer as in AWS."""

from __future__ import annotations

from typing import TYPE_CHECKING
from zlib import crc32

if TYPE_CHECKING:
    from bench.fake_aws_region import Fields, Region

# Interface endpoint services that most regions have, as of 2026-11.
SERVICES = """
access-analyzer account acm acm-pca airflow.api airflow.env appconfig appconfigdata application-autoscaling
appmesh apprunner appstream.api appsync-api aps aps-workspaces athena auditmanager autoscaling
autoscaling-plans backup backup-gateway batch bedrock bedrock-agent bedrock-agent-runtime bedrock-runtime
billing cassandra ce cleanrooms cloudcontrolapi cloudformation cloudhsmv2 cloudtrail codeartifact.api
codeartifact.repositories codebuild codecommit codedeploy codepipeline cognito-idp comprehend
compute-optimizer config console databrew dataexchange datasync datazone devops-guru dms drs ds dynamodb
dynamodb-streams ebs ec2 ec2messages ecr.api ecr.dkr ecs ecs-agent ecs-telemetry eks eks-auth elasticache
elasticbeanstalk elasticfilesystem elasticloadbalancing elasticmapreduce email email-smtp emr-containers
emr-serverless events execute-api fis forecast freetier fsx glue grafana guardduty guardduty-data
imagebuilder inspector2 internetmonitor iot.data kafka kendra kinesis-firehose kinesis-streams kms
lakeformation lambda license-manager logs macie2 mediaconnect mgn monitoring mq network-firewall notebook
organizations personalize pi pipes polly pricing.api profile q qbusiness ram rbin rds rds-data redshift
redshift-data rekognition resource-groups s3 s3-outposts s3tables sagemaker.api sagemaker.runtime
savingsplans schemas secretsmanager securityhub servicecatalog servicediscovery shield signin sns sqs ssm
ssm-contacts ssm-incidents ssmmessages states storagegateway sts swf synthetics tagging textract transcribe
transfer translate trustedadvisor verifiedpermissions vpc-lattice wafv2 workspaces xray
frauddetector greengrass healthlake inspector-scan iotsitewise.api iotwireless.api managedblockchain-query
medical-imaging migrationhub-orchestrator neptune-graph payment-cryptography.controlplane pca-connector-ad pcs
proton redshift-serverless refactor-spaces rolesanywhere rum sync-states tax transcribestreaming
transfer.server wellarchitected workmail workspaces-web
"""
GATEWAY = ("s3", "dynamodb", "s3express")
FIPS = "acm athena batch cloudtrail config ec2 ecs elasticache glue kms lambda logs rds s3 sns sqs ssm sts"


def service_names(region: str) -> list[str]:
    """Return the full names of the services that a region offers, gateway services among them."""
    names = [*SERVICES.split(), "s3express", *(f"{name}-fips" for name in FIPS.split())]
    return [f"com.amazonaws.{region}.{name}" for name in names]


def vpc_endpoint_services(region: Region) -> Fields:
    """Answer with all names, and with the details of each service; S3 and DynamoDB come in two types."""
    names = service_names(region.name)
    gateway = [detail(region, f"com.amazonaws.{region.name}.{name}", "Gateway") for name in GATEWAY]
    interface = [detail(region, name, "Interface") for name in names if not name.endswith("s3express")]
    return {"serviceNameSet": names, "serviceDetailSet": [*gateway, *interface]}


def detail(region: Region, name: str, kind: str) -> Fields:
    """Describe one service."""
    short = name.removeprefix(f"com.amazonaws.{region.name}.")
    private = f"{'.'.join(reversed(short.split('.')))}.{region.name}.amazonaws.com"
    dns: Fields = {
        "privateDnsName": private,
        "privateDnsNameSet": [{"privateDnsName": private}],
        "privateDnsNameVerificationState": "verified",
    }
    return {
        "serviceName": name,
        "serviceId": f"vpce-svc-0{crc32(name.encode()):016x}",
        "serviceType": [{"serviceType": kind}],
        "serviceRegion": region.name,
        "availabilityZoneSet": [zone for zone, _ in region.zones()],
        "availabilityZoneIdSet": [zone_id for _, zone_id in region.zones()],
        "owner": "amazon",
        "baseEndpointDnsNameSet": [f"{short}.{region.name}.vpce.amazonaws.com"],
        **(dns if kind == "Interface" else {}),
        "vpcEndpointPolicySupported": True,
        "acceptanceRequired": False,
        "managesVpcEndpoints": False,
        "tagSet": [],
        "supportedIpAddressTypeSet": ["ipv4"],
    }
