"""A finding whose endpoint would be cut off by a network ACL names the ACL and its rule before all other risks."""

from __future__ import annotations

from dataclasses import replace

import pytest

from auditor.model.audit import Finding
from auditor.model.evidence import Evidence, Source
from auditor.model.network import Network
from auditor.model.resources import AclEntry, NetworkAcl, Permission, PrefixList, Subnet
from tests.rules.ask import findings
from tests.rules.build import (
    ACCOUNT,
    GIB,
    REGION,
    A,
    B,
    app,
    evidence,
    group,
    interface,
    named,
    nat_series,
    offer,
    silent_series,
    subnet,
    table,
)

S3 = PrefixList("pl-1", REGION, f"com.amazonaws.{REGION}.s3", ("52.218.0.0/17",))
OPEN = (AclEntry(100, egress=True, allow=True), AclEntry(100, egress=False, allow=True))
SHUT = replace(OPEN[0], number=50, allow=False, cidr="52.218.64.0/18")
IN_A, IN_B = (replace(one, cidr=f"10.0.{n}.0/24") for n, one in enumerate((A, B), start=1))
TRAFFIC = nat_series("nat-a", 0, 720 * GIB)
MISSING, PAYS = "missing-gateway-endpoint", "interface-endpoint-pays"


def acl(one: Subnet, *entries: AclEntry) -> NetworkAcl:
    return NetworkAcl(f"acl-{one.name}", ACCOUNT, REGION, "vpc-app", subnet_ids=(one.id,), entries=entries)


def network(*acls: NetworkAcl) -> Network:
    services = (offer("kms", "a", "b"),)
    return app((IN_A, "nat-a"), (IN_B, "nat-a"), network_acls=acls, prefix_lists=(S3,), endpoint_services=services)


def first_risk(of: Evidence, rule: str, detail: str) -> str:
    (finding,) = [one for one in findings(of, rule) if one.id.endswith(f":{detail}")]
    return finding.risks[0]


def test_a_gateway_endpoint_behind_an_acl_says_which_rule_and_that_nothing_is_saved() -> None:
    of = evidence(network(acl(IN_A, SHUT, *OPEN), acl(IN_B, *OPEN)), TRAFFIC)
    assert first_risk(of, MISSING, "s3") == (
        "Network ACL acl-private-a of subnet-private-a: rule 50 denies outbound TCP to 52.218.0.0/17, port 443. That is"
        " how these addresses of S3 are refused today too, so nothing is saved on them as it stands. Admit them first"
        " if the subnet is to use the endpoint."
    )
    assert "Network ACL acl-" not in first_risk(of, MISSING, "dynamodb")


def test_an_interface_endpoint_behind_an_acl_says_that_clients_are_cut_off() -> None:
    """The ACLs let the internet pass, and nothing between subnets; only subnet-private-a has clients."""
    private = tuple(replace(one, number=40, allow=False, cidr="10.0.0.0/8") for one in OPEN)
    of = evidence(network(acl(IN_B, *private, *OPEN)), TRAFFIC, attributions=(named("nat-a", IN_A, "kms", 720 * GIB),))
    (finding,) = findings(of, PAYS)
    blocked = [one for one in finding.risks if "acl-private-b" in one]
    assert len(blocked) == 4
    assert blocked[0] == (
        "Network ACL acl-private-b of subnet-private-b: rule 40 denies inbound TCP from 10.0.1.0/24, port 443. Admit it"
        " before the change: else clients that use kms are cut off."
    )


def test_a_security_group_that_does_not_admit_all_clients_is_named() -> None:
    """Private DNS is off and nothing came: turning it on would send subnet-private-b where it is not admitted."""
    some = group(Permission("tcp", 443, 443, ("10.0.1.0/24",)))
    endpoint = interface("kms", IN_A, groups=(some,), private_dns=False)
    of = replace(network(), endpoints=(endpoint,), security_groups=(some,))
    (finding,) = findings(evidence(of, TRAFFIC, silent_series("vpce-kms")), "interface-endpoint-bypassed")
    assert finding.risks[0] == (
        "Security group sg-endpoint admits no port 443 from 10.0.2.0/24 (subnet-private-b). Admit it before the change:"
        " else clients that use kms are cut off."
    )


@pytest.mark.parametrize("acls", [(), (acl(IN_A, *OPEN), acl(IN_B, *OPEN))], ids=["not read", "open"])
def test_without_a_refusal_there_is_no_word(acls: tuple[NetworkAcl, ...]) -> None:
    of = evidence(network(*acls), TRAFFIC)
    assert "ACL acl-" not in " ".join(risk for one in findings(of, MISSING) for risk in one.risks)


def test_acls_that_were_not_read_silence_no_finding() -> None:
    known = tuple(source for source in Source if source is not Source.NETWORK_ACLS)
    found: list[Finding] = findings(evidence(network(), TRAFFIC, known=known), MISSING)
    assert len(found) == 2
    assert "network ACLs must admit" in found[0].risks[2]


def test_one_sentence_for_a_rule_that_refuses_several_subnets() -> None:
    shared = NetworkAcl("acl-1", ACCOUNT, REGION, "vpc-app", subnet_ids=(IN_A.id, IN_B.id), entries=(SHUT, *OPEN))
    risk = first_risk(evidence(network(shared), TRAFFIC), MISSING, "s3")
    assert risk.startswith("Network ACL acl-1 of subnet-private-a, subnet-private-b: rule 50 denies")


def test_a_subnet_that_leads_to_no_endpoint_is_not_spoken_of() -> None:
    other = subnet("public-only")
    of = replace(
        network(acl(replace(other, cidr="10.0.9.0/24"), SHUT, *OPEN)),
        subnets=(*network().subnets, other),
        route_tables=(*network().route_tables, table("own", "igw-app", other)),
    )
    assert "acl-public-only" not in first_risk(evidence(of, TRAFFIC), MISSING, "s3")
