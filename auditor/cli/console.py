"""What commands print: results on stdout, everything else on stderr."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from rich.console import Console

    from auditor.model.letter import Delivery


def stdout() -> Console:
    """A console; what is no terminal gets long lines rather than broken ones."""
    from rich.console import Console

    return Console(highlight=False, width=None if sys.stdout.isatty() else 200)


def say(message: str) -> None:
    """A line to stderr; nothing in it can move a terminal's cursor."""
    from auditor.report.text import clean

    typer.echo(f"auditor: {clean(message)}", err=True)


def say_delivered(deliveries: tuple[Delivery, ...]) -> None:
    """Who was told, and who was not, why, and what to do."""
    from auditor.report.text import clean

    for one in deliveries:
        whom = clean(one.recipient) + (f", of {one.of:%Y-%m-%d %H:%M} UTC" if one.of else "")
        if one.is_delivered:
            typer.echo(f"delivered to {whom}", err=True)
        else:
            typer.echo(f"not delivered to {whom}: {clean(str(one.problem))}: {one.next_step}", err=True)
