"""The demo: the same pipeline as for a real account, over HTTP, against the embedded AWS."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from auditor import pipeline
from auditor.collectors.run import Progress
from auditor.config import Config
from auditor.demo.company import DEMO_NOW, seed
from auditor.demo.embedded import EmbeddedAws


def run_demo(config: Config, progress: Progress) -> pipeline.Outcome:
    """Seed the company and audit it, at a moment that never changes: every demo gives the same report."""
    with EmbeddedAws() as aws, _environment(aws.environment):
        company = seed(aws, DEMO_NOW)
        settings = config.model_copy(
            update={
                "regions": tuple(company.regions),
                "accounts": tuple(company.accounts.values()),
                "role": company.role_name,
                "external_id": company.external_id,
                "live_prices": False,
                "public_lookups": False,
            }
        )
        return pipeline.run(settings, DEMO_NOW, progress)


@contextmanager
def _environment(values: dict[str, str]) -> Iterator[None]:
    """These variables and none of the user's own AWS settings; as it was, afterwards."""
    saved = dict(os.environ)
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        del os.environ[name]
    os.environ.update(values)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(saved)
