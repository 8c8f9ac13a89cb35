"""`auditor schedule`: runs that are made when they are due, once, by one of several replicas on a store.

Which moment is due follows from the store alone: the last moment of a schedule that had a run is there.
"""

from __future__ import annotations

from auditor.scheduler.command import Schedules
from auditor.scheduler.listing import print_schedules
from auditor.scheduler.log import LogSettings

__all__ = ["LogSettings", "Schedules", "print_schedules"]
