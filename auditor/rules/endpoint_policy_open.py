"""Endpoints whose policy is the default one: everybody may do everything through them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from auditor.model.audit import Severity
from auditor.model.evidence import Source
from auditor.model.resources import GATEWAY_SERVICES, Endpoint
from auditor.model.traffic import Level
from auditor.rules.rule import Proposal, Rule, Unjudged
from auditor.rules.shares import counted
from auditor.rules.view import View
from auditor.rules.wording import SERVICE_NAMES, listed

_STORES = (
    "Whoever runs code in the VPC can use them with credentials of their own, from any account: they can copy data to a"
    " bucket or table that is not yours over a way without internet access, where no firewall sees it."
)
_OTHERS = (
    "Whoever runs code in the VPC can call these services through them with credentials of any account, which a policy"
    " for your own organization prevents."
)
_STORE_RISK = (
    "Much that is not yours lives in buckets of AWS: image layers of ECR, packages of Amazon Linux, SSM's agent and"
    " patches, CloudFormation's helpers. A policy that admits your own buckets only breaks these: admit them too."
)


def judge(view: View) -> Iterator[Proposal | Unjudged]:
    """One finding per VPC for the endpoints of S3 and DynamoDB, one for those of all other services."""
    found: dict[tuple[str, bool], list[Endpoint]] = defaultdict(list)
    for endpoint in (*view.gateway_endpoints, *view.interface_endpoints):
        if not _takes_policy(view, endpoint):
            continue
        if endpoint.policy_open is None:
            yield Unjudged(endpoint.id, "its policy was not read, or is none that can be judged")
        elif endpoint.policy_open:
            found[endpoint.vpc_id, endpoint.service in GATEWAY_SERVICES].append(endpoint)
    for (vpc_id, is_store), endpoints in found.items():
        yield _propose(view, vpc_id, endpoints, is_store=is_store)


def _takes_policy(view: View, endpoint: Endpoint) -> bool:
    """Only services of AWS do, and of these not those that are known not to."""
    offers = (s for s in view.network.endpoint_services if s.service_name == endpoint.service_name)
    is_aws = endpoint.service != endpoint.service_name
    return is_aws and not endpoint.requester_managed and all(s.policy_supported is not False for s in offers)


def _propose(view: View, vpc_id: str, endpoints: list[Endpoint], *, is_store: bool) -> Proposal:
    vpc = view.network.vpc.get(vpc_id)
    what = "S3 or DynamoDB endpoint" if is_store else "endpoint"
    names = listed(f"{e.id} ({SERVICE_NAMES.get(e.service, e.service)})" for e in endpoints)
    return Proposal(
        resource=vpc_id,
        vpc_id=vpc_id,
        detail="data" if is_store else "services",
        severity=Severity.MEDIUM if is_store else None,
        evidence=Level.TOPOLOGY,
        title=f"{counted(len(endpoints), what)} of {view.name(vpc) if vpc else vpc_id} with a policy open to everybody",
        why=f"The policy allows every action on everything to everyone, as AWS's default does: {names}."
        f" {_STORES if is_store else _OTHERS}",
        risks=(
            _STORE_RISK if is_store else "Calls that a narrow policy forgets are denied: try it where it is no harm.",
            "Credentials still need permissions of their own: a policy of an endpoint only takes away.",
        ),
        check="A call with credentials of a foreign account is denied through the endpoint; CloudTrail shows no"
        " AccessDenied of your own workloads with its vpcEndpointId.",
    )


RULE = Rule(
    id="endpoint-policy-open",
    title="An endpoint's policy lets everybody do everything",
    severity=Severity.LOW,
    needs=(Source.ENDPOINTS, Source.ENDPOINT_SERVICES, Source.VPCS),
    judge=judge,
)
