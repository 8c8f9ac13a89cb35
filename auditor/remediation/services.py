"""Names of endpoint services."""

from __future__ import annotations

from auditor.whatif.edits import AddGatewayEndpoint, AddInterfaceEndpoint


def service_name(edit: AddGatewayEndpoint | AddInterfaceEndpoint) -> str:
    """What AWS told of it, else what most are called.

    In China gateway endpoints have names like anywhere; of interface endpoints all but a few (S3, SNS: either or the
    plain one) have names with `cn.` (answers of DescribeVpcEndpointServices, read 2026-11-29).
    """
    if isinstance(edit, AddInterfaceEndpoint) and edit.service_name:
        return edit.service_name
    in_china = isinstance(edit, AddInterfaceEndpoint) and edit.region.startswith("cn-") and edit.service != "sns"
    return f"{'cn.' if in_china else ''}com.amazonaws.{edit.region}.{edit.service}"
