"""`auditor config check` names every mistake at once, says what is set by what, and shows no secret."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.command import OK, USAGE, Done, in_process
from tests.embedded import ROOT

MARKER = "marker-of-a-secret-0123"


@pytest.fixture(autouse=True)
def _alone(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AUDITOR_PUBLIC_LOOKUPS", "AUDITOR_EXTERNAL_ID", "AUDITOR_SMTP_PASSWORD"):
        monkeypatch.delenv(name, raising=False)


def checked(folder: Path, text: str) -> Done:
    path = folder / "auditor.toml"
    path.write_text(text, "utf-8")
    return in_process("config", "check", str(path))


def mistakes(done: Done) -> list[str]:
    assert (done.returncode, done.stdout) == (USAGE, "")
    return [line.removeprefix("auditor: ") for line in done.stderr.splitlines()]


def test_every_mistake_is_named_with_file_key_and_what_is_allowed(tmp_path: Path) -> None:
    text = """
        acounts = ["123456789012"]
        smtp_host = "mail.example.com"
        window_days = 500
        formats = ["docx"]
        live_prices = "perhaps"
        flow_logs = "on"
        [mail]
        from = "auditor@example.com"
        to = ["network@example.com"]
        smtp_hots = "mail.example.com"
        smtp_tls = "ssl"
        """
    said = mistakes(checked(tmp_path, text))
    file = str(tmp_path / "auditor.toml")
    expected = {
        "unknown key 'acounts' in FILE: did you mean accounts? known are accepted,",
        "unknown key 'smtp_host' in FILE: it belongs into [mail]; known are",
        "window_days in FILE: 500: Input should be less than or equal to 455",
        "formats in FILE: 'docx': Input should be 'html', 'pdf'",
        "live_prices in FILE: 'perhaps': Input should be a valid boolean",
        "flow_logs in FILE: 'on': Input should be 'auto' or 'off'",
        "unknown key 'smtp_hots' in [mail] of FILE: did you mean smtp_host? known are from,",
        "smtp_tls of [mail] in FILE: 'ssl': Input should be 'starttls', 'implicit' or 'none'",
    }
    assert len(said) == len(expected)
    for one in expected:
        assert any(line.startswith(one.replace("FILE", file)) for line in said), (one, said)


@pytest.mark.parametrize("text", ["accounts = [123456789012]", "accounts = 123456789012"])
def test_an_account_id_without_quotes_is_explained(tmp_path: Path, text: str) -> None:
    (said,) = mistakes(checked(tmp_path, text))
    assert said.endswith('is a number: an account id stands in quotes, "123456789012"')


@pytest.mark.parametrize(
    ("text", "where"),
    [
        (f"external_id = '{MARKER}'", "AUDITOR_EXTERNAL_ID"),
        (f"smtp_password = '{MARKER}'", "AUDITOR_SMTP_PASSWORD"),
        (f"aws_secret_access_key = '{MARKER}'", "AWS's own environment or profiles"),
        (f"[notify]\nurls = ['slack://{MARKER}']", "AUDITOR_NOTIFY_URLS"),
        (f"notify_urls = '{MARKER}'", "AUDITOR_NOTIFY_URLS_FILE"),
        (
            f"[mail]\nfrom = 'a@example.com'\nto = ['b@example.com']\nsmtp_host = 'mail'\npassword = '{MARKER}'",
            "AUDITOR_SMTP_PASSWORD",
        ),
    ],
)
def test_a_secret_in_the_file_is_refused_with_its_place_and_never_shown(tmp_path: Path, text: str, where: str) -> None:
    done = checked(tmp_path, text)
    (said,) = mistakes(done)
    assert "a secret stands in no file of settings" in said
    assert where in said
    assert MARKER not in done.stderr
    run = in_process("run", "--config", str(tmp_path / "auditor.toml"))
    assert (run.returncode, MARKER in run.stderr + run.stdout) == (USAGE, False)


def test_each_value_is_shown_with_its_origin_and_secrets_are_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AUDITOR_WINDOW_DAYS", "14")
    monkeypatch.setenv("AUDITOR_MAIL_TO", "finops@example.com")
    monkeypatch.setenv("AUDITOR_EXTERNAL_ID", MARKER)
    monkeypatch.setenv("AUDITOR_SMTP_PASSWORD", MARKER)
    text = """
        window_days = 7
        accounts = ["012345678901"]
        [mail]
        from = "auditor@example.com"
        smtp_host = "mail.example.com"
        """
    done = checked(tmp_path, text)
    assert (done.returncode, done.stderr) == (OK, "")
    rows = {line.split()[0]: " ".join(line.split()[1:]) for line in done.stdout.splitlines()[1:]}
    assert rows["window_days"] == "14 AUDITOR_WINDOW_DAYS instead of 7 in the file"
    assert rows["accounts"] == f"['012345678901'] {tmp_path}/auditor.toml"
    assert rows["mail.to"] == "finops@example.com AUDITOR_MAIL_TO"
    assert rows["external_id"] == "a secret, not shown AUDITOR_EXTERNAL_ID"
    assert rows["AUDITOR_SMTP_PASSWORD"] == "a secret, not shown the environment"
    assert MARKER not in done.stdout


def test_a_wrong_variable_is_blamed_and_not_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUDITOR_WINDOW_DAYS", "many")
    (said,) = mistakes(checked(tmp_path, "window_days = 7"))
    assert said.startswith("window_days in the environment: 'many': ")


def test_a_variable_that_nothing_reads_is_told_and_no_mistake(monkeypatch: pytest.MonkeyPatch) -> None:
    """Kubernetes makes AUDITOR_PORT and the like by itself."""
    monkeypatch.setenv("AUDITOR_WINDOWS_DAY", "7")
    done = in_process("config", "check")
    assert done.returncode == OK
    assert "nothing reads the variable AUDITOR_WINDOWS_DAY: did you mean AUDITOR_WINDOW_DAYS?" in done.stderr


def test_a_file_with_a_secret_that_cannot_be_read_is_a_mistake(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("AUDITOR_SMTP_PASSWORD_FILE", str(tmp_path / "none"))
    assert "No such file" in mistakes(in_process("config", "check"))[0]


@pytest.mark.parametrize("text", ["window_days = ", "\x00", "accounts = [0123]"])
def test_what_is_no_toml_is_one_mistake(tmp_path: Path, text: str) -> None:
    (said,) = mistakes(checked(tmp_path, text))
    assert "is not TOML" in said


def test_a_file_that_is_not_there_is_a_mistake(tmp_path: Path) -> None:
    assert mistakes(in_process("config", "check", str(tmp_path / "none.toml")))[0].startswith("cannot read ")


def test_nothing_is_wrong_with_the_example_as_it_stands() -> None:
    assert in_process("config", "check", str(ROOT / "config/auditor.toml")).returncode == OK
