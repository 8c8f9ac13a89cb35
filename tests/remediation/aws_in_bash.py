"""Scripts in bash whose `aws` is the embedded AWS: each call goes through AWS's own model to boto3 and answers.

What moto does not filter by is filtered here, as AWS does.
"""

from __future__ import annotations

import json
import socket
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Thread
from typing import Any

from botocore import xform_name
from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError
from jmespath import search  # type: ignore[import-untyped]

from tests.models import model
from tests.remediation.shell import BASH, options, params_of

END = "end of call"
# Nothing else can run: bash itself talks to the port.
AWS = f"""aws() {{
  local status text
  exec 3<>"/dev/tcp/127.0.0.1/$PORT"
  printf '%s\\0' "$@" '{END}' >&3
  IFS= read -r -d '' -u 3 status
  IFS= read -r -d '' -u 3 text
  exec 3>&-
  printf '%s\\n' "$text"
  return "$status"
}}
sleep() {{ :; }}"""
FILTERED: dict[str, tuple[str, Callable[[dict[str, Any]], str]]] = {
    "vpc-endpoint-state": ("VpcEndpoints", lambda one: str(one["State"])),
    "vpc-endpoint-id": ("VpcEndpoints", lambda one: str(one["VpcEndpointId"])),
    "nat-gateway-id": ("NatGateways", lambda one: str(one["NatGatewayId"])),
    "state": ("NatGateways", lambda one: str(one["State"])),
}


def carry_out(script: str, client: Callable[[str, str], Any], folder: Path) -> str:
    """Run a script; `client` answers the boto3 client of a service in a region. Answers what it printed."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        Thread(target=_serve, args=(server, client), daemon=True).start()
        done = subprocess.run(
            [BASH, "-euc", f"{AWS}\n{script}"],
            cwd=folder,
            env={"PORT": str(server.getsockname()[1]), "PATH": "/nowhere"},
            capture_output=True,
            text=True,
            check=False,
        )
    assert (done.returncode, done.stderr) == (0, ""), f"{done.stderr}\n{done.stdout}"
    return done.stdout


def _serve(server: socket.socket, client: Callable[[str, str], Any]) -> None:
    while True:
        try:
            connection, _ = server.accept()
        except OSError:  # the script is over
            return
        with connection:
            status, text = _answer(list(_words(connection)), client)
            connection.sendall(f"{status}\0{text}\0".encode())


def _words(connection: socket.socket) -> Iterator[str]:
    received = b""
    while not received.endswith(END.encode() + b"\0"):
        more = connection.recv(65536)
        if not more:
            raise EOFError("bash ended in the middle of a call")
        received += more
    yield from received.decode().split("\0")[:-2]


def _answer(words: list[str], client: Callable[[str, str], Any]) -> tuple[int, str]:
    try:
        return 0, _printed(words, client)
    except (AssertionError, BotoCoreError, ClientError, KeyError, ResponseParserError) as error:
        return 255, f"{' '.join(words)}: {error!r}"


def _printed(words: list[str], client: Callable[[str, str], Any]) -> str:
    service, command, *rest = words
    waiter = rest.pop(0) if command == "wait" else ""
    given = dict(options(rest))
    region = given.get("region", ["us-east-1"])[0]
    if service == "ec2":
        answer = _call(client(service, region), waiter or command, rest, is_wait=bool(waiter))
    else:
        answer = _plain_call(client(service, region), service, command, rest)
    found = search(given["query"][0], answer) if "query" in given else answer
    return _text(found) if given.get("output") == ["text"] else json.dumps(found, default=str)


def _text(found: Any) -> str:  # noqa: ANN401
    """As the AWS CLI prints it: nothing is None."""
    return "\t".join(map(_text, found)) if isinstance(found, list) else str(found)


def _plain_call(one: Any, service: str, command: str, rest: list[str]) -> dict[str, Any]:  # noqa: ANN401
    operation = _operations(service)[command]
    shape = model(service).operation_model(operation).input_shape
    answer: dict[str, Any] = getattr(one, xform_name(operation))(**params_of(rest, shape))
    return answer


def _call(ec2_client: Any, command: str, rest: list[str], *, is_wait: bool) -> dict[str, Any]:  # noqa: ANN401
    operation = "DescribeNatGateways" if is_wait else _operations("ec2")[command]
    params = params_of(rest, model().operation_model(operation).input_shape)
    if is_wait:
        ec2_client.get_waiter(command.replace("-", "_")).wait(**params)
        return {}
    if not command.startswith("describe-"):
        answer: dict[str, Any] = getattr(ec2_client, xform_name(operation))(**_permitted(params))
        _add_routes(ec2_client, params)
        return answer
    name = "Filter" if "Filter" in params else "Filters"
    filters = params.pop(name, [])
    left = [one for one in filters if not _is_here(one["Name"])]
    answer = getattr(ec2_client, xform_name(operation))(**params, **({name: left} if left else {}))
    return _filtered(answer, [one for one in filters if _is_here(one["Name"])])


def _add_routes(ec2_client: Any, params: dict[str, Any]) -> None:  # noqa: ANN401
    """What associating a gateway endpoint does at AWS, and deleting one expects in moto."""
    tables = {True: params.get("AddRouteTableIds", []), False: params.get("RemoveRouteTableIds", [])}
    if not any(tables.values()):
        return
    (endpoint,) = ec2_client.describe_vpc_endpoints(VpcEndpointIds=[params["VpcEndpointId"]])["VpcEndpoints"]
    lists = ec2_client.describe_managed_prefix_lists()["PrefixLists"]
    to = next(one["PrefixListId"] for one in lists if one["PrefixListName"] == endpoint["ServiceName"])
    for table in tables[True]:
        ec2_client.create_route(RouteTableId=table, DestinationPrefixListId=to, GatewayId=endpoint["VpcEndpointId"])
    for table in tables[False]:
        ec2_client.delete_route(RouteTableId=table, DestinationPrefixListId=to)


def _permitted(params: dict[str, Any]) -> dict[str, Any]:
    """The AWS CLI makes one permission of --protocol, --port and --cidr."""
    if "CidrIp" not in params:
        return params
    port = params["FromPort"]
    ranges = [{"CidrIp": params["CidrIp"]}]
    permission = {"IpProtocol": params["IpProtocol"], "FromPort": port, "ToPort": port, "IpRanges": ranges}
    return {"GroupId": params["GroupId"], "IpPermissions": [permission]}


def _operations(service: str) -> dict[str, str]:
    return {xform_name(name, "-"): name for name in model(service).operation_names}


def _is_here(name: str) -> bool:
    return name in FILTERED or name.startswith("tag:")


def _filtered(answer: dict[str, Any], filters: list[dict[str, Any]]) -> dict[str, Any]:
    kept = {key: value for key, value in answer.items() if key != "ResponseMetadata"}
    for one in filters:
        key, wanted = one["Name"], one["Values"]
        for name, items in kept.items():
            if isinstance(items, list):
                kept[name] = [item for item in items if _value(item, key) in wanted]
    return kept


def _value(item: dict[str, Any], key: str) -> str | None:
    if key.startswith("tag:"):
        tags = {tag["Key"]: tag["Value"] for tag in item.get("Tags") or ()}
        found: str | None = tags.get(key.removeprefix("tag:"))
        return found
    return FILTERED[key][1](item)
