"""Requests that repeat one which botocore has prepared.

Between two calls of an operation only region and parameters differ. So botocore prepares the first call of each
operation and the first one to each region; of all others the headers are those of the operation, the URL is that of
the region, and the body is what the parameters say. Finding all that out again takes as long as the rest of a call.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from botocore.serialize import create_serializer
from pydantic_core import to_json

from auditor.aws.signing import Place, Post


@dataclass(frozen=True, slots=True)
class Request:
    """A call that only wants a signature; `model` is botocore's of the operation."""

    model: Any
    post: Post
    place: Place


class Repeats:
    """Headers by service and operation, URLs by service and region, as botocore has made them."""

    def __init__(self) -> None:
        self._headers: dict[tuple[str, str], tuple[Mapping[str, str], str]] = {}
        self._urls: dict[tuple[str, str], str] = {}
        self._serializers: dict[str, Any] = {}

    def learn(self, request: Request) -> None:
        """Keep what the next call needs, where nothing else than region and parameters makes a difference."""
        model, place = request.model, request.place
        if _is_alike(model):
            service = model.service_model.service_name
            self._headers[service, model.name] = request.post.headers, place.service
            self._urls[service, place.region] = request.post.url

    def knows(self, model: Any) -> bool:
        """Whether all is known of the operation but, maybe, where a region is asked."""
        return (model.service_model.service_name, model.name) in self._headers

    def request(self, model: Any, region: str, params: dict[str, Any]) -> Request | None:
        """The call, or `None` where botocore has to prepare it."""
        service = model.service_model.service_name
        known, url = self._headers.get((service, model.name)), self._urls.get((service, region))
        if known is None or url is None:
            return None
        headers, signs_as = known
        return Request(model, Post(url, headers, self._body(model, params)), Place(region, signs_as))

    def _body(self, model: Any, params: dict[str, Any]) -> bytes:
        protocol = model.service_model.resolved_protocol
        if protocol == "json":  # a test holds that no parameter has another name or form in it
            return to_json(params, temporal_mode="seconds")
        if protocol not in self._serializers:
            self._serializers[protocol] = create_serializer(protocol, include_validation=False)
        return encoded(self._serializers[protocol].serialize_to_request(params, model)["body"])


def encoded(body: Any) -> bytes:
    """Bodies of the query protocols are still dictionaries."""
    return urlencode(body, doseq=True).encode() if isinstance(body, dict) else bytes(body)


def _is_alike(model: Any) -> bool:
    """Whether parameters change nothing but the body: no part of the URL, no token that must differ each time."""
    differs = (model.static_context_parameters, model.context_parameters, model.operation_context_parameters)
    return not any((*differs, model.endpoint, model.idempotent_members))
