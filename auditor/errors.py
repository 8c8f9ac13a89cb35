"""Every error that the user meets, each with the exit code of the process that it ends.

A message is one line that names what happened, to what, and the next step.
"""

from __future__ import annotations

from enum import IntEnum


class Exit(IntEnum):
    """Exit codes of the command line; stable, documented in the guide."""

    REPORTED = 0
    BUG = 1
    USAGE = 2
    NO_ACCESS = 3
    GAPS = 4
    NOT_DELIVERED = 5
    ABOVE_LIMIT = 10


class AuditorError(Exception):
    """Base of all expected errors: shown as one line, never as a traceback."""

    exit_code: Exit = Exit.BUG


class UsageError(AuditorError):
    """An option, a config key or an input file that cannot be used."""

    exit_code = Exit.USAGE


class NoAccessError(AuditorError):
    """Nothing could be audited: no credentials, or not one readable scope."""

    exit_code = Exit.NO_ACCESS


class StoreError(AuditorError):
    """The store of runs cannot be opened, read or written: full, read-only, denied, or not there."""

    exit_code = Exit.USAGE


class NotReadOnlyError(AuditorError):
    """Something asked the audit session for a call that is not on the list of reads."""
