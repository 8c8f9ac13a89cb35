"""Network ACLs as AWS's own model shapes them."""

from __future__ import annotations

from auditor.collectors.network_acls import parse_network_acl
from auditor.model.resources import AclEntry, NetworkAcl
from tests.collectors.shapes import item, tags

ACCOUNT, REGION = "123456789012", "eu-west-1"


def test_an_acl_with_rules_of_every_kind() -> None:
    """Ports only where TCP or UDP has them, IPv6 as its own rule, the last rule like any other."""
    acl = item(
        "DescribeNetworkAcls",
        "NetworkAcls",
        NetworkAclId="acl-1",
        VpcId="vpc-1",
        OwnerId="210987654321",
        IsDefault=True,
        Associations=[{"NetworkAclAssociationId": "aclassoc-1", "NetworkAclId": "acl-1", "SubnetId": "subnet-1"}],
        Entries=[
            {"RuleNumber": 32767, "Protocol": "-1", "RuleAction": "deny", "Egress": True, "CidrBlock": "0.0.0.0/0"},
            {
                "RuleNumber": 90,
                "Protocol": "6",
                "RuleAction": "allow",
                "Egress": True,
                "CidrBlock": "52.216.0.0/15",
                "PortRange": {"From": 443, "To": 443},
            },
            {"RuleNumber": 101, "Protocol": "-1", "RuleAction": "allow", "Egress": False, "Ipv6CidrBlock": "::/0"},
        ],
        Tags=tags(Name="private"),
    )
    assert parse_network_acl(acl, ACCOUNT, REGION) == NetworkAcl(
        id="acl-1",
        account_id="210987654321",
        region=REGION,
        vpc_id="vpc-1",
        is_default=True,
        subnet_ids=("subnet-1",),
        entries=(
            AclEntry(101, egress=False, allow=True, cidr="::/0"),
            AclEntry(90, egress=True, allow=True, protocol="6", cidr="52.216.0.0/15", from_port=443, to_port=443),
            AclEntry(32767, egress=True, allow=False),
        ),
        name="private",
    )


def test_an_acl_that_says_next_to_nothing() -> None:
    assert parse_network_acl({"NetworkAclId": "acl-1"}, ACCOUNT, REGION) == NetworkAcl("acl-1", ACCOUNT, REGION, "")
