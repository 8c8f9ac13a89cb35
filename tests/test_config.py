"""Options over variables over a file over defaults, and one clear line for what cannot be used."""

from __future__ import annotations

import re
import tomllib
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from pydantic import ValidationError

from auditor.aws.settings import AccountSettings
from auditor.config import Config, Format, load
from auditor.delivery.settings import MailSettings, NotifySettings
from auditor.errors import UsageError
from auditor.model.constraints import Accepted, Constraints
from tests.embedded import ROOT


@pytest.fixture(autouse=True)
def _no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Config.model_fields:
        monkeypatch.delenv(f"AUDITOR_{name.upper()}", raising=False)


def write(folder: Path, text: str) -> Path:
    path = folder / "auditor.toml"
    path.write_text(text, "utf-8")
    return path


def test_defaults() -> None:
    assert load() == Config(
        profile=None,
        regions=(),
        accounts=(),
        role=None,
        external_id=None,
        window_days=30,
        formats=(Format.HTML, Format.PDF, Format.JSON),
        output=Path("auditor-report"),
        live_prices=True,
        fail_above=None,
        allow_gaps=False,
    )


def test_an_option_wins_over_a_variable_which_wins_over_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = write(tmp_path, 'window_days = 7\nprofile = "file"\nregions = ["us-east-1"]')
    monkeypatch.setenv("AUDITOR_WINDOW_DAYS", "14")
    monkeypatch.setenv("AUDITOR_PROFILE", "variable")
    config = load(file, window_days=21)
    assert (config.window_days, config.profile, config.regions) == (21, "variable", ("us-east-1",))


@pytest.mark.parametrize("nothing", [None, (), []])
def test_an_option_that_is_not_given_wins_over_nothing(tmp_path: Path, nothing: object) -> None:
    assert load(write(tmp_path, 'regions = ["us-east-1"]'), regions=nothing).regions == ("us-east-1",)


def test_lists_may_be_repeated_or_comma_separated_and_name_each_once(monkeypatch: pytest.MonkeyPatch) -> None:
    assert load(regions=["eu-west-1, us-east-1", "eu-west-1"]).regions == ("eu-west-1", "us-east-1")
    monkeypatch.setenv("AUDITOR_ACCOUNTS", "123456789012,210987654321")
    assert load().accounts == ("123456789012", "210987654321")
    assert load(formats=["json,html"]).formats == (Format.JSON, Format.HTML)
    assert load(formats=["xlsx", "csv,md"]).formats == (Format.XLSX, Format.CSV, Format.MD)


def test_money_is_exact_and_flags_are_read_from_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUDITOR_FAIL_ABOVE", "100.10")
    monkeypatch.setenv("AUDITOR_ALLOW_GAPS", "true")
    monkeypatch.setenv("AUDITOR_LIVE_PRICES", "false")
    config = load()
    assert (config.fail_above, config.allow_gaps, config.live_prices) == (Decimal("100.10"), True, False)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            'acounts = ["123456789012"]',
            "unknown key 'acounts' in FILE: did you mean accounts? known are accepted, account, accounts, ",
        ),
        ("accounts = [123456789012]", "accounts in FILE: 123456789012: "),
        ("accounts = 123456789012", "accounts in FILE: 123456789012: "),
        ("regions = [['eu-west-1']]", "regions in FILE: ['eu-west-1']: "),
        ('accounts = ["12345"]', "accounts in FILE: '12345': is not an account id of twelve digits (quote it in TOML)"),
        ('regions = ["eu west"]', "regions in FILE: 'eu west': is not a region's name such as eu-west-1"),
        ("window_days = 0", "window_days in FILE: 0: "),
        ('role = ""', "role in FILE: '': "),
        ('fail_above = "-1"', "fail_above in FILE: '-1': "),
        ('formats = ["docx"]', "formats in FILE: 'docx': "),
        ("window_days = ", "FILE is not TOML: "),
        ("profile = 5", "profile in FILE: 5: "),
        ("max_api_share = 0", "max_api_share in FILE: 0: "),
        ("organizational_units = ['ou-ab12-3cd4ef56']", "organizational_units without organization: "),
        ("organization = true", "organization needs role: "),
        ("organizational_units = ['Prod']", "organizational_units in FILE: 'Prod': is not the id of an "),
        ("role_chain = ['Hub']", "role_chain in FILE: 'Hub': is not a role's ARN: "),
        ("session_name = 'a b'", "session_name in FILE: 'a b': is not a session's name: "),
        (
            "session_minutes = 61\nrole_chain = ['arn:aws:iam::123456789012:role/A']",
            "session_minutes with role_chain: ",
        ),
        ("[account.12345]\nrole = 'A'", "12345 of [account] in FILE: '12345': is not an account id"),
        ("[account.123456789012]\nrule = 'A'", "unknown key"),
    ],
)
def test_what_cannot_be_used_is_named_with_its_file(tmp_path: Path, text: str, said: str) -> None:
    file = write(tmp_path, text)
    with pytest.raises(UsageError) as refused:
        load(file)
    assert str(refused.value).startswith(said.replace("FILE", str(file)))
    assert "\n" not in str(refused.value)


def test_a_file_that_is_no_text_or_no_file(tmp_path: Path) -> None:
    binary = tmp_path / "auditor.toml"
    binary.write_bytes(b"\xff\xfe")
    with pytest.raises(UsageError, match="is not TOML"):
        load(binary)
    with pytest.raises(UsageError, match=r"cannot read .*: Is a directory"):
        load(tmp_path)


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("AUDITOR_WINDOW_DAYS", "many", "window_days in the environment: 'many': "),
        ("AUDITOR_REGIONS", "Frankfurt", "regions in the environment: 'Frankfurt': is not a region's name"),
    ],
)
def test_a_variable_that_cannot_be_used_is_named(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, said: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(UsageError) as refused:
        load()
    assert str(refused.value).startswith(said)


@pytest.mark.parametrize(
    "region", ["eu-west-1", "us-gov-west-1", "cn-northwest-1", "eusc-de-east-1", "ap-southeast-7", "mx-central-1"]
)
def test_regions_of_every_partition_are_names_of_regions(region: str) -> None:
    assert load(regions=[region]).regions == (region,)


def test_a_configuration_is_frozen_and_does_not_show_the_external_id() -> None:
    config = load(external_id="marker-of-a-secret")
    assert "marker-of-a-secret" not in repr(config)
    with pytest.raises(ValidationError):
        config.window_days = 5  # type: ignore[misc]  # that it is refused is the test


def test_the_example_names_every_key_with_its_default(tmp_path: Path) -> None:
    """Uncommented, it is a configuration that works."""
    lines = (ROOT / "config" / "auditor.toml").read_text("utf-8").splitlines()
    given = (line for line in lines if re.fullmatch(r"# (\[+[\w.]+\]+|\w+ = .+)", line))
    values = [line.removeprefix("# ") for line in given]
    conflicting = [one for one in values if one.startswith(("ses_region", "organizational_units"))]
    keys = tomllib.loads("\n".join(values))
    assert set(keys) == set(Config.model_fields) - {"external_id"}
    assert set(keys["mail"]) == set(MailSettings.model_fields) - {"sender"} | {"from"}
    assert set(keys["notify"]) == set(NotifySettings.model_fields)
    assert set(keys["account"]["123456789012"]) == set(AccountSettings.model_fields) - {"external_id"}
    config = load(write(tmp_path, "\n".join(one for one in values if one not in conflicting)))
    assert config.mail
    bare = MailSettings.model_validate({"from": "a@example.com", "smtp_host": "mail"})
    assert (config.mail.port, config.mail.size_limit) == (bare.port, bare.size_limit)
    for key in ("when", "smtp_tls", "smtp_timeout"):
        assert getattr(config.mail, key) == getattr(bare, key)
    defaults = ("window_days", "formats", "output", "live_prices", "allow_gaps", "flow_logs", "budget", "scan_with")
    for key in (
        *defaults,
        "athena_above_gb",
        "athena_database",
        "delivery_attempts",
        "max_api_share",
        "session_name",
        "public_lookups",
        "min_endpoint_azs",
        "min_saving",
    ):
        assert getattr(config, key) == getattr(load(), key)


@pytest.mark.parametrize("nothing", [[""], [","], ["", " "]])
def test_an_option_that_names_nothing_is_refused_and_not_taken_for_all(nothing: list[str]) -> None:
    with pytest.raises(UsageError, match="--region"):
        load(regions=nothing)


def test_athena_needs_its_workgroup() -> None:
    with pytest.raises(UsageError, match="scan_with athena needs athena_workgroup"):
        load(scan_with="athena")
    assert load(scan_with="athena", athena_workgroup="auditor").athena_database == "default"


@pytest.mark.parametrize(("key", "value"), [("budget", "-1"), ("flow_logs", "on"), ("scan_with", "spark")])
def test_what_flow_logs_may_cost_and_by_what_they_are_read_is_checked(key: str, value: str) -> None:
    with pytest.raises(UsageError, match=f"option --{key.replace('_', '-')}: '{value}'"):
        load(None, **{key: value})


def test_constraints_are_read_from_the_file(tmp_path: Path) -> None:
    file = write(
        tmp_path,
        """
        keep_private = ["kms", "ecr.api"]
        min_endpoint_azs = 3
        exclude = ["vpc-1", "nat-1", "vpce-1"]
        min_saving = "1.50"
        [[accepted]]
        finding = "idle-nat-gateway:nat-1"
        owner = "net"
        reason = "failover"
        expires = 2027-01-31
        [[accepted]]
        finding = "cross-az-nat:*"
        owner = "net"
        reason = "cheap enough"
        """,
    )
    assert load(file).constraints == Constraints(
        keep_private=("kms", "ecr.api"),
        min_endpoint_azs=3,
        exclude=("vpc-1", "nat-1", "vpce-1"),
        min_saving=Decimal("1.50"),
        accepted=(
            Accepted("idle-nat-gateway:nat-1", "net", "failover", date(2027, 1, 31)),
            Accepted("cross-az-nat:*", "net", "cheap enough"),
        ),
    )


def test_constraints_are_read_from_variables_where_they_are_lists_or_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUDITOR_KEEP_PRIVATE", "kms,sts")
    monkeypatch.setenv("AUDITOR_EXCLUDE", "vpc-1")
    monkeypatch.setenv("AUDITOR_MIN_SAVING", "2")
    monkeypatch.setenv("AUDITOR_MIN_ENDPOINT_AZS", "1")
    assert load().constraints == Constraints(("kms", "sts"), 1, ("vpc-1",), Decimal(2))
    monkeypatch.setenv("AUDITOR_ACCEPTED", "idle-nat-gateway:nat-1")
    with pytest.raises(UsageError, match=r"^accepted in the environment: .* as a table \[\[accepted\]\]$"):
        load()


def test_without_any_constraint_nothing_is_hidden() -> None:
    assert load().constraints == Constraints()


TABLE = "[[accepted]]\nfinding = 'a'\nowner = 'o'\nreason = 'r'\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "keep_private = ['com.amazonaws.eu-west-1.kms']",
            "keep_private in FILE: 'com.amazonaws.eu-west-1.kms':",
        ),
        ("keep_private = ['K M S']", "keep_private in FILE: 'K M S': is not a service's short name such as kms or ecr"),
        ("exclude = ['subnet-1']", "exclude in FILE: 'subnet-1': is not the id of a VPC, a NAT gateway or an endpoint"),
        ("min_endpoint_azs = 0", "min_endpoint_azs in FILE: 0: Input should be greater than or equal to 1"),
        ("min_endpoint_azs = 7", "min_endpoint_azs in FILE: 7: Input should be less than or equal to 6"),
        ("min_saving = '-1'", "min_saving in FILE: '-1': "),
        ("min_saving = 'nan'", "min_saving in FILE: 'nan': "),
        (
            "accepted = ['a']",
            "accepted in FILE: ['a']: accepted findings stand in a file, each as a table",
        ),
        ("[[accepted]]\nfinding = 'a'\nreason = 'r'", "owner of accepted 1 in FILE: is missing"),
        (TABLE + "[[accepted]]\nfinding = 'a'\nowner = 'o'", "reason of accepted 2 in FILE: is missing"),
        (TABLE.replace("'o'", "' '"), "owner of accepted 1 in FILE: ' ': is not a text: it must say something"),
        (
            TABLE + "until = 2027-01-31",
            "unknown key 'until' in accepted 1 of FILE: known are expires, finding, owner",
        ),
        (
            TABLE + "expires = '31.1.2027'",
            "expires of accepted 1 in FILE: '31.1.2027': is not a date such as",
        ),
        (TABLE + "expires = '2027-02-30'", "expires of accepted 1 in FILE: '2027-02-30': is not a date such as"),
        (TABLE + "expires = 2027", "expires of accepted 1 in FILE: 2027: is not a date such as 2027-01-31"),
        (TABLE + "expires = 2027-01-31T00:00:00Z", "expires of accepted 1 in FILE: "),
    ],
)
def test_a_constraint_that_cannot_be_used_is_named(tmp_path: Path, text: str, said: str) -> None:
    file = write(tmp_path, text)
    with pytest.raises(UsageError) as refused:
        load(file)
    assert str(refused.value).startswith(said.replace("FILE", str(file)))
    assert "\n" not in str(refused.value)


def test_external_ids_come_from_the_environment_alone_those_of_single_accounts_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AUDITOR_EXTERNAL_ID_123456789012", "theirs")
    found = load(write(tmp_path, "[account.123456789012]\nrole = 'Other'\n[account.210987654321]\nrole = 'Third'"))
    assert {account: (one.role, one.external_id) for account, one in found.account.items()} == {
        "123456789012": ("Other", "theirs"),
        "210987654321": ("Third", None),
    }
    for text in ("[account.123456789012]\nexternal_id = 'x'", "[[schedules]]\nexternal_id = 'x'"):
        with pytest.raises(UsageError, match=r"external_id of \[\w+\] in .*: a secret stands in no file of settings"):
            load(write(tmp_path, text))
