"""The documentation tells the truth: commands as they are, links that lead somewhere."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from auditor.report.columns import Table
from auditor.report.separated import FILES
from auditor.report.tables import SHEETS

ROOT = Path(__file__).parent.parent
COMMANDS = (
    "run",
    "schedule",
    "demo",
    "report",
    "history",
    "diff",
    "what-if",
    "attribute",
    "rules",
    "explain",
    "iam",
    "config check",
    "prices",
    "doctor",
)


def help_of(*words: str) -> str:
    environment = {**os.environ, "COLUMNS": "100", "TERM": "dumb"}
    command = [sys.executable, "-c", "from auditor.cli import main; main()", *words, "--help"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    return done.stdout.replace("Usage: -c", "Usage: auditor").rstrip()


def generated() -> str:
    parts = ["# Commands\n\nGenerated from `auditor --help`; `python tests/test_docs.py` writes it anew.\n"]
    pages = ((), *(tuple(command.split()) for command in COMMANDS))
    parts += [f"## {' '.join(('auditor', *words))}\n\n```text\n{help_of(*words)}\n```\n" for words in pages]
    return "\n".join(parts)


COLUMNS = "\n## Columns\n"


def columns() -> str:
    parts = [f"{COLUMNS}\nGenerated from the tables; `python tests/test_docs.py` writes it anew.\n"]
    return "\n".join([*parts, *(_columns(table) for table in FILES)])


def _columns(table: Table) -> str:
    title = f"### `{table.file}`" + (f", sheet {table.name}" if table in SHEETS else "")
    rows = [f"| `{one.name}` | {one.kind} | {one.says} |" for one in table.columns]
    return "\n".join([title, "", table.says, "", "| column | holds | what |", "| --- | --- | --- |", *rows, ""])


def test_the_page_of_outputs_describes_the_columns_that_there_are() -> None:
    page = (ROOT / "docs/outputs.md").read_text("utf-8")
    assert page[page.index(COLUMNS) :] == columns()


def test_the_page_of_commands_is_what_the_commands_say() -> None:
    assert (ROOT / "docs/cli.md").read_text("utf-8") == generated()


def test_every_command_is_on_the_page() -> None:
    listed = help_of().split("Commands:")[1].split()
    assert {command.split()[0] for command in COMMANDS} <= set(listed)


if __name__ == "__main__":
    (ROOT / "docs/cli.md").write_text(generated(), "utf-8")
    outputs = ROOT / "docs/outputs.md"
    outputs.write_text(outputs.read_text("utf-8").partition(COLUMNS)[0] + columns(), "utf-8")
