"""Security groups that admit HTTPS from every address to interface endpoints."""

from __future__ import annotations

from collections.abc import Iterator

from auditor.model.audit import Severity
from auditor.model.evidence import Source
from auditor.model.resources import Endpoint, SecurityGroup
from auditor.model.traffic import Level
from auditor.rules.reachability import holds_https
from auditor.rules.rule import Proposal, Rule, Unjudged
from auditor.rules.view import View
from auditor.rules.wording import listed
from auditor.whatif.saving import OUTSIDE

EVERYWHERE = ("0.0.0.0/0", "::/0")

_REACHED = (
    "Its route tables lead to networks outside of it ({targets}), so whatever has a way in from there can use the"
    " endpoints too."
)
_ALONE = (
    "No route of the VPC leads to another network today, so only its own clients can use them; a peering or transit"
    " gateway that comes later opens them further without a word."
)


def judge(view: View) -> Iterator[Proposal | Unjudged]:
    """One finding per security group, because that is what is to be changed."""
    groups = {group.id: group for group in view.network.security_groups}
    users: dict[str, list[Endpoint]] = {}
    for endpoint in view.interface_endpoints:
        for group_id in endpoint.security_group_ids:
            users.setdefault(group_id, []).append(endpoint)
    for group_id, endpoints in users.items():
        if group_id not in groups:
            yield Unjudged(group_id, "AWS did not list this security group of an endpoint")
        elif open_from(groups[group_id]):
            yield _propose(view, groups[group_id], endpoints)


def open_from(group: SecurityGroup) -> tuple[str, ...]:
    """From where it admits port 443, of the two blocks that are everything."""
    admitted = {cidr for permission in group.ingress if holds_https(permission) for cidr in permission.cidrs}
    return tuple(cidr for cidr in EVERYWHERE if cidr in admitted)


def _propose(view: View, group: SecurityGroup, endpoints: list[Endpoint]) -> Proposal:
    vpc_id = endpoints[0].vpc_id
    vpc = view.network.vpc.get(vpc_id)
    name = view.name(vpc) if vpc else vpc_id
    targets = _ways_outside(view, vpc_id)
    return Proposal(
        resource=group.id,
        vpc_id=vpc_id,
        severity=Severity.MEDIUM if targets else None,
        evidence=Level.TOPOLOGY,
        title=f"Security group {group.id} opens endpoints of {name} to every address",
        why=f"It admits port 443 from {' and '.join(open_from(group))} to {listed(e.id for e in endpoints)}. Their"
        " addresses are private, so the internet does not reach them; anything that can route to the VPC does. "
        + (_REACHED.format(targets=listed(targets)) if targets else _ALONE),
        risks=(
            "Clients that come from addresses you forget lose the service: list those of peers and on premises first.",
            "The group may serve other resources too.",
        ),
        check="aws ec2 describe-security-groups shows port 443 from the clients' blocks or groups only, and each"
        " endpoint's BytesProcessed goes on as before.",
    )


def _ways_outside(view: View, vpc_id: str) -> tuple[str, ...]:
    tables = (table for table in view.network.route_tables if table.vpc_id == vpc_id)
    targets = {route.target for table in tables for route in table.routes if route.active}
    return tuple(sorted(target for target in targets if target.startswith(OUTSIDE)))


RULE = Rule(
    id="endpoint-security-group-open",
    title="A security group opens interface endpoints to every address",
    severity=Severity.LOW,
    needs=(Source.ENDPOINTS, Source.SECURITY_GROUPS, Source.ROUTE_TABLES, Source.VPCS),
    judge=judge,
)
