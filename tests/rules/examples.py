"""For each rule evidence in which it fires, with everything known."""

from __future__ import annotations

from auditor.model.evidence import Evidence
from auditor.model.network import EndpointService
from tests.rules.build import (
    GIB,
    PUBLIC_B,
    REGION,
    A,
    B,
    app,
    endpoint_series,
    evidence,
    gateway,
    hub_and_spoke,
    interface,
    nat,
    nat_series,
)

_BUSY = nat_series("nat-a", 180 * GIB, 540 * GIB)
_NAT_B = nat("b", PUBLIC_B.id)
_ECR = EndpointService(f"com.amazonaws.{REGION}.ecr.api", "ecr.api", REGION, private_dns_names=("api.ecr.example",))

FIRING: dict[str, Evidence] = {
    "barely-used-nat-gateway": evidence(app((A, "nat-a")), nat_series("nat-a", GIB)),
    "cross-az-nat": evidence(app((A, "nat-a"), (B, "nat-a"), nat_gateways=(nat(), _NAT_B)), _BUSY),
    "gateway-endpoint-not-associated": evidence(app((A, "nat-a"), endpoints=(gateway("s3"),)), _BUSY),
    "idle-interface-endpoint": evidence(
        app((A, "nat-a"), endpoints=(interface("sqs", A),)), _BUSY, endpoint_series("vpce-sqs", 0)
    ),
    "idle-nat-gateway": evidence(app((A, "nat-a")), nat_series("nat-a")),
    "interface-endpoint-bypassed": evidence(
        app((A, "nat-a"), endpoints=(interface("ecr.api", A, private_dns=False),), endpoint_services=(_ECR,)),
        _BUSY,
        endpoint_series("vpce-ecr.api", 0),
    ),
    "missing-gateway-endpoint": evidence(app((A, "nat-a")), _BUSY),
    "redundant-nat-gateway": evidence(app((A, "nat-a"), nat_gateways=(nat(), nat("z"))), _BUSY),
    "s3-interface-endpoint-in-vpc": evidence(
        app((A, "nat-a"), endpoints=(interface("s3", A),)), _BUSY, endpoint_series("vpce-s3", GIB)
    ),
    "single-az-nat": evidence(app((A, "nat-a"), (B, "nat-a")), _BUSY),
    "unmeasured-nat": evidence(app((A, "nat-a")), _BUSY),
    "unrouted-nat-gateway": evidence(app(), nat_series("nat-a")),
}

CENTRAL_EGRESS = evidence(hub_and_spoke(), _BUSY)
