"""What is reduced elsewhere counts exactly like the records themselves."""

from __future__ import annotations

import random
from collections import defaultdict
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from auditor.attribution.counting import WEIGHT, Part, count_query
from auditor.attribution.files import find_files
from auditor.attribution.ranges import load_ranges
from auditor.attribution.record_format import RecordFormat
from auditor.attribution.tally import Counted, counting
from auditor.collectors.described import load_nat_gateways
from auditor.model.attributed import Name, NamedBy
from auditor.model.evidence import Window
from auditor.model.resources import NatAddress, NatGateway
from tests.attribution.logs import START, Network, Row, shuffled, text, write
from tests.attribution.test_oracle import to_parquet

RANGES = load_ranges()
GROUPED = ("interface-id", "resource-id", "srcaddr", "dstaddr", "pkt-srcaddr", "pkt-dstaddr", "action", "log-status")


def made(seed: int, folder: Path) -> tuple[list[Row], list[str], tuple[NatGateway, ...], Path]:
    chance = random.Random(seed)
    network = Network(chance)
    fields = shuffled(chance, packet=True, resource=True)
    rows = [row for row in network.records(60) if row.get("bytes") != "many"]
    write(folder / "nats.json", network.described())
    path = write(folder / "logs/a.log.gz", text(rows, fields))
    return rows, fields, load_nat_gateways(folder / "nats.json", "eu-central-1"), path


def plain(counted: Counted) -> tuple[object, object]:
    return counted.result, sorted(map(repr, counted.clients))


@pytest.mark.parametrize("seed", range(4))
def test_rows_grouped_elsewhere_count_like_their_records(seed: int, tmp_path: Path) -> None:
    rows, fields, gateways, path = made(seed, tmp_path)
    groups: dict[tuple[str, ...], list[Row]] = defaultdict(list)
    for row in rows:
        groups[tuple(row.get(name, "-") for name in GROUPED)].append(row)
    grouped = []
    for key, members in groups.items():
        sizes = [int(row["bytes"]) for row in members if row.get("bytes", "-") != "-"]
        span = {"start": min(int(r["start"]) for r in members), "end": max(int(r["end"]) for r in members)}
        known = dict(zip(GROUPED, key, strict=True))
        grouped.append({**known, **span, "bytes": sum(sizes) if sizes else None, "records": len(members)})
    with counting(gateways) as tally:
        tally.add_rows(RecordFormat((*GROUPED, "bytes", "start", "end")), grouped)
        by_rows = tally.result(RANGES)
    with counting(gateways) as tally:
        tally.add_files(find_files([str(path)], RecordFormat(tuple(fields))))
        by_files = tally.result(RANGES)
    assert plain(by_rows) == plain(by_files)
    assert by_files.result.nat_gateways[0].bytes_up > 0


def test_sums_made_elsewhere_count_like_their_records(tmp_path: Path) -> None:
    _, fields, gateways, path = made(7, tmp_path)
    form = RecordFormat(tuple(fields))
    with counting(gateways) as tally:
        tally.add_files(find_files([str(path)], form))
        by_files = tally.result(RANGES)
        copied = f"COPY (SELECT * FROM sums) TO '{tmp_path}/sums.csv' (HEADER, FORCE_QUOTE *)"  # noqa: S608
        tally.scan.connection.execute(copied)
    with counting(gateways) as tally:
        tally.add_sums(tmp_path / "sums.csv")
        by_sums = tally.result(RANGES)
    assert plain(by_sums) == plain(by_files)
    assert f"SUM({WEIGHT})" not in count_query(form, "records", "gateways", Part.ALL)


def test_only_records_that_start_in_the_window_count(tmp_path: Path) -> None:
    rows, fields, gateways, _ = made(3, tmp_path)
    start, end = START + 20_000, START + 50_000
    inside = [row for row in rows if start <= int(row["start"]) < end]
    assert 0 < len(inside) < len(rows)
    everything = write(tmp_path / "all/a.log", text([*rows, *edge(rows, start, end)], fields))
    only = write(tmp_path / "some/a.log", text([*inside, edge(rows, start, end)[0]], fields))
    window = Window(datetime.fromtimestamp(start, UTC), datetime.fromtimestamp(end, UTC))
    results = []
    for path, limit in ((everything, window), (only, None)):
        with counting(gateways) as tally:
            tally.add_files(find_files([str(path)], None), limit)
            results.append(plain(tally.result(RANGES)))
    assert results[0] == results[1]


def edge(rows: list[Row], start: int, end: int) -> list[Row]:
    """A record that starts with the window, and one that starts where it ends."""
    carried = next(row for row in rows if row.get("log-status") == "OK")
    return [{**carried, "start": str(start)}, {**carried, "start": str(end)}]


def test_a_name_is_given_to_an_address_of_aws_without_service_and_to_no_other(tmp_path: Path) -> None:
    gateway = Network(random.Random(1)).nats[0]
    interface = next(iter(gateway.interfaces))
    own = min(gateway.addresses)
    unnamed = next(str(a) for a in ("52.94.17.2", "52.119.188.1", "18.66.0.1") if service(a) == "aws")
    rows = [
        {"interface-id": interface, "srcaddr": "10.0.0.1", "dstaddr": own, "pkt-srcaddr": "10.0.0.1"}
        | {"pkt-dstaddr": host, "bytes": size, "start": str(START), "end": str(START + 1)}
        | {"action": "ACCEPT", "log-status": "OK"}
        for host, size in ((unnamed, "5"), ("8.8.8.8", "7"))
    ]
    fields = list(rows[0])
    write(tmp_path / "nats.json", Network(random.Random(1)).described())
    path = write(tmp_path / "a.log", text(rows, fields))
    with counting(load_nat_gateways(tmp_path / "nats.json", "eu-central-1")) as tally:
        tally.add_files(find_files([str(path)], None))
        assert tally.unnamed(RANGES) == {unnamed}
        kms = Name("kms", "eu-central-1", NamedBy.QUERY_LOG)
        found = tally.result(RANGES, {unnamed: kms, "8.8.8.8": replace(kms, service="sts")})
    assert {(c.service, c.named_by, c.bytes_up) for c in found.clients} == {
        ("kms", NamedBy.QUERY_LOG, 5),
        ("internet", NamedBy.ADDRESS, 7),
    }


def service(address: str) -> str:
    place = RANGES.place(address)
    assert place is not None
    return place.destination.service


FIELDS = ["interface-id", "srcaddr", "dstaddr", "pkt-srcaddr", "pkt-dstaddr", "bytes", "start", "end"]
ZONAL = NatGateway("nat-1", "1", "eu-west-1", "vpc-1", addresses=(NatAddress("10.0.0.220", "198.51.100.1", "eni-nat"),))


def carried(source: str, target: str, packet_source: str, packet_target: str, size: int, **more: str) -> Row:
    row = {"interface-id": "eni-nat", "srcaddr": source, "dstaddr": target, "bytes": str(size)}
    times = {"start": str(START), "end": str(START + 60)}
    return row | {"pkt-srcaddr": packet_source, "pkt-dstaddr": packet_target} | times | more


def counted(rows: list[Row], path: Path, fields: list[str] = FIELDS, window: Window | None = None) -> Counted:
    write(path, text(rows, fields))
    with counting([ZONAL]) as tally:
        tally.add_files(find_files([str(path)], None), window)
        return tally.result(RANGES)


def test_an_address_that_the_gateway_had_is_no_destination(tmp_path: Path) -> None:
    """A secondary address that was taken away since: its legs 2 and 3 are the same bytes again."""
    gone, client, host = "10.0.0.231", "10.0.1.5", "203.0.113.5"
    legs = [
        carried(client, gone, client, host, 7),
        carried("10.0.0.220", host, gone, host, 7),
        carried(host, "10.0.0.220", host, gone, 9),
        carried(gone, client, host, client, 9),
    ]
    (nat,) = counted(legs, tmp_path / "a.log").result.nat_gateways
    assert [(one.service, one.bytes_up, one.bytes_down) for one in nat.destinations] == [("internet", 7, 9)]


def test_without_start_the_end_tells_the_day(tmp_path: Path) -> None:
    fields = [name for name in FIELDS if name != "start"]
    rows = [carried("10.0.1.5", "10.0.0.220", "10.0.1.5", "8.8.8.8", 1, end=str(START + n)) for n in (-1, 0, 9, 10)]
    window = Window(datetime.fromtimestamp(START, UTC), datetime.fromtimestamp(START + 10, UTC))
    found = counted(rows, tmp_path / "a.log", fields, window).result
    assert (found.nat_gateways[0].bytes_up, found.records) == (2, 2)


def test_a_second_that_no_calendar_has_loses_nothing_else(tmp_path: Path) -> None:
    rows = [
        carried("10.0.1.5", "10.0.0.220", "10.0.1.5", "8.8.8.8", 3),
        carried("10.0.1.5", "10.0.0.220", "10.0.1.5", "8.8.8.8", 4, end="99999999999999"),
    ]
    found = counted(rows, tmp_path / "a.log").result
    assert (found.nat_gateways[0].bytes_up, found.last) == (7, None)


def test_a_path_of_parquet_files_is_neither_a_pattern_nor_a_column(tmp_path: Path) -> None:
    """Folders of a bucket may be called so: all of their records count, and no column comes out of their names."""
    for folder in ("a[1]b*", "action=REJECT"):
        path = tmp_path / folder / "x.parquet"
        path.parent.mkdir()
        to_parquet(path, [carried("10.0.1.5", "10.0.0.220", "10.0.1.5", "8.8.8.8", 5)], FIELDS)
        with counting([ZONAL]) as tally:
            tally.add_files(find_files([str(path)], None))
            found = tally.result(RANGES).result
        assert (found.nat_gateways[0].bytes_up, found.unreadable, found.rejected) == (5, 0, 0)


def test_records_of_a_transit_gateway_count_at_the_hubs_attachment_only(tmp_path: Path) -> None:
    """Each byte is logged at the spoke's attachment and at the hub's; what goes to a spoke is no NAT gateway's."""
    fields = ["tgw-attachment-id", "srcaddr", "dstaddr", "bytes", "start", "end", "log-status"]
    talks = [("10.1.0.5", "8.8.8.8", 7), ("8.8.8.8", "10.1.0.5", 9), ("10.1.0.5", "10.2.0.9", 100)]
    rows = [
        {"tgw-attachment-id": attachment, "srcaddr": source, "dstaddr": target, "bytes": str(size)}
        | {"start": str(START), "end": str(START + 60), "log-status": "OK"}
        for source, target, size in talks
        for attachment in ("tgw-attach-hub", "tgw-attach-spoke")
    ]
    path = write(tmp_path / "a.log", text(rows, fields))
    hub = replace(ZONAL, mode="regional", addresses=(NatAddress(interface_id="tgw-attach-hub"),))
    with counting([hub]) as tally:
        tally.add_files(find_files([str(path)], None))
        (nat,) = tally.result(RANGES).result.nat_gateways
    assert [(one.service, one.bytes_up, one.bytes_down) for one in nat.destinations] == [("internet", 7, 9)]
    assert nat.clients_known


@pytest.mark.parametrize(
    "window", [None, Window(datetime.fromtimestamp(START, UTC), datetime.fromtimestamp(START + 9, UTC))]
)
def test_lines_of_another_format_are_unreadable_and_cost_no_memory(window: Window | None, tmp_path: Path) -> None:
    """Not one of 300,000 lines has the number of fields: the engine keeps none of them."""
    path = write(tmp_path / "a.log", " ".join(FIELDS) + "\n" + "eni-nat 10.0.1.5 extra\n" * 300_000)
    with counting([ZONAL]) as tally:
        tally.add_files(find_files([str(path)], None), window)
        found = tally.result(RANGES).result
        assert tally.scan.rejected_lines == 0
    assert (found.records, found.unreadable, found.nat_gateways[0].bytes_up) == (300_000, 300_000, 0)
