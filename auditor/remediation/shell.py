"""AWS CLI commands for a POSIX shell.

Values are quoted whatever they contain; names and tags of an account never enter a command.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from shlex import quote

TAG = "auditor:change"
"""On all that the commands create. Its value says for which change, so that a later shell finds it again."""

_FOUND = {
    "vpc-endpoint": ("describe-vpc-endpoints", "filters", "VpcEndpoints[0].VpcEndpointId"),
    "security-group": ("describe-security-groups", "filters", "SecurityGroups[0].GroupId"),
    "route-table": ("describe-route-tables", "filters", "RouteTables[0].RouteTableId"),
    "natgateway": ("describe-nat-gateways", "filter", "NatGateways[0].NatGatewayId"),
}
"""How each type of resource is described, filtered and picked."""

_LIVE = {
    "vpc-endpoint": "Name=vpc-endpoint-state,Values=pending,available",
    "natgateway": "Name=state,Values=available",
}
"""AWS goes on listing what was deleted for an hour."""


class Expanded(str):
    """A word that the shell expands, quoted already."""

    __slots__ = ()


def ec2(command: str, region: str, **options: str | bool | Iterable[str]) -> str:
    """One command. An option without a value is left out, one that is true stands alone."""
    words = [f"aws ec2 {command} --region {quote(region)}"]
    for name, value in options.items():
        option = f"--{name.replace('_', '-')}"
        if isinstance(value, bool):
            words += [option] * value
        elif values := _words([value] if isinstance(value, str) else value):
            words.append(f"{option} {values}")
    return " ".join(words)


def _words(values: Iterable[str]) -> str:
    return " ".join(value if isinstance(value, Expanded) else quote(value) for value in values)


def variable(name: str) -> Expanded:
    """The value of a shell variable."""
    return Expanded(f'"${name}"')


def printed(command: str) -> Expanded:
    """What a command prints."""
    return Expanded(f'"$({command})"')


def tagged(kind: str, name: str) -> str:
    """The tag of a new resource that is made for a change, as `--tag-specifications` takes it."""
    return f"ResourceType={kind},Tags=[{{Key={TAG},Value={_value(name)}}}]"


def by_tag(name: str) -> str:
    """The filter that finds it."""
    return f"Name=tag:{TAG},Values={_value(name)}"


def found(kind: str, name: str, region: str) -> Expanded:
    """The id of what was made for a change."""
    describe, option, query = _FOUND[kind]
    filters = [by_tag(name), *([_LIVE[kind]] if kind in _LIVE else [])]
    return printed(ec2(describe, region, **{option: filters}, query=query, output="text"))


def retried(command: str) -> str:
    """A command that fails for the minutes in which AWS still removes what holds its resource."""
    return f"for TRY in 1 2 3 4 5 6 7 8 9 10; do {command} && break; sleep 15; done"


def _value(name: str) -> str:
    """What a tag may hold and the CLI's shorthand does not read as syntax (EC2 guide, "Tag restrictions")."""
    return re.sub(r"[^A-Za-z0-9._:/-]", "_", name)[:256]
