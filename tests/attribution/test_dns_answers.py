"""An address has a name if DNS gave it out for one service only."""

from __future__ import annotations

from auditor.attribution.naming.dns_answers import Answers
from auditor.model.attributed import Name, NamedBy

KMS, STS = "kms.eu-central-1.amazonaws.com", "sts.eu-central-1.amazonaws.com"


def named(wanted: list[str], *seen: tuple[str, str]) -> tuple[dict[str, Name], frozenset[str]]:
    answers = Answers(wanted)
    for name, address in seen:
        answers.add(name, [address])
    return answers.names(NamedBy.QUERY_LOG), answers.ambiguous


def by_log(service: str, region: str | None = "eu-central-1") -> Name:
    return Name(service, region, NamedBy.QUERY_LOG)


def test_an_address_of_one_service_has_its_name_and_nothing_else_has() -> None:
    seen = [(KMS, "52.94.0.1"), (f"{KMS}.", "52.94.0.1"), (STS, "52.94.0.2"), (STS, "52.94.0.9")]
    assert named(["52.94.0.1", "52.94.0.2", "52.94.0.3"], *seen) == (
        {"52.94.0.1": by_log("kms"), "52.94.0.2": by_log("sts")},
        frozenset(),
    )


def test_an_address_of_two_services_has_no_name() -> None:
    assert named(["52.94.0.1"], (KMS, "52.94.0.1"), (STS, "52.94.0.1")) == ({}, frozenset({"52.94.0.1"}))


def test_an_address_that_something_unknown_shares_has_no_name() -> None:
    """Nobody can say how many of its bytes were the service's."""
    portal = ("portal.example.com", "52.94.0.1")
    assert named(["52.94.0.1"], (KMS, "52.94.0.1"), portal) == ({}, frozenset({"52.94.0.1"}))
    assert named(["52.94.0.1"], portal) == ({}, frozenset({"52.94.0.1"}))


def test_one_service_by_two_regions_names_leaves_the_region_to_the_ranges() -> None:
    seen = [("sts.amazonaws.com", "52.94.0.1"), (STS, "52.94.0.1")]
    assert named(["52.94.0.1"], *seen)[0] == {"52.94.0.1": by_log("sts", None)}


def test_addresses_behind_nat64_are_answered_in_either_form() -> None:
    wanted = ["64:ff9b::345e:1", "64:ff9b::345e:2", "64:ff9b::52.94.0.3"]
    seen = [(KMS, "52.94.0.1"), (KMS, "64:ff9b::345e:2"), (KMS, "52.94.0.3")]
    assert named(wanted, *seen)[0] == dict.fromkeys(wanted, by_log("kms"))
