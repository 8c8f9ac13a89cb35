"""One botocore session and one client a service for all accounts and regions.

A client of EC2's full model costs 50–180 ms; one a region would cost more than all calls together. So region and
credentials are set per call, in two of botocore's documented events: `before-endpoint-resolution` (the rule set
computes the URL of that region) and `before-call` (signed for the region with the account's credentials, and sent).
"""

from __future__ import annotations

import asyncio
import logging
import os
import random
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable
from contextlib import AsyncExitStack, nullcontext
from contextvars import ContextVar
from dataclasses import dataclass, field
from http import HTTPStatus
from types import TracebackType
from typing import Any, Self

from aiobotocore.config import AioConfig
from aiobotocore.session import AioSession
from botocore import xform_name
from botocore.awsrequest import AWSResponse
from botocore.exceptions import BotoCoreError, ClientError, ProfileNotFound
from botocore.parsers import ResponseParserError

from auditor import __version__
from auditor.aws import guard
from auditor.aws.answers import Answers
from auditor.aws.connections import Connections
from auditor.aws.endpoint_urls import require_usable
from auditor.aws.failures import NO_ANSWERS, AwsFailureError, Kind, failure
from auditor.aws.models import Models
from auditor.aws.operations import ASSUME_ROLE, CREDENTIAL_OPERATIONS, OPERATIONS, Operation
from auditor.aws.pacing import SHARE, Pacer
from auditor.aws.repeats import Request
from auditor.aws.sending import Sender, Sent
from auditor.aws.signing import Place
from auditor.errors import UsageError
from auditor.model.evidence import Call

_log = logging.getLogger(__name__)

DEFAULT_REGION = "us-east-1"
_CALLS_IN_FLIGHT = 128
_FIRST_PAUSE = 1.0
_CONNECTION_IS_MADE = 0.03
_PREPARED = ("ec2", "cloudwatch", "pricing")
_CONFIG = AioConfig(
    connect_timeout=5,
    read_timeout=30,
    max_pool_connections=_CALLS_IN_FLIGHT,
    # Its own retries know nothing of accounts: one that is throttled would use up the retries of all.
    retries={"mode": "standard", "total_max_attempts": 1},
    # Both save a tenth of the time: requests are few and fixed, and a test validates them against AWS's models.
    user_agent=f"auditor/{__version__}",
    parameter_validation=False,
)


@dataclass(frozen=True, slots=True)
class Target:
    """Whose credentials sign a call and where it lands; counts of what was sent there, and refused for haste."""

    account_id: str
    region: str
    credentials: Any
    who: str = "the caller"
    sent: Counter[str] = field(default_factory=Counter)
    throttled: Counter[str] = field(default_factory=Counter)

    @property
    def calls(self) -> tuple[Call, ...]:
        """What was sent so far."""
        return tuple(Call(name, count, self.throttled[name]) for name, count in sorted(self.sent.items()))

    def at(self, region: str) -> Target:
        """The same account in another region, with a count of its own."""
        return Target(self.account_id, region, self.credentials, self.who)


_target: ContextVar[Target] = ContextVar("target")
_only_learning: ContextVar[bool] = ContextVar("only_learning", default=False)
_NOT_SENT: Sent = (AWSResponse("", HTTPStatus.OK, {}, None), {})
"""What botocore is answered when it has prepared a request that nobody wants."""


class AuditSession:
    """An async context manager; everything that it creates carries the read-only guard."""

    def __init__(
        self, profile: str | None = None, operations: Iterable[Operation] = OPERATIONS, share: int = SHARE
    ) -> None:
        require_usable()
        self._session = AioSession(profile=profile)
        # Calls for credentials are not the audit's: they have no target, and are signed otherwise or not at all.
        self._credentials = AioSession(profile=profile)
        guard.install(self._credentials, CREDENTIAL_OPERATIONS)
        self._stack = AsyncExitStack()
        self._clients: dict[str, asyncio.Task[Any]] = {}
        connections, answers = Connections(), Answers()
        self._config = _CONFIG.merge(AioConfig(http_session_cls=connections))
        self._sender = Sender(connections, answers)
        self._slots = asyncio.Semaphore(_CALLS_IN_FLIGHT)
        self._pacer = Pacer(share)
        self._refuse_writes = guard.install(self._session, operations)
        self._session.register("before-endpoint-resolution", _resolve_in_region)
        self._session.register("before-call", self._send)
        self._session.register("before-send", _count_sent)
        self._session.register_component("response_parser_factory", answers)
        self._models = Models(self._variable("data_path"))
        self._session.register_component("data_loader", self._models)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        await self._stack.aclose()

    @property
    def home_region(self) -> str:
        """The region that environment or profile name, else us-east-1. AWS_REGION is known to all SDKs but this one."""
        return os.environ.get("AWS_REGION") or self._variable("region") or DEFAULT_REGION

    async def sdk_regions(self, partition: str) -> list[str]:
        """The regions that the SDK knows, for accounts that may not ask AWS."""
        regions: list[str] = await self._session.get_available_regions("ec2", partition)
        return regions

    async def own_credentials(self) -> Any:
        """The caller's credentials; `AwsFailureError` where there are none."""
        try:
            credentials = await self._credentials.get_credentials()
        except ProfileNotFound as error:
            raise _unknown_profile(error) from error
        except (BotoCoreError, OSError, ValueError) as error:
            # A credential_process is any program, and may be missing or say anything.
            raise AwsFailureError(Kind.CREDENTIALS, " ".join(str(error).split())) from error
        if credentials is None:
            raise AwsFailureError(Kind.CREDENTIALS, "no AWS credentials found")
        return credentials

    async def client(self, service: str) -> Any:
        """The service's only client; the first to ask creates it."""
        if service not in self._clients:
            self._clients[service] = asyncio.ensure_future(self._open(service))
        return await self._clients[service]

    async def prepare(self) -> None:
        """Open what collecting needs while the first call is on its way: EC2's model takes as long as its answer."""
        await self.client("sts")
        await asyncio.sleep(_CONNECTION_IS_MADE)
        for service in _PREPARED:
            await self.client(service)

    async def call(self, target: Target, operation: Operation, params: dict[str, Any]) -> dict[str, Any]:
        """One call for a target, when its turn has come; `AwsFailureError` has the reason for a gap."""
        attempt = 0
        while True:
            attempt += 1
            try:
                return await self._attempt(target, operation, params)
            except AwsFailureError as error:
                if attempt >= error.attempts:
                    raise
            await asyncio.sleep(_backoff(attempt))

    async def _attempt(self, target: Target, operation: Operation, params: dict[str, Any]) -> dict[str, Any]:
        await self._pacer.turn(target.account_id, target.region, operation)
        try:
            return await self._sent(target, operation, params)
        except AwsFailureError as error:
            if error.kind is Kind.THROTTLED:
                target.throttled[f"{operation.service}:{operation.name}"] += 1
                self._pacer.throttled(target.account_id, target.region, operation)
            raise

    async def _sent(self, target: Target, operation: Operation, params: dict[str, Any]) -> dict[str, Any]:
        client = await self.client(operation.service)
        token = _target.set(target)
        # A role is assumed again in the middle of a call that holds a slot already.
        slot = nullcontext() if operation is ASSUME_ROLE else self._slots
        try:
            async with slot:
                return await self._answer(client, target, operation, params)
        except (ClientError, BotoCoreError, ResponseParserError, *NO_ANSWERS) as error:
            raise failure(error, operation, target.who) from error
        finally:
            _target.reset(token)

    async def _answer(
        self, client: Any, target: Target, operation: Operation, params: dict[str, Any]
    ) -> dict[str, Any]:
        """By botocore, or as botocore has done it before."""
        model = client.meta.service_model.operation_model(operation.name)
        self._refuse_writes(model=model, params=params)
        ask = getattr(client, str(xform_name(operation.name)))
        request = self._sender.repeated(model, target.region, params)
        if request is None and operation.service in _PREPARED and self._sender.knows(model):
            request = await self._learnt(ask, model, target.region, params)
        if request is None:
            return dict(await ask(**params))
        response, answer = await self._sent_to(target, request)
        if response.status_code >= HTTPStatus.MULTIPLE_CHOICES:
            raise ClientError(answer, operation.name)
        return dict(answer)

    async def _learnt(
        self, ask: Callable[..., Awaitable[Any]], model: Any, region: str, params: dict[str, Any]
    ) -> Request | None:
        """Have botocore find out where a region is asked, without the parameters, whose text it takes long to make."""
        token = _only_learning.set(True)
        try:
            await ask()
        finally:
            _only_learning.reset(token)
        return self._sender.repeated(model, region, params)

    async def _send(
        self, model: Any, params: dict[str, Any], context: dict[str, Any], request_signer: Any, **_: Any
    ) -> Sent | None:
        """Send a call for the target, or have botocore do so: signed for its region, with its credentials."""
        target = _target.get()
        signing = context.setdefault("signing", {})
        signing.update(region=target.region, request_credentials=target.credentials)
        place = Place(target.region, signing.get("signing_name") or request_signer.signing_name)
        request = self._sender.request(model, params, context, place)
        if _only_learning.get():
            return _NOT_SENT
        return await self._sent_to(target, request) if request else None

    async def _sent_to(self, target: Target, request: Request) -> Sent:
        _count(request.model.service_model.service_id.hyphenize(), request.model.name)
        return await self._sender.send(request, target.credentials)

    def _variable(self, name: str) -> str | None:
        try:
            value: str | None = self._session.get_config_variable(name)
        except ProfileNotFound as error:
            raise _unknown_profile(error) from error
        return value

    async def _open(self, service: str) -> Any:
        # In a thread, for a handshake must not wait while EC2's model is decoded.
        await asyncio.to_thread(self._models.load_service_model, service, "service-2")
        context = self._session.create_client(service, region_name=DEFAULT_REGION, config=self._config)
        return await self._stack.enter_async_context(context)


def _resolve_in_region(builtins: dict[str, Any], **_: Any) -> None:
    builtins["AWS::Region"] = _target.get().region


def _count_sent(event_name: str, **_: Any) -> None:
    _count(*event_name.split(".")[1:3])


def _count(service: str, operation: str) -> None:
    target = _target.get()
    target.sent[f"{service}:{operation}"] += 1
    _log.info("%s %s %s:%s", target.account_id or "-", target.region, service, operation)


def _backoff(attempt: int) -> float:
    """Seconds after a failed attempt: up to one, two, four …, at random, so that calls do not come back together."""
    return random.uniform(0, _FIRST_PAUSE * 2 ** (attempt - 1))  # noqa: S311 -- no secret


def _unknown_profile(error: ProfileNotFound) -> UsageError:
    return UsageError(f"{error}: name one of `aws configure list-profiles`")
