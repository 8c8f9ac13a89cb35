"""Auditor: which bytes NAT gateways carry that an endpoint could carry, what to change and what it saves."""

from __future__ import annotations

__version__ = "0.1.0"
