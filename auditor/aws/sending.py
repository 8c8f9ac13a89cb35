"""Signs and sends the calls that are many, in half of the time that botocore takes.

It answers botocore's event `before-call`, as botocore's own Stubber does: when endpoint and body are known, and nothing
is signed. What it does not know (objects of S3, other signatures, several proxies) it leaves to botocore.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from botocore.awsrequest import AWSPreparedRequest

from auditor.aws.answers import Answers
from auditor.aws.connections import Connections
from auditor.aws.signing import Place, Post, Signer

if TYPE_CHECKING:
    from aiobotocore.httpsession import AIOHTTPSession

_PROTOCOLS = {"ec2", "json", "query"}
_SIGNATURES = {None, "v4"}

Sent = tuple[Any, dict[str, Any]]
"""The HTTP response, and what it says."""


class Sender:
    """A session's way to AWS, over the connections of its clients."""

    def __init__(self, connections: Connections, answers: Answers) -> None:
        self._connections, self._answers, self._signer = connections, answers, Signer()

    def way(self, model: Any, params: Mapping[str, Any], context: Mapping[str, Any]) -> AIOHTTPSession | None:
        """The connections of a call that can go this way: `params`, `context` are those of the event `before-call`."""
        is_plain = (
            model.service_model.resolved_protocol in _PROTOCOLS
            and context.get("auth_type") in _SIGNATURES
            and not params["query_string"]
            and not model.has_streaming_output
        )
        return self._connections.only if is_plain else None

    async def send(
        self, way: AIOHTTPSession, model: Any, params: Mapping[str, Any], place: Place, credentials: Any
    ) -> Sent:
        """Raises what botocore's own way raises."""
        post = Post(params["url"], params["headers"], _bytes(params["body"]))
        frozen = await credentials.get_frozen_credentials()
        headers = self._signer.signed(post, frozen, place, datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ"))
        response = await way.send(AWSPreparedRequest("POST", post.url, headers, post.body, stream_output=False))
        answer = {"body": await response.content, "status_code": response.status_code, "headers": response.headers}
        parser = self._answers.create_parser(model.service_model.resolved_protocol)
        return response, await parser.parse({**answer, "context": {}}, model.output_shape)


def _bytes(body: Any) -> bytes:
    """Bodies of the query protocols are still dictionaries."""
    return urlencode(body, doseq=True).encode() if isinstance(body, dict) else bytes(body)
