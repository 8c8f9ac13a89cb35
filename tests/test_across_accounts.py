"""What accounts share is joined by its owner's ids, and where the owner could not be read no figure pretends.

A spoke's account S sends 730 GB a month over the transit gateway of account H to the NAT gateway in H's hub. At list
prices of eu-central-1 that is 0.052 + 0.02 USD a GB, which a gateway endpoint in the spoke saves: 52.56 USD.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from auditor.attribution.clients import with_owners
from auditor.model.attributed import Attribution, NamedBy, TopTalker
from auditor.model.audit import Audit, Saving
from auditor.model.evidence import Evidence, Gap, Scope, Source
from auditor.model.network import Network
from auditor.model.resources import Interface, PrefixList
from tests.faults.laws import FOLLOWS, PARTS
from tests.rules.ask import audit, measured, up_to
from tests.rules.build import GIB, REGION, evidence, nat_series, scan, subnet
from tests.rules.examples import hub_and_spoke

HUB, SPOKE = "111122223333", "444455556666"
RULE = "central-egress-endpoint"
DECISIVE = {
    *(Source.SUBNETS, Source.ROUTE_TABLES, Source.NAT_GATEWAYS, Source.NAT_METRICS),
    *(Source.TRANSIT_GATEWAYS, Source.TRANSIT_ROUTES),
}
"""Without these of the hub nobody knows the way, or the bytes."""
CLIENTS = subnet("spoke", vpc_id="vpc-spoke")
TRAFFIC = nat_series("nat-a", 180 * GIB, 540 * GIB)
TO_S3 = Attribution("nat-a", CLIENTS.id, "s3", REGION, 180 * GIB, 540 * GIB, NamedBy.ADDRESS)


def of_vpc(network: Network, vpc_id: str, account_id: str) -> dict[str, tuple[Any, ...]]:
    """What stands in a VPC, as its owner sees it."""
    part = network.part(frozenset({vpc_id}))
    names = ("vpcs", "subnets", "route_tables", "nat_gateways", "endpoints")
    return {name: tuple(replace(one, account_id=account_id) for one in getattr(part, name)) for name in names}


def hub_sees(network: Network) -> Network:
    """The owner of the transit gateway sees whom it is attached to and all routes, and no subnets of others."""
    hub, spoke = network.attachments
    seen = (hub, replace(spoke, resource_owner_id=SPOKE, subnet_ids=()))
    return Network(**of_vpc(network, "vpc-hub", HUB), attachments=seen, transit_routes=network.transit_routes)


def spoke_sees(network: Network) -> Network:
    """Its attachment with its subnets; neither the table that is associated with it nor any route."""
    own = replace(network.attachments[1], resource_owner_id=SPOKE, route_table_id=None)
    return Network(**of_vpc(network, "vpc-spoke", SPOKE), attachments=(own,))


def organization(*, attribution: bool = False) -> Evidence:
    """Both accounts, everything read."""
    whole = evidence(hub_and_spoke(), TRAFFIC)
    (one,) = whole.scopes
    hub = replace(one, network=hub_sees(hub_and_spoke()))
    if attribution:
        hub = replace(hub, attributions=(TO_S3,), scans=(scan("nat-a"),))
    return replace(whole, scopes=(hub, Scope(SPOKE, REGION, one.known, network=spoke_sees(hub_and_spoke()))))


def without(scope: Scope, *sources: Source) -> Scope:
    """The scope with these sources denied, and what follows from them not asked."""
    lost = {*sources, *(source for source, told_by in FOLLOWS.items() if told_by & set(sources))}
    empty: dict[str, Any] = {part: () for part, source in PARTS.items() if source in lost}
    return replace(
        scope,
        known=tuple(source for source in scope.known if source not in lost),
        network=replace(scope.network, **empty),
        series=() if Source.NAT_METRICS in lost else scope.series,
        attributions=() if {Source.NAT_GATEWAYS, Source.FLOW_LOGS} & lost else scope.attributions,
        scans=() if {Source.NAT_GATEWAYS, Source.FLOW_LOGS} & lost else scope.scans,
        gaps=tuple(Gap(scope.account_id, scope.region, source, "ec2:Describe", "denied") for source in sources),
    )


def savings(of: Audit, account_id: str = SPOKE) -> dict[str, Saving | None]:
    """What the spoke's findings save."""
    return {one.id: one.saving for one in of.findings if (one.rule, one.account_id) == (RULE, account_id)}


def says_nothing_is_known(of: Audit) -> bool:
    """Whether the rule names the spoke as not judged."""
    return any((one.rule, one.account_id, one.resource) == (RULE, SPOKE, "vpc-spoke") for one in of.not_evaluated)


def test_a_spoke_and_a_hub_of_two_accounts_are_one_network() -> None:
    both = {f"{RULE}:vpc-spoke:{service}": up_to("52.56") for service in ("s3", "dynamodb")}
    assert savings(audit(organization())) == both
    assert savings(audit(organization(attribution=True)))[f"{RULE}:vpc-spoke:s3"] == measured("52.56")


def test_the_two_accounts_say_what_one_account_with_all_of_it_says() -> None:
    together = {one.id: one.saving for one in audit(evidence(hub_and_spoke(), TRAFFIC)).findings}
    assert {one.id: one.saving for one in audit(organization()).findings} == together
    assert audit(organization()).totals == audit(evidence(hub_and_spoke(), TRAFFIC)).totals


@pytest.mark.parametrize("attribution", [False, True])
@pytest.mark.parametrize("source", sorted({*PARTS.values(), Source.NAT_METRICS}))
def test_a_spoke_of_whose_hub_something_was_not_read_claims_nothing_new(source: Source, *, attribution: bool) -> None:
    whole = organization(attribution=attribution)
    hub, spoke = whole.scopes
    said = audit(replace(whole, scopes=(without(hub, source), spoke)))
    right, found = savings(audit(whole)), savings(said)
    if not found:
        assert says_nothing_is_known(said)
    assert all(claims_no_more(saving, right[finding]) for finding, saving in found.items())
    unknown = [one for one in said.findings if one.id in found and one.saving is None]
    assert all(f"the bytes of nat-a of account {HUB} are not known" in one.saving_note for one in unknown)
    assert (source in DECISIVE or (attribution and source is Source.FLOW_LOGS)) == (found != right)


def claims_no_more(saving: Saving | None, right: Saving | None) -> bool:
    """Whether it is the same figure, or bounds that hold it, or unknown."""
    if saving is None or saving == right:
        return True
    return right is not None and saving.expected is None and saving.low <= right.low and right.high <= saving.high


def test_a_spoke_whose_hub_was_not_audited_says_so() -> None:
    whole = organization()
    said = audit(replace(whole, scopes=whole.scopes[1:]))
    assert savings(said) == {}
    assert says_nothing_is_known(said)
    assert said.plan == ()
    assert [note for note in said.notes if f"tgw-core of account {HUB}" in note]
    assert not audit(whole).notes


def test_a_subnet_whose_vpc_is_of_an_account_that_was_not_audited_is_named() -> None:
    """RAM shares subnets: the guest sees them and their VPC, and the NAT gateway that its traffic pays is the owner's.

    Routes, NAT gateways and endpoints are the owner's alone to see.
    """
    whole = organization()
    hub, spoke = whole.scopes
    guests = replace(spoke, network=Network(vpcs=hub.network.vpcs, subnets=hub.network.subnets))
    said = audit(replace(whole, scopes=(guests,)))
    assert said.findings == ()
    assert [note for note in said.notes if f"vpc-hub of account {HUB}" in note and "is not in this report" in note]
    assert not audit(replace(whole, scopes=(hub, guests))).notes


def test_a_prefix_list_of_aws_that_one_account_may_read_serves_the_other() -> None:
    """Its id is the same in all accounts of a region."""
    whole = organization()
    hub, spoke = whole.scopes
    listed = PrefixList("pl-s3", REGION, f"com.amazonaws.{REGION}.s3", ("52.216.0.0/15",))
    told = replace(hub, network=replace(hub.network, prefix_lists=(listed,)))
    together = replace(whole, scopes=(told, without(spoke, Source.PREFIX_LISTS))).network
    assert together.prefix_list_of["s3", REGION] == listed
    both = replace(spoke, network=replace(spoke.network, prefix_lists=(listed,)))
    assert replace(whole, scopes=(told, both)).network.prefix_lists == (listed,)


def test_a_guests_interface_in_a_shared_subnet_is_the_talker_there() -> None:
    """The subnet is the VPC owner's, the interface its guest's: they meet by the subnet's id and the address."""
    talker = TopTalker("nat-a", "10.0.0.7", "s3", REGION, 1, 1, subnet_id=CLIENTS.id)
    of_guest = Interface(
        "eni-guest",
        SPOKE,
        REGION,
        "vpc-hub",
        CLIENTS.id,
        f"{REGION}a",
        private_ips=("10.0.0.7",),
        instance_id="i-guest",
    )
    (found,) = with_owners([talker], [of_guest])
    assert (found.interface_id, found.owner) == ("eni-guest", "i-guest")
