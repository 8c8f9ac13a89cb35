"""One HTTP session for all clients of an audit: a TLS context costs as much as ten calls, and each client makes one."""

from __future__ import annotations

from types import TracebackType
from typing import Any, Self

from aiobotocore.httpsession import AIOHTTPSession


class Connections:
    """What an `AioConfig` takes for `http_session_cls`: clients of equal settings get the same session.

    Settings differ where one service has a proxy and another has none.
    """

    def __init__(self) -> None:
        self._opened: list[tuple[dict[str, Any], _Shared]] = []

    @property
    def only(self) -> AIOHTTPSession | None:
        """The session of all clients; `None` where there is none yet, or more than one."""
        return self._opened[0][1] if len(self._opened) == 1 else None

    def __call__(self, **settings: Any) -> AIOHTTPSession:
        """The session of these settings."""
        for known, session in self._opened:
            if known == settings:
                return session
        session = _Shared(**settings)
        self._opened.append((settings, session))
        return session


class _Shared(AIOHTTPSession):  # type: ignore[misc]  # aiobotocore publishes no types
    """Open from the first client that enters to the last one that leaves."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self._users = 0

    async def __aenter__(self) -> Self:
        self._users += 1
        if self._users == 1:
            await super().__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        self._users -= 1
        if self._users == 0:
            await super().__aexit__(kind, error, at)
