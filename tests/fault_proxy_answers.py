"""The answers that the fault proxy writes itself: errors in each AWS protocol, pages, regions not opted into.

Pure: a call and an answer in, an answer out.
"""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode
from xml.sax.saxutils import escape

from tests.models import model

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

EC2_NAMESPACE = "http://ec2.amazonaws.com/doc/2016-11-15/"

# Code and status by protocol, as AWS answers them. A token that expired reads differently in EC2.
DENIED = {
    "ec2": ("UnauthorizedOperation", 403),
    "query": ("AccessDenied", 403),
    "json": ("AccessDeniedException", 400),
    "rest-json": ("AccessDeniedException", 403),
    "rest-xml": ("AccessDenied", 403),
}
THROTTLED = {
    "ec2": ("RequestLimitExceeded", 503),
    "query": ("Throttling", 400),
    "json": ("ThrottlingException", 400),
    "rest-json": ("TooManyRequestsException", 429),
    "rest-xml": ("SlowDown", 503),
}
NOT_OPTED_IN = {
    "ec2": ("AuthFailure", 401),
    "query": ("InvalidClientTokenId", 403),
    "json": ("UnrecognizedClientException", 400),
    "rest-json": ("UnrecognizedClientException", 403),
    "rest-xml": ("InvalidAccessKeyId", 403),
}
EXPIRED = {
    "ec2": ("RequestExpired", 400),
    "query": ("ExpiredToken", 403),
    "json": ("ExpiredTokenException", 400),
    "rest-json": ("ExpiredTokenException", 403),
    "rest-xml": ("ExpiredToken", 400),
}


@dataclass(slots=True)
class Call:
    """A call as it arrived at the monotonic time `at`; `status` is 0 until it is answered, and if it is cut.

    `service` is the name that signs: 'monitoring' for CloudWatch. `account` is the one that the access key
    belongs to; where the call assumes a role, the role's. `params` are those of the wire: flat in EC2 and STS
    ('Filter.1.Name'), nested in JSON. The operation of a REST call is its method and path.
    """

    service: str
    operation: str
    region: str
    account: str
    access_key: str
    protocol: str
    params: dict[str, Any]
    at: float
    status: int = 0


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer before it is sent."""

    status: int
    body: bytes
    headers: Mapping[str, str]
    sent: int | None = None
    """After how many bytes of the body the connection is cut, if it is."""

    def broken_off(self, after: int) -> Answer:
        """Return the same answer, of which only so much arrives."""
        return replace(self, sent=after)

    def with_body(self, body: bytes) -> Answer:
        """Return the same answer with another body."""
        return replace(self, body=body)


def protocol_of(service: str, headers: Mapping[str, str], body: bytes) -> str:
    """Return the protocol that a call speaks."""
    if "X-Amz-Target" in headers:
        return "json"
    if b"Action=" in body and "x-www-form-urlencoded" in headers.get("Content-Type", ""):
        return "ec2" if service == "ec2" else "query"
    return "rest-xml" if service == "s3" else "rest-json"


def error(protocol: str, code: str, status: int, message: str) -> Answer:
    """Return an error in the shape of the protocol."""
    if protocol.endswith("json"):
        body = json.dumps({"__type": code, "message": message})
        return Answer(status, body.encode(), {"Content-Type": "application/x-amz-json-1.1"})
    told = f"<Code>{escape(code)}</Code><Message>{escape(message)}</Message>"
    body = {
        "ec2": f"<Response><Errors><Error>{told}</Error></Errors><RequestID>refused</RequestID></Response>",
        "query": f"<ErrorResponse><Error>{told}</Error><RequestId>refused</RequestId></ErrorResponse>",
        "rest-xml": f"<Error>{told}<RequestId>refused</RequestId></Error>",
    }[protocol]
    return Answer(status, body.encode(), {"Content-Type": "text/xml"})


@cache
def can_page(operation: str) -> bool:
    """Tell whether EC2 may answer an operation in pages: DescribeVpcs yes, DescribeRegions no."""
    ec2 = model("ec2")
    if operation not in ec2.operation_names:
        return False
    shape = ec2.operation_model(operation).output_shape
    return shape is not None and "NextToken" in shape.members


def unpaged(body: bytes) -> bytes:
    """Return a query without its paging parameters, so that all items are answered."""
    pairs = parse_qsl(body.decode(), keep_blank_values=True)
    return urlencode([pair for pair in pairs if pair[0] not in {"MaxResults", "NextToken"}]).encode()


def page(call: Call, answer: Answer, size: int) -> Answer:
    """Return the page that the call asks for of a whole EC2 answer; what is no good XML stays as it is."""
    try:
        root = ET.fromstring(answer.body)  # noqa: S314  # the tests' own answer
    except ET.ParseError:
        return answer
    start = int(call.params.get("NextToken", "page-0").removeprefix("page-"))
    end = start + min(size, int(call.params.get("MaxResults", size)))
    longest = max((keep(items, start, end) for items in root), default=0)
    namespace = root.tag.partition("}")[0].removeprefix("{")
    for token in root.findall("{*}nextToken"):
        root.remove(token)
    if longest > end:
        ET.SubElement(root, f"{{{namespace}}}nextToken").text = f"page-{end}"
    return answer.with_body(ET.tostring(root, "utf-8", xml_declaration=True, default_namespace=namespace))


def keep(items: ET.Element, start: int, end: int) -> int:
    """Leave only the items from start to end in a list; return how many it had."""
    found = items.findall("{*}item")
    for item in [*found[:start], *found[end:]]:
        items.remove(item)
    return len(found)


def with_opt_in(not_opted_in: Collection[str], call: Call, body: bytes) -> bytes:
    """Return a DescribeRegions answer that knows regions not opted into, AllRegions and the opt-in filter."""
    root = ET.fromstring(body)  # noqa: S314  # the tests' own answer
    items = root.findall("{*}regionInfo/{*}item")
    statuses = {item.findtext("{*}regionName", ""): item.findtext("{*}optInStatus", "") for item in items}
    named = {value for key, value in call.params.items() if key.startswith("RegionName.")}
    statuses |= {name: "not-opted-in" for name in not_opted_in if not named or name in named}
    if call.params.get("AllRegions") != "true":
        statuses = {name: status for name, status in statuses.items() if status != "not-opted-in"}
    asked = filter_values(call.params, "opt-in-status")
    shown = "".join(
        f"<item><regionName>{name}</regionName><regionEndpoint>ec2.{name}.amazonaws.com</regionEndpoint>"
        f"<optInStatus>{status}</optInStatus></item>"
        for name, status in sorted(statuses.items())
        if not asked or status in asked
    )
    return (
        f'<DescribeRegionsResponse xmlns="{EC2_NAMESPACE}"><regionInfo>{shown}</regionInfo></DescribeRegionsResponse>'
    ).encode()


def filter_values(params: Mapping[str, str], name: str) -> set[str]:
    """Return the values of a filter in an EC2 query."""
    keys = [key for key, value in params.items() if value == name and re.fullmatch(r"Filter\.\d+\.Name", key)]
    prefixes = tuple(f"{key.removesuffix('Name')}Value." for key in keys)
    return {value for key, value in params.items() if prefixes and key.startswith(prefixes)}
