"""Whose a network interface is, from what DescribeNetworkInterfaces says of it."""

from __future__ import annotations

import re

from auditor.model.resources import Interface

_LAMBDA = re.compile(r"AWS Lambda VPC ENI-(.+)-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_ECS = re.compile(r"arn:[a-z-]+:ecs:[^:]*:[^:]*:attachment/.+")
_EKS = re.compile(r"aws-K8S-(i-[0-9a-f]+)")
"""What AWS writes into the description of the interfaces that it makes for functions, tasks and pods."""

_CLUSTER_OF_PODS = ("cluster.k8s.amazonaws.com/name", "eks:cluster-name")


def owner_of(interface: Interface) -> str:
    """An instance, a function, a task or pods, in words, with its Name tag; else what its description says."""
    tags = dict(interface.tags)
    name = tags.get("Name", "")
    owner = _made_by_aws(interface, tags) or interface.instance_id or interface.description or interface.kind
    return f"{owner} ({name})" if name and owner else owner or name


def _made_by_aws(interface: Interface, tags: dict[str, str]) -> str:
    if found := _LAMBDA.fullmatch(interface.description):
        return f"Lambda {found[1]}"
    if _ECS.fullmatch(interface.description):
        parts = [tags[key] for key in ("aws:ecs:clusterName", "aws:ecs:serviceName") if key in tags]
        return f"ECS {'/'.join(parts) or 'task'}"
    cluster = next((tags[key] for key in _CLUSTER_OF_PODS if key in tags), "")
    if found := _EKS.fullmatch(interface.description):
        return f"EKS {cluster or 'pods'} on {found[1]}"
    return f"EKS {cluster} on {interface.instance_id}" if cluster and interface.instance_id else ""
