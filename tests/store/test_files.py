"""Evidence saved and read back; files written whole or not at all."""

from __future__ import annotations

import json
import os
import resource
import types
from collections.abc import Callable
from dataclasses import fields, is_dataclass, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import Any, Union, get_args, get_origin, get_type_hints

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from auditor.errors import UsageError
from auditor.model.evidence import Evidence, Scope, Series, Window
from auditor.model.money import Item, Price, Prices
from auditor.model.network import Network
from auditor.model.resources import AclEntry, Endpoint, EndpointService, NatGateway, NetworkAcl, Route, RouteTable
from auditor.store import load_evidence, save_evidence, write_atomically
from auditor.store.files import packed, unpacked

WINDOW = Window(datetime(2026, 10, 21, tzinfo=UTC), datetime(2026, 11, 20, tzinfo=UTC))
PRICE = Price("us-east-1", Item.NAT_GB, Decimal("0.045"), "GB", "price list", "2026-11-01")
EVIDENCE = Evidence(
    version=1,
    generated_at=datetime(2026, 11, 20, 15, 20, 7, 250, tzinfo=UTC),
    window=WINDOW,
    scopes=(
        Scope(
            "111122223333",
            "us-east-1",
            network=Network(
                nat_gateways=(
                    NatGateway(
                        "nat-1",
                        "111122223333",
                        "us-east-1",
                        "vpc-1",
                        created=datetime(2025, 1, 1, tzinfo=UTC),
                    ),
                )
            ),
        ),
    ),
    prices=Prices((PRICE,)),
)

LEAVES: dict[object, st.SearchStrategy[Any]] = {
    str: st.text(max_size=8),
    int: st.integers(),
    bool: st.booleans(),
    type(None): st.none(),
    date: st.dates(),
    datetime: st.datetimes(timezones=st.just(UTC)),
    Decimal: st.decimals(min_value=-(10**9), max_value=10**9, places=12),
    Series: st.builds(
        lambda name, metric, points: Series(name, metric, tuple(d for d, _ in points), tuple(n for _, n in points)),
        st.text(max_size=8),
        st.text(max_size=8),
        st.lists(st.tuples(st.dates(), st.integers()), max_size=2),
    ),
}


def of(hint: Any) -> st.SearchStrategy[Any]:  # noqa: ANN401 -- type hints have no type of their own
    """Any value that a field with this type hint may hold."""
    arguments = get_args(hint)
    if hint in LEAVES:
        return LEAVES[hint]
    if get_origin(hint) in {Union, types.UnionType}:
        return st.one_of(*map(of, arguments))
    if get_origin(hint) is tuple and arguments[-1] is Ellipsis:
        return st.lists(of(arguments[0]), max_size=2).map(tuple)
    if get_origin(hint) is tuple:
        return st.tuples(*map(of, arguments))
    if issubclass(hint, Enum):
        return st.sampled_from(hint)
    assert is_dataclass(hint)
    assert isinstance(hint, type)
    hints = get_type_hints(hint)
    return st.deferred(lambda: st.builds(hint, **{field.name: of(hints[field.name]) for field in fields(hint)}))


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(of(Evidence))
def test_evidence_reads_back_as_it_was_saved(tmp_path_factory: pytest.TempPathFactory, evidence: Evidence) -> None:
    """What renders offline is what was seen: no field is lost, rounded, or moved in time."""
    path = tmp_path_factory.mktemp("evidence") / "evidence.json"
    saved = replace(evidence, version=1)
    save_evidence(path, saved)
    assert load_evidence(path) == saved
    assert unpacked(packed(saved), "a part") == saved


def test_evidence_of_a_real_shape_keeps_every_figure(tmp_path: Path) -> None:
    save_evidence(tmp_path / "evidence.json", EVIDENCE)
    document = json.loads((tmp_path / "evidence.json").read_text())
    assert document["window"] == {"start": "2026-10-21T00:00:00Z", "end": "2026-11-20T00:00:00Z"}
    assert document["prices"]["rows"][0]["usd"] == "0.045"
    assert document["scopes"][0]["network"]["nat_gateways"][0]["created"] == "2025-01-01T00:00:00Z"
    assert load_evidence(tmp_path / "evidence.json") == EVIDENCE


def changed(change: Callable[[dict[str, Any]], object]) -> Callable[[Path], None]:
    """A fault: saved evidence with one change."""

    def make(path: Path) -> None:
        save_evidence(path, EVIDENCE)
        document = json.loads(path.read_text())
        change(document)
        path.write_text(json.dumps(document))

    return make


def first_nat(document: dict[str, Any]) -> dict[str, Any]:
    nat: dict[str, Any] = document["scopes"][0]["network"]["nat_gateways"][0]
    return nat


FAULTS: dict[str, tuple[Callable[[Path], object], str]] = {
    "missing": (lambda _: None, "No such file or directory"),
    "a folder": (Path.mkdir, "Is a directory"),
    "empty": (lambda path: path.write_bytes(b""), "Invalid JSON"),
    "not JSON": (lambda path: path.write_text("NAT,cost\n"), "Invalid JSON"),
    "not text": (lambda path: path.write_bytes(b'{"version": 1, "notes": ["\xff"]}'), "not saved evidence"),
    "cut short": (lambda path: path.write_text('{"version": 1, "scopes": ['), "Invalid JSON"),
    "another document": (lambda path: path.write_text('{"schema_version": "1.0"}'), "version"),
    "a list": (lambda path: path.write_text("[]"), "not saved evidence"),
    "newer": (changed(lambda document: document.update(version=2)), "evidence version 2"),
    "no version ever": (changed(lambda document: document.update(version=0)), "evidence version 0"),
    "a field missing": (changed(lambda document: document["window"].pop("end")), "window.end"),
    "a number as text": (
        changed(lambda document: first_nat(document).update(has_appliances="no")),
        "has_appliances",
    ),
    "no price": (changed(lambda document: document["prices"]["rows"][0].update(usd="cheap")), "rows.0.usd"),
    "an unknown source": (
        changed(lambda document: document["scopes"][0].update(known=["rumours"])),
        "known.0",
    ),
    "a naive time": (
        changed(lambda document: first_nat(document).update(created="2025-01-01T00:00:00")),
        "nat-1.created",
    ),
    "a naive window": (
        changed(lambda document: document["window"].update(end="2026-11-20T00:00:00")),
        "window.end",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_each_fault_of_the_file_is_one_line_that_names_it(tmp_path: Path, fault: str) -> None:
    path = tmp_path / "evidence.json"
    make, said = FAULTS[fault]
    make(path)
    with pytest.raises(UsageError) as raised:
        load_evidence(path)
    message = str(raised.value)
    assert str(path) in message
    assert said in message
    assert "\n" not in message


def test_an_unknown_field_of_a_later_minor_change_is_ignored(tmp_path: Path) -> None:
    path = tmp_path / "evidence.json"
    changed(lambda document: first_nat(document).update(colour="blue"))(path)
    assert load_evidence(path) == EVIDENCE


def test_evidence_that_was_saved_before_policies_were_read_leaves_them_unknown(tmp_path: Path) -> None:
    path = tmp_path / "evidence.json"
    place = ("vpce-1", "111122223333", "us-east-1", "vpc-1", "Interface", "s3")
    endpoint = Endpoint(*place, policy_open=True, shared_with=("vpc-1", "vpc-2"))
    service = EndpointService("com.amazonaws.us-east-1.sqs", "sqs", "us-east-1", policy_supported=True)
    network = Network(endpoints=(endpoint,), endpoint_services=(service,))
    save_evidence(path, replace(EVIDENCE, scopes=(replace(EVIDENCE.scopes[0], network=network),)))
    assert load_evidence(path).network.endpoints == (endpoint,)
    document = json.loads(path.read_text())
    del document["scopes"][0]["network"]["endpoints"][0]["policy_open"]
    del document["scopes"][0]["network"]["endpoints"][0]["shared_with"]
    del document["scopes"][0]["network"]["endpoint_services"][0]["policy_supported"]
    path.write_text(json.dumps(document))
    loaded = load_evidence(path).network
    assert loaded.endpoints == (replace(endpoint, policy_open=None, shared_with=()),)
    assert loaded.endpoint_services == (replace(service, policy_supported=None),)


def test_evidence_of_before_network_acls_and_propagated_routes_still_loads(tmp_path: Path) -> None:
    path = tmp_path / "evidence.json"
    table = RouteTable("rtb-1", "1", "us-east-1", "vpc-1", routes=(Route("0.0.0.0/0", "vgw-1", propagated=True),))
    entry = AclEntry(100, egress=True, allow=True, protocol="6", cidr="10.0.0.0/8", from_port=443, to_port=443)
    acl = NetworkAcl("acl-1", "1", "us-east-1", "vpc-1", subnet_ids=("subnet-1",), entries=(entry,))
    network = Network(route_tables=(table,), network_acls=(acl,))
    save_evidence(path, replace(EVIDENCE, scopes=(replace(EVIDENCE.scopes[0], network=network),)))
    assert load_evidence(path).network == network
    document = json.loads(path.read_text())
    del document["scopes"][0]["network"]["network_acls"]
    del document["scopes"][0]["network"]["route_tables"][0]["routes"][0]["propagated"]
    path.write_text(json.dumps(document))
    old = load_evidence(path).network
    assert old.network_acls == ()
    assert old.route_tables[0].routes == (Route("0.0.0.0/0", "vgw-1"),)


def test_a_written_file_replaces_the_old_one_and_leaves_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "new" / "folder" / "report.html"
    write_atomically(path, b"old")
    write_atomically(path, b"new")
    assert path.read_bytes() == b"new"
    assert list(path.parent.iterdir()) == [path]


def test_a_written_file_has_the_permissions_that_the_user_asks_for(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        write_atomically(tmp_path / "report.html", b"x")
    finally:
        os.umask(before)
    assert (tmp_path / "report.html").stat().st_mode & 0o777 == 0o640


def test_a_disk_that_takes_half_the_file_keeps_the_old_one(tmp_path: Path) -> None:
    """The limit on file size fails the write in its midst, as a full disk does."""
    path = tmp_path / "audit.json"
    write_atomically(path, b"the last good one")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000, hard))
    try:
        with pytest.raises(UsageError, match=r"Cannot write audit\.json"):
            write_atomically(path, b"x" * 5_000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert path.read_bytes() == b"the last good one"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("folder", ["a-file", "a-file/below", "/proc/auditor"])
def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path, folder: str) -> None:
    (tmp_path / "a-file").write_text("in the way")
    path = tmp_path / folder / "report.html"
    with pytest.raises(UsageError) as raised:
        write_atomically(path, b"x")
    assert str(path.parent) in str(raised.value)
    assert [found.name for found in tmp_path.iterdir()] == ["a-file"]


def test_a_folder_where_the_file_should_be_is_no_place_to_write(tmp_path: Path) -> None:
    (tmp_path / "report.html").mkdir()
    with pytest.raises(UsageError, match=r"report\.html"):
        write_atomically(tmp_path / "report.html", b"x")
    assert [found.name for found in tmp_path.iterdir()] == ["report.html"]


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        (replace(EVIDENCE, prices=Prices((replace(PRICE, usd=Decimal("1e400")),))), "no price is"),
        (
            replace(EVIDENCE, scopes=(replace(EVIDENCE.scopes[0], series=(Series("nat-1", "m", (), (1,)),)),)),
            "days without their values",
        ),
    ],
)
def test_evidence_that_contradicts_itself_is_refused_in_one_line(tmp_path: Path, broken: Evidence, said: str) -> None:
    save_evidence(tmp_path / "evidence.json", broken)
    with pytest.raises(UsageError, match=said):
        load_evidence(tmp_path / "evidence.json")
