"""botocore's models, read here: what is read is what botocore reads, of all services that there are."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest
from botocore.exceptions import UnknownServiceError
from botocore.loaders import Loader

from auditor.aws.models import Models
from auditor.aws.operations import OPERATIONS

SERVICES = sorted({operation.service for operation in OPERATIONS})


@pytest.mark.parametrize("type_name", ["service-2", "endpoint-rule-set-1", "paginators-1", "waiters-2"])
def test_the_services_are_those_that_botocore_finds(type_name: str) -> None:
    assert Models().list_available_services(type_name) == Loader().list_available_services(type_name)


@pytest.mark.parametrize("service", SERVICES)
def test_what_a_model_says_is_what_botocore_reads_in_the_same_order(service: str, tmp_path: Path) -> None:
    """A folder of its own makes each loader read anew: clients of other tests have changed what all share."""
    ours, theirs = Models(str(tmp_path)), Loader([str(tmp_path)])
    for type_name in ("service-2", "endpoint-rule-set-1"):
        read, expected = (json.dumps(one.load_service_model(service, type_name)) for one in (ours, theirs))
        is_same = read == expected  # to show where megabytes differ takes pytest an hour
        assert is_same, type_name


def test_a_folder_that_the_user_names_comes_before_the_rest(tmp_path: Path) -> None:
    for name, ending, pack in (("alpha", ".json", bytes), ("beta", ".json.gz", gzip.compress)):
        folder = tmp_path / name / "2026-01-01"
        folder.mkdir(parents=True)
        (folder / f"service-2{ending}").write_bytes(pack(json.dumps({"metadata": {"is": name}}).encode()))
    models = Models(str(tmp_path))
    assert {"alpha", "beta", "ec2"} <= set(models.list_available_services("service-2"))
    for name in ("alpha", "beta"):
        assert models.load_service_model(name, "service-2") == {"metadata": {"is": name}}


def test_a_service_that_nobody_has_is_named() -> None:
    with pytest.raises(UnknownServiceError, match="no-such-service"):
        Models().load_service_model("no-such-service", "service-2")
