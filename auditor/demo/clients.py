"""Whoever talks through the NAT gateways: interfaces as instances, ECS, Lambda and EKS leave them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from hashlib import sha1
from typing import TYPE_CHECKING
from uuid import NAMESPACE_DNS, uuid5

from auditor.demo import moto_patches
from auditor.demo.scope import tags

if TYPE_CHECKING:
    from auditor.demo.scope import Scope

_IMAGE = "ami-03cf127a"


class Kind(Enum):
    """What the interface belongs to."""

    INSTANCE = "instance"
    ECS_TASK = "ecs"
    EKS_POD = "eks"
    LAMBDA = "lambda"
    TRANSIT_GATEWAY = "transit-gateway"
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class Client:
    """An address in a subnet of the inventory, and what runs there.

    `weight` is its share of what its network sends through the NAT gateway. `behind` names the client whose
    interface the NAT gateway's own VPC sees instead: that of a transit gateway.
    """

    name: str
    subnet: str
    address: str
    kind: Kind
    weight: int = 1
    behind: str = ""


def attach(scope: Scope, client: Client) -> None:
    """Create the client's interface, and write it into the inventory; what is gone leaves nothing but an id."""
    interface = _CREATE[client.kind](scope, client)
    scope.company.interfaces[client.name] = interface


def _instance(scope: Scope, client: Client) -> str:
    place = {"DeviceIndex": 0, "SubnetId": scope.company.subnets[client.subnet], "PrivateIpAddress": client.address}
    started = scope.ec2.run_instances(
        ImageId=_IMAGE,
        InstanceType="m7g.large",
        MinCount=1,
        MaxCount=1,
        NetworkInterfaces=[place],
        TagSpecifications=tags("instance", {"Name": client.name}),
    )
    interface: str = started["Instances"][0]["NetworkInterfaces"][0]["NetworkInterfaceId"]
    scope.ec2.create_tags(Resources=[interface], Tags=[{"Key": "Name", "Value": client.name}])
    return interface


def _ecs_task(scope: Scope, client: Client) -> str:
    attachment = uuid5(NAMESPACE_DNS, client.name)
    description = f"arn:aws:ecs:{scope.region}:{scope.account_id}:attachment/{attachment}"
    interface = _interface(scope, client, description, PrivateIpAddress=client.address)
    service = {"aws:ecs:clusterName": "nordlicht", "aws:ecs:serviceName": client.name}
    moto_patches.finish_client(scope.moto, interface, "interface", service)
    return interface


def _lambda(scope: Scope, client: Client) -> str:
    description = f"AWS Lambda VPC ENI-{client.name}-{uuid5(NAMESPACE_DNS, client.name)}"
    interface = _interface(scope, client, description, PrivateIpAddress=client.address)
    moto_patches.finish_client(scope.moto, interface, "lambda", {})
    return interface


def _eks_pod(scope: Scope, client: Client) -> str:
    """A pod has a secondary address of an interface of its node."""
    node = "i-" + _hex(client.name)
    start, _, last = client.address.rpartition(".")
    addresses = [
        {"PrivateIpAddress": f"{start}.{int(last) - 1}", "Primary": True},
        {"PrivateIpAddress": client.address, "Primary": False},
    ]
    interface = _interface(scope, client, f"aws-K8S-{node}", PrivateIpAddresses=addresses)
    cluster = {"node.k8s.amazonaws.com/instance_id": node, "cluster.k8s.amazonaws.com/name": "nordlicht"}
    moto_patches.finish_client(scope.moto, interface, "interface", cluster)
    return interface


def _transit_gateway(scope: Scope, client: Client) -> str:
    attachments = scope.company.transit_gateway_attachments
    attachment = next(found for vpc, found in attachments.items() if client.subnet.startswith(f"{vpc}-"))
    description = f"Network Interface for Transit Gateway Attachment {attachment}"
    interface = _interface(scope, client, description, PrivateIpAddress=client.address)
    moto_patches.finish_client(scope.moto, interface, "transit_gateway", {})
    return interface


def _gone(_scope: Scope, client: Client) -> str:
    return "eni-" + _hex(client.name)


def _interface(scope: Scope, client: Client, description: str, **address: object) -> str:
    created = scope.ec2.create_network_interface(
        SubnetId=scope.company.subnets[client.subnet], Description=description, **address
    )
    interface: str = created["NetworkInterface"]["NetworkInterfaceId"]
    return interface


def _hex(name: str) -> str:
    return sha1(name.encode(), usedforsecurity=False).hexdigest()[:17]


_CREATE = {
    Kind.INSTANCE: _instance,
    Kind.ECS_TASK: _ecs_task,
    Kind.EKS_POD: _eks_pod,
    Kind.LAMBDA: _lambda,
    Kind.TRANSIT_GATEWAY: _transit_gateway,
    Kind.GONE: _gone,
}
