"""Signs and sends the calls that are many, in half of the time that botocore takes.

It answers botocore's event `before-call`, as botocore's own Stubber does: when endpoint and body are known, and nothing
is signed. What it does not know (objects of S3, other signatures, several proxies) it leaves to botocore.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from botocore.awsrequest import AWSPreparedRequest

from auditor.aws.answers import Answers
from auditor.aws.connections import Connections
from auditor.aws.repeats import Repeats, Request, encoded
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
        self._connections, self._answers = connections, answers
        self._signer, self._repeats = Signer(), Repeats()

    def request(
        self, model: Any, params: Mapping[str, Any], context: Mapping[str, Any], place: Place
    ) -> Request | None:
        """A call that can go this way; `params` and `context` are those of the event `before-call`."""
        is_plain = (
            model.service_model.resolved_protocol in _PROTOCOLS
            and context.get("auth_type") in _SIGNATURES
            and not params["query_string"]
            and not model.has_streaming_output
        )
        if not is_plain or self._connections.only is None:
            return None
        request = Request(model, Post(params["url"], params["headers"], encoded(params["body"])), place)
        self._repeats.learn(request)
        return request

    def knows(self, model: Any) -> bool:
        """Whether a call of the operation went this way before."""
        return self._repeats.knows(model)

    def repeated(self, model: Any, region: str, params: dict[str, Any]) -> Request | None:
        """A call like one that went this way before."""
        return self._repeats.request(model, region, params) if self._connections.only else None

    async def send(self, request: Request, credentials: Any) -> Sent:
        """Raises what botocore's own way raises."""
        post, protocol = request.post, request.model.service_model.resolved_protocol
        frozen = await credentials.get_frozen_credentials()
        headers = self._signer.signed(post, frozen, request.place, datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ"))
        way: AIOHTTPSession = self._connections.only
        response = await way.send(AWSPreparedRequest("POST", post.url, headers, post.body, stream_output=False))
        answer = {"body": await response.content, "status_code": response.status_code, "headers": response.headers}
        parser = self._answers.create_parser(protocol)
        return response, await parser.parse({**answer, "context": {}}, request.model.output_shape)
