"""What a run makes of its evidence: the audit and its files, and how the process should end."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from auditor.config import Config, Format
from auditor.errors import Exit, StoreError
from auditor.store.files import write_atomically

if TYPE_CHECKING:
    from auditor.model.audit import Audit
    from auditor.model.evidence import Evidence
    from auditor.model.letter import Delivery
    from auditor.past import Earlier
    from auditor.recording import Recipients
    from auditor.store.runs import Run


@dataclass(frozen=True)
class Outcome:
    """What a run made: the audit and its files; `parts` are those of owners, whom nobody else should read."""

    audit: Audit
    paths: tuple[Path, ...]
    not_stored: StoreError | None = None
    deliveries: tuple[Delivery, ...] = ()
    stored: Run | None = None
    addressees: Recipients = ()
    parts: tuple[Path, ...] = ()

    def exit_code(self, config: Config) -> Exit:
        """What the process should end with. A report that reached nobody comes first: all else stands in it."""
        if self.not_stored or not all(one.is_delivered for one in self.deliveries):
            return Exit.NOT_DELIVERED
        totals = self.audit.totals
        if config.fail_above is not None and totals.saving_measured > config.fail_above:
            return Exit.ABOVE_LIMIT
        return Exit.GAPS if self.audit.gaps and not config.allow_gaps else Exit.REPORTED


def report(evidence: Evidence, config: Config, earlier: Earlier | None = None) -> Outcome:
    """Render evidence, fresh or saved, in the formats of the configuration, compared with an earlier run."""
    from auditor.report.press import Press

    with Press() if Format.PDF in config.formats else nullcontext() as press:
        from auditor import offline

        audit = offline.audit_of(evidence)
        if earlier:
            audit = earlier.followed(audit, evidence.constraints)
        paths = []
        for name, content in offline.rendered(audit, config.formats, press):
            paths.append(config.output / name)
            write_atomically(paths[-1], content)
    return Outcome(audit, tuple(paths))
