"""What [mail], [notify] and [owners] may say, and one clear line for what they may not."""

from __future__ import annotations

from pathlib import Path

import pytest

from auditor.config import load
from auditor.delivery.settings import SMTP_PASSWORD, When, secret
from auditor.errors import UsageError
from tests.test_config import write

MAIL = '[mail]\nfrom = "a@example.com"\nto = ["n@example.com"]\nsmtp_host = "mail.example.com"\n'
SECRET = "SECRETMARKER"


@pytest.fixture(autouse=True)
def _no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("TO", "FROM", "SMTP_HOST", "WHEN"):
        monkeypatch.delenv(f"AUDITOR_MAIL_{name}", raising=False)


def test_ports_and_limits_follow_the_way() -> None:
    ways = {
        ("smtp_host", "mail", "starttls"): (587, 10),
        ("smtp_host", "mail", "implicit"): (465, 10),
        ("smtp_host", "mail", "none"): (25, 10),
        ("ses_region", "eu-central-1", "starttls"): (587, 40),
    }
    for (key, value, tls), (port, megabytes) in ways.items():
        mail = load(mail={"from": "a@example.com", "to": "n@example.com", key: value, "smtp_tls": tls}).mail
        assert mail
        assert (mail.port, mail.size_limit) == (port, megabytes * 2**20)


def test_a_variable_wins_over_the_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUDITOR_MAIL_TO", "x@example.com, y@example.com,x@example.com")
    monkeypatch.setenv("AUDITOR_MAIL_WHEN", "changes")
    monkeypatch.setenv("AUDITOR_NOTIFY_WHEN", "changes")
    config = load(write(tmp_path, MAIL))
    assert config.mail
    assert (config.mail.to, config.mail.when) == (("x@example.com", "y@example.com"), When.CHANGES)
    assert (config.mail.sender, config.notify.when) == ("a@example.com", When.CHANGES)


def test_owners_are_read_by_account(tmp_path: Path) -> None:
    owners = '[owners]\n123456789012 = ["p@example.com", "q@example.com"]\n"012345678901" = "r@example.com"\n'
    assert load(write(tmp_path, MAIL + owners)).owners == {
        "123456789012": ("p@example.com", "q@example.com"),
        "012345678901": ("r@example.com",),
    }


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (MAIL + "smpt_port = 25", "unknown key 'smpt_port' in [mail] of FILE: did you mean smtp_port? known "),
        (MAIL + f"smtp_password = '{SECRET}'", "smtp_password of [mail] in FILE: a secret stands in no "),
        (f"[notify]\nurls = ['slack://{SECRET}']", "urls of [notify] in FILE: a secret stands in no "),
        ("[notify]\nwhen = 'never'", "when of [notify] in FILE: 'never': Input should be 'always' or 'changes'"),
        ("notify = 5", "[notify] in FILE: is not a table with keys"),
        (MAIL.replace("a@", "a b@"), "from of [mail] in FILE: 'a b@example.com': is not an address such as "),
        (MAIL.replace("n@", "n@@"), "to of [mail] in FILE: 'n@@example.com': is not an address"),
        (MAIL.replace("n@example.com", "n@example.com\\r\\nBcc: e@example.com"), "to of [mail] in FILE: 'n@example"),
        (MAIL.replace("n@", "Größe@"), "to of [mail] in FILE: 'Größe@example.com': is not an address"),
        (MAIL + "smtp_port = 70000", "smtp_port of [mail] in FILE: 70000: "),
        (MAIL + "size_limit_mb = 41", "size_limit_mb of [mail] in FILE: 41: "),
        (
            MAIL.replace("mail.example.com", f"smtps://u:{SECRET}@h"),
            "smtp_host of [mail] in FILE: 'smtps://…h': is not a host",
        ),
        (MAIL + "smtp_tls = 'ssl'", "smtp_tls of [mail] in FILE: 'ssl': Input should be 'starttls', 'implicit' or"),
        (MAIL + "smtp_tls = 'none'\nsmtp_user = 'u'", "[mail] smtp_user with smtp_tls none would send a password"),
        (MAIL + "ses_region = 'eu-west-1'", "[mail] needs one of smtp_host and ses_region"),
        ("[mail]\nfrom = 'a@example.com'\nto = 'n@example.com'", "[mail] needs one of smtp_host and ses_region"),
        ("[mail]\nto = 'n@example.com'\nsmtp_host = 'm'", "from of [mail] in FILE: is missing"),
        (MAIL.replace('to = ["n@example.com"]', ""), "[mail] needs to, owner_tag, or a table [owners]"),
        ("[owners]\n123456789012 = 'p@example.com'", "[owners] without [mail]"),
        (MAIL + "[owners]\n12345 = 'p@example.com'", "12345 of [owners] in FILE: '12345': is not an account id"),
        (MAIL + "[owners]\n123456789012 = 'nobody'", "123456789012 of [owners] in FILE: 'nobody': is not an address"),
    ],
)
def test_what_cannot_be_used_is_named_with_file_table_and_key_and_no_secret_is_repeated(
    tmp_path: Path, text: str, said: str
) -> None:
    file = write(tmp_path, text)
    with pytest.raises(UsageError) as refused:
        load(file)
    assert str(refused.value).startswith(said.replace("FILE", str(file)))
    assert "\n" not in str(refused.value)
    assert SECRET not in str(refused.value)


def test_the_end_of_a_line_is_no_part_of_a_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(SMTP_PASSWORD, raising=False)
    monkeypatch.setenv(f"{SMTP_PASSWORD}_FILE", str(tmp_path / "password"))
    for written in (f" {SECRET} ", f" {SECRET} \n", f" {SECRET} \r\n"):
        (tmp_path / "password").write_bytes(written.encode())
        found = secret(SMTP_PASSWORD)
        assert found
        assert found.get_secret_value() == f" {SECRET} "
    (tmp_path / "password").write_text("\n")
    with pytest.raises(UsageError, match="is empty"):
        secret(SMTP_PASSWORD)


REFUSED = (
    *("a@b", "a@-b.example", "a@b.example-", ".a@b.example", "a..b@b.example", "@b.example", "a@b.example,c@d.example"),
    *(f"{'a' * 65}@b.example", "a@" + "b." * 130 + "example"),
)


@pytest.mark.parametrize("address", REFUSED)
def test_addresses_that_no_server_takes_are_refused(address: str) -> None:
    with pytest.raises(UsageError):
        load(mail={"from": address, "to": "n@example.com", "smtp_host": "m"})


@pytest.mark.parametrize("address", ["a@b.example", "a.b+c=d@x-y.example", "o'hara@b.example", "a@xn--bcher.example"])
def test_usual_addresses_are_taken(address: str) -> None:
    config = load(mail={"from": address, "to": [address], "smtp_host": "m"})
    assert config.mail
    assert config.mail.to == (address,)
