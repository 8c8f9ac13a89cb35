"""botocore's models of AWS's services: each is decoded when a test first needs it, since EC2's is large."""

from __future__ import annotations

from functools import cache
from typing import Any

import botocore.session


@cache
def model(service: str = "ec2") -> Any:  # noqa: ANN401 -- botocore publishes no types
    return botocore.session.get_session().get_service_model(service)
