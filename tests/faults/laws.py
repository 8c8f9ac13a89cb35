"""What must hold of a run under faults, compared with the same run without any: each law yields what breaks it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from auditor.model.audit import Audit, EndpointCost, Finding, NatGatewayCost
from auditor.model.evidence import STOPPED, Evidence, Scope, Source

PARTS = {
    "nat_gateways": Source.NAT_GATEWAYS,
    "endpoints": Source.ENDPOINTS,
    "route_tables": Source.ROUTE_TABLES,
    "zones": Source.ZONES,
    "vpcs": Source.VPCS,
    "subnets": Source.SUBNETS,
    "endpoint_services": Source.ENDPOINT_SERVICES,
    "prefix_lists": Source.PREFIX_LISTS,
    "security_groups": Source.SECURITY_GROUPS,
    "network_acls": Source.NETWORK_ACLS,
    "interfaces": Source.INTERFACES,
    "flow_logs": Source.FLOW_LOGS,
    "peerings": Source.PEERINGS,
    "attachments": Source.TRANSIT_GATEWAYS,
    "transit_routes": Source.TRANSIT_ROUTES,
}
"""The parts of a network, and the source that fills each."""

OF_NO_SCOPE = {Source.ACCOUNT, Source.ORGANIZATION, Source.REGIONS, Source.PRICES}
LATER = {Source.FLOW_RECORDS, Source.QUERY_LOGS}
CORE = {Source.NAT_GATEWAYS, Source.ENDPOINTS, Source.ROUTE_TABLES}
FOLLOWS = {
    Source.NAT_METRICS: {Source.NAT_GATEWAYS},
    Source.FLOW_LOGS: {Source.NAT_GATEWAYS},
    Source.INTERFACES: {Source.NAT_GATEWAYS, Source.ENDPOINTS},
    Source.ENDPOINT_METRICS: {Source.ENDPOINTS},
    Source.ENDPOINT_SERVICES: {Source.ENDPOINTS},
    Source.SECURITY_GROUPS: {Source.ENDPOINTS},
    Source.VPC_DNS: {Source.ENDPOINTS},
    Source.TRANSIT_GATEWAYS: {Source.ROUTE_TABLES},
    Source.TRANSIT_ROUTES: {Source.ROUTE_TABLES, Source.TRANSIT_GATEWAYS},
    Source.PEERINGS: {Source.ROUTE_TABLES},
}
"""What is asked about resources, or because of routes, is unknown where these are, and their gap stands for it."""


def broken(seen: Evidence, whole: Evidence) -> Iterator[str]:
    """Evidence under faults against that without."""
    yield from _lost(seen, whole)
    for scope in seen.scopes:
        true = whole.scope.get((scope.account_id, scope.region))
        if true:
            yield from (f"{scope.account_id} {scope.region}: {one}" for one in _scope(scope, true))
        elif not _is_guess(seen, scope):
            yield f"{scope.account_id} {scope.region}: a scope that is not there without faults"
    if any(gap.reason == STOPPED for gap in seen.all_gaps):
        yield "the run did not end by itself"
    if any(not (gap.action and gap.reason and gap.account_id) for gap in seen.all_gaps):
        yield "a gap that does not say what is missing and why"
    yield from _prices(seen, whole)


def _lost(seen: Evidence, whole: Evidence) -> Iterator[str]:
    unreached = {gap.account_id for gap in seen.gaps if gap.source is Source.ACCOUNT}
    unlisted = {gap.account_id for gap in seen.gaps if gap.source is Source.REGIONS}
    for account_id, region in whole.scope.keys() - seen.scope.keys():
        if account_id not in unreached | unlisted:
            yield f"{account_id} {region}: lost without a gap"
    for account_id in unreached & {scope.account_id for scope in seen.scopes}:
        yield f"{account_id}: a gap of an account that was reached"


def _is_guess(seen: Evidence, scope: Scope) -> bool:
    """Where nobody may list regions, those that the SDK knows are tried."""
    return any(gap.account_id == scope.account_id and gap.source is Source.REGIONS for gap in seen.gaps)


def _scope(scope: Scope, true: Scope) -> Iterator[str]:
    if not scope.gaps and replace(scope, calls=()) != replace(true, calls=()):
        yield f"complete, and different: {_differing(scope, true)}"
    yield from _unnamed(scope, true)
    was_empty = set(true.known) == set(Source)
    for part, source in PARTS.items():
        found, right = getattr(scope.network, part), getattr(true.network, part)
        if source not in scope.known and not (set(found) <= set(right) if _is_led(scope, source) else not found):
            yield f"{part}: there, although {source} could not be read"
        if source in scope.known and (source in CORE or not was_empty) and not _same(scope, part, found, right):
            yield f"{part}: known, and different"
    yield from _series(scope, true)


def _is_led(scope: Scope, source: Source) -> bool:
    """Whether it is asked about resources of two kinds, and only one was read: then it is there in part."""
    return source is Source.INTERFACES and bool({gap.source for gap in scope.gaps} & FOLLOWS[source])


def _differing(scope: Scope, true: Scope) -> str:
    parts = [part for part in PARTS if getattr(scope.network, part) != getattr(true.network, part)]
    rest = [
        one for one in ("known", "skipped", "series", "metrics_requested") if getattr(scope, one) != getattr(true, one)
    ]
    return ", ".join([*parts, *rest])


def _same(scope: Scope, part: str, found: tuple[object, ...], right: tuple[object, ...]) -> bool:
    """DNS attributes have a source of their own, and are asked for more VPCs where nobody knows the traffic."""
    if part == "vpcs" and scope.gaps:
        return [_without_dns(one) for one in found] == [_without_dns(one) for one in right]
    return found == right


def _without_dns(vpc: object) -> object:
    return replace(vpc, dns_support=None, dns_hostnames=None)  # type: ignore[type-var]


def _unnamed(scope: Scope, true: Scope) -> Iterator[str]:
    """What is missing has a gap: its own, that of what it follows from, or one after which nothing more is asked."""
    named = {gap.source for gap in scope.gaps}
    ended = not scope.known or (bool(named & CORE) and set(scope.known) <= CORE)
    for source in set(true.known) - set(scope.known) - OF_NO_SCOPE - LATER:
        if not named & {source, *FOLLOWS.get(source, set())} and not (named and ended):
            yield f"{source}: neither known nor a gap"
    for source in named & set(scope.known):
        yield f"{source}: known and a gap"


def _series(scope: Scope, true: Scope) -> Iterator[str]:
    right = {(one.resource_id, one.metric): one for one in true.series}
    of_nats = {nat.id for nat in true.network.nat_gateways}
    found = {(one.resource_id, one.metric) for one in scope.series}
    for one in scope.series:
        if one != (true_one := right.get((one.resource_id, one.metric))):
            yield f"{one.resource_id} {one.metric}: {one.sum} and not {true_one and true_one.sum}"
    for resource_id, metric in right.keys() - found:
        if (Source.NAT_METRICS if resource_id in of_nats else Source.ENDPOINT_METRICS) in scope.known:
            yield f"{resource_id} {metric}: known, and lost"


def _prices(seen: Evidence, whole: Evidence) -> Iterator[str]:
    """Every price is that of the price list, or a note says whose it is not."""
    right = {(row.region, row.item, row.from_quantity): row for row in whole.prices.rows}
    noted = " ".join(seen.notes)
    for row in seen.prices.rows:
        true = right.get((row.region, row.item, row.from_quantity))
        if true and row != true and row.region not in noted:
            yield f"price of {row.item} in {row.region}: {row.source} and not {true.source}, and no note says so"
    regions = {row.region for row in seen.prices.rows}
    for key in right.keys() - {(row.region, row.item, row.from_quantity) for row in seen.prices.rows}:
        if key[0] in regions and key[0] not in noted:
            yield f"price of {key[1]} in {key[0]}: lost, and no note says so"


def wrong_figures(seen: Audit, whole: Audit, read: Evidence) -> Iterator[str]:
    """The audit under faults against that without: figures differ only where a gap or an unknown line says so."""
    noted = " ".join(read.notes)
    yield from _rows(seen, whole, read, noted)
    yield from _findings(seen, whole, read, noted)


def _rows(seen: Audit, whole: Audit, read: Evidence, noted: str) -> Iterator[str]:
    for name in ("nat_gateways", "endpoints"):
        right = {row.id: row for row in getattr(whole, name)}
        for row in getattr(seen, name):
            is_unknown = any(line.usd is None for line in row.lines)
            has_gap = bool(read.scope[row.account_id, row.region].gaps)
            differs = row.id not in right or list(_amounts(row)) != list(_amounts(right[row.id]))
            if differs and row.region not in noted and not (has_gap and is_unknown):
                yield f"{row.id}: {row.lines} and not {right[row.id].lines if row.id in right else None}"
        rows = {row.id for row in getattr(seen, name)}
        source = Source.NAT_GATEWAYS if name == "nat_gateways" else Source.ENDPOINTS
        for row in right.values():
            scope = read.scope.get((row.account_id, row.region))
            if row.id not in rows and scope and source in scope.known:
                yield f"{row.id}: lost, although {source} were read"


def _amounts(row: NatGatewayCost | EndpointCost) -> Iterator[object]:
    """All that is a number, and what it is made of."""
    yield from (row.monthly_cost, row.lines)
    if isinstance(row, NatGatewayCost):
        yield from (row.observed_hours, row.bytes_in_from_source, row.bytes_in_from_destination, row.unattributed_bytes)
    else:
        yield row.bytes_processed


def _findings(seen: Audit, whole: Audit, read: Evidence, noted: str) -> Iterator[str]:
    right = {finding.id: finding for finding in whole.findings}
    unjudged = {(one.rule, one.account_id, one.region) for one in seen.not_evaluated}
    for finding in seen.findings:
        true = right.get(finding.id)
        if true is None:
            if finding.region not in noted:
                yield f"{finding.id}: only under faults"
        elif _figures(finding) != _figures(true) and finding.region not in noted:
            yield f"{finding.id}: {finding.saving} and not {true.saving}; {finding.saving_note!r}"
    found = {finding.id for finding in seen.findings}
    for true in right.values():
        scope = read.scope.get((true.account_id, true.region))
        judged = (true.rule, true.account_id, true.region) not in unjudged
        if true.id not in found and scope and judged and true.region not in noted:
            yield f"{true.id}: lost, and its rule says nothing"


def _figures(finding: Finding) -> object:
    return finding.saving, finding.avoided, finding.added, finding.evidence
