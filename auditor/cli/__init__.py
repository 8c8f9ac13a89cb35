"""The command line: parse, call the pipeline, print; nothing else.

Whatever is heavy is imported by the command that needs it, so that `--help` answers at once.
"""

from __future__ import annotations

import gc
import sys
from typing import Annotated, NoReturn

import typer

from auditor import __version__
from auditor.cli import facts, kept, runs
from auditor.cli.console import say
from auditor.errors import AuditorError, Exit

_CLICK_ERROR: type[Exception] = typer.BadParameter.__bases__[0]
"""Base of usage errors; Typer carries its own click and publishes no other name for it."""

_INTERRUPTED = 130
"""What Typer ends with after Ctrl-C: 128 and the signal's number, as shells have it."""

app = typer.Typer(
    name="auditor",
    help="Which bytes your NAT gateways carry that a VPC endpoint could carry, what to change, and what it saves.",
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
configuration = typer.Typer(help="Look at the configuration.", rich_markup_mode=None)
configuration.command("check")(facts.check_configuration)
app.add_typer(configuration, name="config")

for _command in (
    *(runs.run, runs.schedule, runs.demo, runs.report),
    *(kept.history, kept.diff, kept.what_if, kept.attribute),
    *(facts.rules, facts.explain, facts.iam, facts.prices, facts.doctor),
):
    app.command(_command.__name__.replace("_", "-"))(_command)


@app.callback(invoke_without_command=True)
def version(show: Annotated[bool, typer.Option("--version", help="Show the version.")] = False) -> None:
    """Options of every command."""
    if show:
        typer.echo(__version__)
        raise typer.Exit


def main() -> None:
    """The process: every expected error is one line and an exit code, anything else a traceback."""
    gc.disable()  # until the evidence is read: imports and answers make many objects and no garbage worth a pause
    try:
        code = app(args=sys.argv[1:] or ["--help"], standalone_mode=False)
    except AuditorError as error:
        _stop(str(error), error.exit_code)
    except _CLICK_ERROR as error:
        _stop(f"{str(error).rstrip('.')}; see auditor --help", Exit.USAGE)
    if code == _INTERRUPTED:
        _stop("stopped: nothing was changed, and reports may be missing", code)
    sys.exit(code)


def _stop(message: str, code: int) -> NoReturn:
    say(message)
    sys.exit(code)
