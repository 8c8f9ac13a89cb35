"""`auditor iam --for` prints what the parts that were named need, on what was named, and nothing else."""

from __future__ import annotations

import json

import pytest

from tests.cli.command import OK, USAGE, in_process, refused

READS_OF_STORE = {"s3:AbortMultipartUpload", "s3:DeleteObject", "s3:GetObject", "s3:ListBucket", "s3:PutObject"}


def actions(*args: str) -> set[str]:
    done = in_process("iam", *args)
    assert done.returncode == OK, done.stderr
    return {action for statement in json.loads(done.stdout)["Statement"] for action in statement["Action"]}


def statements(*args: str) -> dict[str, dict[str, object]]:
    return {one["Sid"]: one for one in json.loads(in_process("iam", *args).stdout)["Statement"]}


def test_each_part_alone_grants_its_own_actions_and_all_together_their_sum() -> None:
    assert actions("--for", "store") == READS_OF_STORE
    assert actions("--for", "mail") == {"ses:SendEmail", "ses:SendRawEmail"}
    assert actions("--for", "owners") == {"organizations:ListTagsForResource"}
    assert not any(one.startswith(("s3:", "logs:", "glue:", "ses:")) for one in actions("--for", "collect"))
    assert {one.split(":")[0] for one in actions("--for", "flow-logs")} == {
        "cloudwatch",
        "logs",
        "route53resolver",
        "s3",
    }
    parts = ("collect", "flow-logs", "athena", "mail", "store", "owners")
    assert actions("--for", ",".join(parts)) == set().union(*(actions("--for", part) for part in parts))


def test_without_parts_it_is_what_an_audit_reads() -> None:
    assert actions() == actions("--for", "collect", "--for", "flow-logs")


def test_the_store_is_granted_by_bucket_and_prefix() -> None:
    found = statements("--for", "store", "--store", "s3://runs-of-ours/a/b/", "--partition", "aws-cn")
    assert found["AuditorListsRuns"]["Resource"] == "arn:aws-cn:s3:::runs-of-ours"
    assert found["AuditorKeepsRuns"]["Resource"] == "arn:aws-cn:s3:::runs-of-ours/a/b/*"
    assert statements("--store", "s3://bucket")["AuditorKeepsRuns"]["Resource"] == "arn:aws:s3:::bucket/*"


def test_naming_a_sender_is_asking_for_mail() -> None:
    found = statements("--mail-from", "auditor@example.com")
    assert found["AuditorSendsMail"]["Condition"] == {"StringEquals": {"ses:FromAddress": "auditor@example.com"}}
    assert "AuditorReads" in found


def test_what_is_left_to_replace_is_told() -> None:
    done = in_process("iam", "--for", "collect,flow-logs,athena,mail,store")
    assert done.stderr.startswith("auditor: replace MAIL-FROM, STORE-BUCKET/PREFIX, ATHENA-RESULTS-BUCKET by your own")
    assert in_process("iam").stderr == ""


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (
            ("--for", "collect,everything"),
            "option --for: 'everything': there are collect, flow-logs, athena, mail, store",
        ),
        (("--for", ""), "option --for: '': there are"),
        (("--store", "/var/lib/auditor"), "option --store: '/var/lib/auditor': is not s3://bucket/prefix"),
        (("--store", "s3:///prefix"), "option --store: 's3:///prefix': is not s3://bucket/prefix"),
    ],
)
def test_what_cannot_be_granted_is_named(args: tuple[str, ...], said: str) -> None:
    assert refused(in_process("iam", *args), USAGE).startswith(said)
