"""`[[schedules]]`: what a schedule changes of the configuration, and what is said of one that cannot be kept."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from auditor.config import Config, Format, load, load_scheduled
from auditor.delivery.settings import When
from auditor.errors import UsageError
from auditor.scheduler import LogSettings, Schedules

BASE = """
store = "STORE"
accounts = ["111122223333"]
regions = ["eu-west-1"]
[mail]
from = "auditor@example.com"
to = ["net@example.com"]
smtp_host = "mail.example.com"
owner_tag = "owner"
[owners]
111122223333 = ["pay@example.com"]
[[schedules]]
name = "weekly"
cron = "0 6 * * mon"
"""


def write(folder: Path, more: str = "", base: str = BASE) -> Path:
    file = folder / "auditor.toml"
    file.write_text(base.replace("STORE", str(folder / "store")) + more)
    return file


def of(file: Path) -> Config:
    return load_scheduled(load(file).schedules[0], file)


def test_without_keys_of_its_own_a_schedule_asks_for_what_the_file_does(tmp_path: Path) -> None:
    file = write(tmp_path)
    same = of(file)
    assert same.output == Path("auditor-report/weekly")
    assert same.model_copy(update={"output": Path("auditor-report")}) == load(file)


def test_its_own_keys_win_over_the_file_and_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUDITOR_REGIONS", "us-east-1")
    monkeypatch.setenv("AUDITOR_MAIL_TO", "environment@example.com")
    more = """
        regions = ["eu-central-1", "eu-central-2"]
        accounts = ["444455556666"]
        role = "Other"
        window_days = 7
        formats = "json"
        budget = "5"
        mail_to = ["fin@example.com"]
        when = "changes"
    """
    config = of(write(tmp_path, more))
    assert config.regions == ("eu-central-1", "eu-central-2")
    assert (config.accounts, config.role, config.window_days) == (("444455556666",), "Other", 7)
    assert config.formats == (Format.JSON,)
    assert config.budget == 5
    assert config.mail
    assert (config.mail.to, config.mail.when, config.notify.when) == (
        ("fin@example.com",),
        When.CHANGES,
        When.CHANGES,
    )
    assert config.owners == {"111122223333": ("pay@example.com",)}


def test_owners_can_be_left_in_peace(tmp_path: Path) -> None:
    config = of(write(tmp_path, "mail_owners = false"))
    assert config.mail
    assert (config.owners, config.mail.owner_tag, config.mail.to) == ({}, None, ("net@example.com",))


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ("timezone = 'Berlin'", "timezone of schedules 1 in FILE: 'Berlin': is not a time zone of the IANA database"),
        (
            "when_ = 'x'",
            "unknown key 'when_' in schedules 1 of FILE: did you mean when? known are accounts, allow_gaps, ",
        ),
        ("regions = ['x']", "schedule 'weekly': regions in FILE: 'x': is not a region's name such as eu-west-1"),
        ("accounts = [1]", "schedule 'weekly': accounts in FILE: 1: "),
        ("when = 'often'", "schedule 'weekly': when of [mail] in FILE: 'often': Input should be 'always' or 'changes'"),
        ("mail_to = ['x']", "schedule 'weekly': to of [mail] in FILE: 'x': is not an address"),
        ("window_days = 0", "schedule 'weekly': window_days in FILE: 0: "),
        (
            "[[schedules]]\nname = 'weekly'\ncron = '* * * * *'",
            "[[schedules]] in FILE: two are called 'weekly': the store knows the runs of each by its name",
        ),
        ("[[schedules]]\nname = 'b'", "cron of schedules 2 in FILE: is missing"),
        ("[[schedules]]\ncron = '* * * * *'", "name of schedules 2 in FILE: is missing"),
        (
            "[[schedules]]\nname = '../x'\ncron = '* * * * *'",
            "name of schedules 2 in FILE: '../x': is not a name of up to 40 small letters, digits and hyphens",
        ),
        (
            "[[schedules]]\nname = 'b'\ncron = '0 6 * * 8'",
            "cron of schedules 2 in FILE: '0 6 * * 8': day_of_week '8': is neither a name such as mon nor a number",
        ),
    ],
)
def test_a_schedule_that_cannot_be_kept_is_named_by_file_and_key(tmp_path: Path, more: str, said: str) -> None:
    file = write(tmp_path, more)
    with pytest.raises(UsageError) as refused:
        Schedules.read(file)
    assert str(refused.value).startswith(said.replace("FILE", str(file)))
    assert "\n" not in str(refused.value)


def test_each_schedule_says_how_long_its_runs_may_take(tmp_path: Path) -> None:
    file = write(tmp_path, "[[schedules]]\nname = 'b'\ncron = '0 6 * * 1'\nlongest_hours = 3\n")
    service = Schedules.read(file)._service(LogSettings(), 20)
    assert [plan.longest for plan in service.plans] == [timedelta(hours=24), timedelta(hours=3)]
    for hours in ("0", "169"):
        with pytest.raises(UsageError, match="longest_hours of schedules 2"):
            Schedules.read(write(tmp_path, f"[[schedules]]\nname = 'b'\ncron = '0 6 * * 1'\nlongest_hours = {hours}\n"))


def test_schedules_do_not_stand_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUDITOR_SCHEDULES", "weekly")
    with pytest.raises(UsageError, match=r"schedules stand in a file, each as a table \[\[schedules\]\]"):
        load()


def test_schedules_need_a_store(tmp_path: Path) -> None:
    file = write(tmp_path, base=BASE.replace('store = "STORE"', ""))
    with pytest.raises(UsageError, match=r"^no store: schedules remember their runs there.* --store, AUDITOR_STORE"):
        Schedules.read(file)
    assert Schedules.read(file, store=str(tmp_path)).config.store == str(tmp_path)


def test_there_must_be_a_schedule(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"^no schedules: a file named by --config needs a table \[\[schedules\]\]"):
        Schedules.read(None)
    file = write(tmp_path, base="store = 'STORE'")
    with pytest.raises(UsageError, match=r"^no schedules: .*auditor\.toml needs a table"):
        Schedules.read(file)


def test_a_schedule_tells_somebody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AUDITOR_NOTIFY_URLS", raising=False)
    file = write(tmp_path, base="store = 'STORE'\n[[schedules]]\nname = 'a'\ncron = '* * * * *'\n")
    with pytest.raises(UsageError, match="nowhere to deliver to"):
        Schedules.read(file).once("a", LogSettings(), 20)


def test_only_a_known_schedule_is_run_now(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"^option --once: 'daily': is none of the schedules weekly$"):
        Schedules.read(write(tmp_path)).once("daily", LogSettings(), 20)


def test_the_format_of_the_log_is_one_of_three() -> None:
    with pytest.raises(UsageError, match=r"^option --log-format: 'xml': is not one of auto, text, json$"):
        LogSettings.of("xml", verbose=False)


def test_a_schedule_may_audit_a_part_of_the_organization(tmp_path: Path) -> None:
    asked = "organization = true\norganizational_units = ['ou-ab12-3cd4ef56']\nexclude_accounts = ['210987654321']"
    found = of(write(tmp_path, f"{asked}\nrole = 'AuditorReadOnly'\n"))
    assert (found.organization, found.organizational_units) == (True, ("ou-ab12-3cd4ef56",))
    assert found.exclude_accounts == ("210987654321",)
