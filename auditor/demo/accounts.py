"""Clients for the accounts of the embedded AWS, blind to the user's own AWS settings."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, TypeAlias

from auditor.demo.extra import require

if TYPE_CHECKING:
    from auditor.demo.embedded import EmbeddedAws
    from auditor.demo.scope import Client

# boto3's own, which publishes no types.
_Session: TypeAlias = Any

# The role that AWS Organizations puts into each account it makes: what an administrator builds with.
_ADMINISTRATOR = "OrganizationAccountAccessRole"


class Account:
    """An account with one session, since the first client of a session costs a tenth of a second."""

    def __init__(self, aws: EmbeddedAws, credentials: dict[str, str]) -> None:
        self._aws = aws
        self._session = _session(credentials)
        self.id: str = self.client("sts").get_caller_identity()["Account"]

    def client(self, service: str, region: str = "us-east-1") -> Client:
        """A client that reaches the embedded AWS, past any proxy of the user's."""
        config = require("botocore.config").Config(proxies={})
        return self._session.client(service, region_name=region, endpoint_url=self._aws.endpoint_url, config=config)

    def member(self, account_id: str) -> Account:
        """Another account of the organization."""
        role = f"arn:aws:iam::{account_id}:role/{_ADMINISTRATOR}"
        assumed = self.client("sts").assume_role(RoleArn=role, RoleSessionName="seed")["Credentials"]
        return Account(
            self._aws,
            {
                "aws_access_key_id": assumed["AccessKeyId"],
                "aws_secret_access_key": assumed["SecretAccessKey"],
                "aws_session_token": assumed["SessionToken"],
            },
        )


def own_account(aws: EmbeddedAws) -> Account:
    """The account that the environment's credentials belong to."""
    keys = ("aws_access_key_id", "aws_secret_access_key")
    return Account(aws, {key: aws.environment[key.upper()] for key in keys})


def _session(credentials: dict[str, str]) -> _Session:
    # botocore reads the user's profile and files where it is not told otherwise.
    isolated = require("botocore.session").Session(
        session_vars={
            "profile": (None, None, None, None),
            "config_file": (None, None, os.devnull, None),
            "credentials_file": (None, None, os.devnull, None),
        }
    )
    return require("boto3").Session(botocore_session=isolated, **credentials)
