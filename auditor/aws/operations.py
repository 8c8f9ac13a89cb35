"""Every call that the audit may make, in one place.

The guard lets nothing else pass, `auditor iam` prints the policy from it, and gaps name their IAM action by it.
"""

from __future__ import annotations

from dataclasses import dataclass

from auditor.model.evidence import Source


@dataclass(frozen=True, slots=True)
class Operation:
    """A call. `items` is the key of the answer's list, `page_size` what is asked for (`None`: AWS's default).

    `permission` is the IAM action's name where it is not the call's, `granted_in` IAM's name of the service; `tokens`
    are the keys of the next page's token, in the request and in the answer. `source` is `None` for what reads no
    evidence.
    """

    service: str
    name: str
    source: Source | None
    items: str = ""
    page_size: int | None = None
    permission: str = ""
    tokens: tuple[str, str] = ("NextToken", "NextToken")
    granted_in: str = ""

    @property
    def action(self) -> str:
        """The IAM action to grant."""
        return f"{self.granted_in or self.service}:{self.permission or self.name}"


GET_CALLER_IDENTITY = Operation("sts", "GetCallerIdentity", Source.ACCOUNT)
ASSUME_ROLE = Operation("sts", "AssumeRole", Source.ACCOUNT)

DESCRIBE_REGIONS = Operation("ec2", "DescribeRegions", Source.REGIONS, "Regions")
DESCRIBE_ZONES = Operation("ec2", "DescribeAvailabilityZones", Source.ZONES, "AvailabilityZones")
DESCRIBE_VPCS = Operation("ec2", "DescribeVpcs", Source.VPCS, "Vpcs", 1000)
DESCRIBE_VPC_ATTRIBUTE = Operation("ec2", "DescribeVpcAttribute", Source.VPC_DNS)
DESCRIBE_SUBNETS = Operation("ec2", "DescribeSubnets", Source.SUBNETS, "Subnets", 1000)
# Pages hold at most 100 tables; one unpaged call keeps the calls per region constant (docs/decisions.md).
DESCRIBE_ROUTE_TABLES = Operation("ec2", "DescribeRouteTables", Source.ROUTE_TABLES, "RouteTables")
DESCRIBE_NAT_GATEWAYS = Operation("ec2", "DescribeNatGateways", Source.NAT_GATEWAYS, "NatGateways", 1000)
DESCRIBE_ENDPOINTS = Operation("ec2", "DescribeVpcEndpoints", Source.ENDPOINTS, "VpcEndpoints", 1000)
DESCRIBE_ENDPOINT_SERVICES = Operation(
    "ec2", "DescribeVpcEndpointServices", Source.ENDPOINT_SERVICES, "ServiceDetails", 1000
)
DESCRIBE_PREFIX_LISTS = Operation("ec2", "DescribePrefixLists", Source.PREFIX_LISTS, "PrefixLists", 1000)
DESCRIBE_SECURITY_GROUPS = Operation("ec2", "DescribeSecurityGroups", Source.SECURITY_GROUPS, "SecurityGroups", 1000)
DESCRIBE_NETWORK_ACLS = Operation("ec2", "DescribeNetworkAcls", Source.NETWORK_ACLS, "NetworkAcls", 1000)
DESCRIBE_TRANSIT_ATTACHMENTS = Operation(
    "ec2", "DescribeTransitGatewayAttachments", Source.TRANSIT_GATEWAYS, "TransitGatewayAttachments", 1000
)
DESCRIBE_TRANSIT_VPC_ATTACHMENTS = Operation(
    "ec2",
    "DescribeTransitGatewayVpcAttachments",
    Source.TRANSIT_GATEWAYS,
    "TransitGatewayVpcAttachments",
    1000,
)
SEARCH_TRANSIT_ROUTES = Operation("ec2", "SearchTransitGatewayRoutes", Source.TRANSIT_ROUTES, "Routes")
DESCRIBE_PEERINGS = Operation("ec2", "DescribeVpcPeeringConnections", Source.PEERINGS, "VpcPeeringConnections", 1000)
DESCRIBE_FLOW_LOGS = Operation("ec2", "DescribeFlowLogs", Source.FLOW_LOGS, "FlowLogs", 1000)
DESCRIBE_INTERFACES = Operation("ec2", "DescribeNetworkInterfaces", Source.INTERFACES, "NetworkInterfaces", 1000)

GET_NAT_METRICS = Operation("cloudwatch", "GetMetricData", Source.NAT_METRICS, "MetricDataResults")
GET_ENDPOINT_METRICS = Operation("cloudwatch", "GetMetricData", Source.ENDPOINT_METRICS, "MetricDataResults")

GET_PRODUCTS = Operation("pricing", "GetProducts", Source.PRICES, "PriceList", 100)

_RECORDS = Source.FLOW_RECORDS
_PAGES_OF_S3 = ("ContinuationToken", "NextContinuationToken")
HEAD_BUCKET = Operation("s3", "HeadBucket", _RECORDS, permission="ListBucket")
LIST_OBJECTS = Operation("s3", "ListObjectsV2", _RECORDS, "Contents", permission="ListBucket", tokens=_PAGES_OF_S3)
GET_OBJECT = Operation("s3", "GetObject", _RECORDS)
DESCRIBE_LOG_GROUPS = Operation("logs", "DescribeLogGroups", _RECORDS, "logGroups", tokens=("nextToken", "nextToken"))
GET_LOG_METRICS = Operation("cloudwatch", "GetMetricData", _RECORDS, "MetricDataResults")
START_QUERY = Operation("logs", "StartQuery", _RECORDS)
GET_QUERY_RESULTS = Operation("logs", "GetQueryResults", _RECORDS)
STOP_QUERY = Operation("logs", "StopQuery", _RECORDS)

LIST_QUERY_LOG_CONFIGS = Operation(
    "route53resolver", "ListResolverQueryLogConfigs", Source.QUERY_LOGS, "ResolverQueryLogConfigs", 100
)
LIST_QUERY_LOG_ASSOCIATIONS = Operation(
    "route53resolver",
    "ListResolverQueryLogConfigAssociations",
    Source.QUERY_LOGS,
    "ResolverQueryLogConfigAssociations",
    100,
)

OPERATIONS = tuple(value for value in dict(globals()).values() if isinstance(value, Operation))
"""All reads, in the order above."""

GET_WORK_GROUP = Operation("athena", "GetWorkGroup", _RECORDS)
START_QUERY_EXECUTION = Operation("athena", "StartQueryExecution", _RECORDS)
GET_QUERY_EXECUTION = Operation("athena", "GetQueryExecution", _RECORDS)
STOP_QUERY_EXECUTION = Operation("athena", "StopQueryExecution", _RECORDS)
GET_TABLE = Operation("glue", "GetTable", _RECORDS)
GET_PARTITIONS = Operation("glue", "GetPartitions", _RECORDS, "Partitions")
CREATE_TABLE = Operation("glue", "CreateTable", _RECORDS)
BATCH_CREATE_PARTITION = Operation("glue", "BatchCreatePartition", _RECORDS)
DELETE_TABLE = Operation("glue", "DeleteTable", _RECORDS)
DELETE_OBJECT = Operation("s3", "DeleteObject", _RECORDS)

ATHENA_OPERATIONS = (
    *(GET_WORK_GROUP, START_QUERY_EXECUTION, GET_QUERY_EXECUTION, STOP_QUERY_EXECUTION),
    *(GET_TABLE, GET_PARTITIONS, CREATE_TABLE, BATCH_CREATE_PARTITION, DELETE_TABLE, DELETE_OBJECT),
)
"""What a query on Athena needs on top: it makes a table and a result, and deletes both.

Only a session that was opened for Athena may call these.
"""

PUT_OBJECT = Operation("s3", "PutObject", None)
ABORT_UPLOAD = Operation("s3", "AbortMultipartUpload", None)
_DELETE_OBJECTS = Operation("s3", "DeleteObjects", None, permission="DeleteObject")
_UPLOADS = ("CreateMultipartUpload", "UploadPart", "CompleteMultipartUpload")

STORE_OPERATIONS = (
    *(HEAD_BUCKET, LIST_OBJECTS, GET_OBJECT, PUT_OBJECT),
    *(Operation("s3", name, None, permission="PutObject") for name in _UPLOADS),
    *(ABORT_UPLOAD, _DELETE_OBJECTS),
)
"""What a store in S3 needs. obstore makes these calls, large objects in parts, by no session that the audit sees."""


MADE_HERE = "auditor_"
"""How the names of tables begin that a query on Athena makes; the guard lets no other be touched."""


# AWS answers "not authorized to perform ses:SendRawEmail" where the content of a SendEmail of API version 2 is raw.
SEND_EMAIL = Operation("sesv2", "SendEmail", None, permission="SendRawEmail", granted_in="ses")
LIST_ACCOUNTS = Operation("organizations", "ListAccounts", Source.ORGANIZATION, "Accounts")
LIST_ACCOUNTS_FOR_PARENT = Operation("organizations", "ListAccountsForParent", Source.ORGANIZATION, "Accounts")
LIST_UNITS_FOR_PARENT = Operation(
    "organizations", "ListOrganizationalUnitsForParent", Source.ORGANIZATION, "OrganizationalUnits"
)

ORGANIZATION_OPERATIONS = (LIST_ACCOUNTS, LIST_ACCOUNTS_FOR_PARENT, LIST_UNITS_FOR_PARENT)
"""What finding the accounts of an organization needs: asked by the caller's own account, if at all."""

LIST_ACCOUNT_TAGS = Operation("organizations", "ListTagsForResource", None, "Tags")

CREDENTIAL_OPERATIONS = (
    *(ASSUME_ROLE, Operation("sts", "AssumeRoleWithWebIdentity", None)),
    *(Operation("sso", "GetRoleCredentials", None), Operation("sso-oidc", "CreateToken", None)),
    Operation("signin", "CreateOAuth2Token", None),
)
"""What the SDK itself calls to get or renew the caller's credentials (botocore 1.43): the role of a profile or of a
Kubernetes service account, `aws sso login`, `aws login`."""

MAIL_OPERATIONS = (SEND_EMAIL,)
"""What sending mail by SES needs: the only write of delivery, through a session that has nothing else."""

OWNER_OPERATIONS = (GET_CALLER_IDENTITY, LIST_ACCOUNT_TAGS)
"""What finding the owners of accounts by a tag of AWS Organizations needs."""


def action_of(source: Source) -> str:
    """The IAM actions behind a source, for a gap or a reason."""
    return ", ".join(dict.fromkeys(op.action for op in (*OPERATIONS, *ORGANIZATION_OPERATIONS) if op.source is source))
