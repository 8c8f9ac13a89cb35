"""NAT gateways out of a file, as `aws ec2 describe-nat-gateways` prints them."""

from __future__ import annotations

import json
from pathlib import Path

from auditor.collectors.nat_gateways import parse_nat_gateway
from auditor.errors import UsageError
from auditor.model.resources import NatGateway


def load_nat_gateways(path: Path, region: str) -> tuple[NatGateway, ...]:
    """The NAT gateways of the file, each once; `UsageError` where it holds none or something else."""
    try:
        items = json.loads(path.read_bytes())["NatGateways"]
        found = {item["NatGatewayId"]: parse_nat_gateway(item, "", region) for item in items}
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror}") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise UsageError(f"{path}: not what `aws ec2 describe-nat-gateways` prints") from error
    if not found:
        raise UsageError(f"{path}: no NAT gateway in it")
    return tuple(found.values())
