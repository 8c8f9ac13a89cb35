"""How far a run is, for whoever watches."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from auditor.model.evidence import Scope


@dataclass
class Progress:
    """Told of every scope: how many there are so far and how many are read."""

    report: Callable[[int, int, str], None] | None = None
    total: int = 0
    done: int = 0

    def expect(self, count: int) -> None:
        """More scopes are to come."""
        self.total += count
        self._tell("")

    def finish(self, scope: Scope) -> None:
        """A scope is read."""
        self.done += 1
        self._tell(f"{scope.account_id} {scope.region}: {scope.status}")

    def note(self, text: str) -> None:
        """Something else goes on."""
        self._tell(text)

    def _tell(self, text: str) -> None:
        if self.report:
            self.report(self.total, self.done, text)
