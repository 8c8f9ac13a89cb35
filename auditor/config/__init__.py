"""Configuration: what a run is asked for, from options, variables and a TOML file, and what is wrong with it."""

from auditor.config.loading import load, load_scheduled, read
from auditor.config.model import AcceptedFinding, Config, FlowLogs, Format
from auditor.config.origins import ENVIRONMENT_PREFIX, from_file, region_here, variable, variables

__all__ = [
    "ENVIRONMENT_PREFIX",
    "AcceptedFinding",
    "Config",
    "FlowLogs",
    "Format",
    "from_file",
    "load",
    "load_scheduled",
    "read",
    "region_here",
    "variable",
    "variables",
]
