"""How single values of the configuration are checked, with the words in which a wrong one is refused."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator


def like(pattern: str, meaning: str) -> AfterValidator:
    """A validator that refuses what does not match the pattern as a whole: "is not <meaning>"."""

    def check(value: str) -> str:
        if not re.fullmatch(pattern, value):
            raise ValueError(f"is not {meaning}")
        return value

    return AfterValidator(check)


AccountId = Annotated[str, like(r"[0-9]{12}", "an account id of twelve digits (quote it in TOML)")]
RegionName = Annotated[str, like(r"[a-z]{2,4}(-[a-z]+)+-\d", "a region's name such as eu-west-1")]

_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"

HostName = Annotated[
    str, like(rf"{_LABEL}(\.{_LABEL})*\.?", "a host's name or IPv4 address, without scheme and port: mail.example.com")
]
Address = Annotated[
    str,
    # RFC 5321, 4.1.2 and 4.5.3.1, without quoted local parts and without SMTPUTF8, which many servers refuse.
    like(
        rf"(?=.{{3,254}}$)(?=[^@]{{1,64}}@){_ATOM}(\.{_ATOM})*@{_LABEL}(\.{_LABEL})+",
        "an address such as network@example.com (ASCII; a domain of other letters in its xn-- form)",
    ),
]
