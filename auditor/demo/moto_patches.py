"""Every place where the embedded AWS reaches into moto, each with the reason.

moto 5.2 answers some calls unlike AWS, and cannot make some things at all. What is set on its objects is on
the wire, because moto writes its answers from them by AWS's own model. An attribute that moto no longer has
raises DemoUnavailableError: a correction that silently does nothing would be worse than none.
What concerns S3 stands in `moto_storage`.
"""

from __future__ import annotations

from collections import defaultdict
from contextlib import ExitStack, contextmanager
from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING, Any, TypeAlias
from unittest.mock import patch

from auditor.demo.extra import DemoUnavailableError, require

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from datetime import datetime

# What the company uses, and what it would have to opt in to first.
ENABLED_REGIONS = ("ap-southeast-2", "eu-central-1", "eu-west-1", "us-east-1")
NOT_OPTED_IN_REGIONS = ("ap-east-1", "me-central-1")

# For benchmarks by RFC 2544, so it is nobody's.
PUBLIC_ADDRESSES = ip_network("198.18.0.0/15")

# moto's objects, which publish no types.
Moto: TypeAlias = Any

# All that the company needs: a module that loads later would draw random ids of its own, once per process.
_MODULES = (
    "boto3",
    "moto.backends",
    "moto.server",
    "moto.cloudwatch.models",
    "moto.ec2.models",
    "moto.ec2.responses.availability_zones_and_regions",
    "moto.iam.models",
    "moto.route53resolver.models",
    "moto.s3.models",
    "moto.sts.models",
)


def load() -> None:
    """Import moto. Raises DemoUnavailableError where the extra `demo` is not installed."""
    for module in _MODULES:
        require(module)
    # moto lists the regions once per process, and asks the user's AWS profile for it.
    require("moto.core.base_backend").AccountSpecificBackend.get_session().get_available_regions("ec2")


@contextmanager
def server() -> Iterator[str]:
    """Run moto's server on a free port; yields its address. moto's own stop leaves the socket open."""
    threaded = require("moto.server").ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    threaded.start()
    host, port = threaded.get_host_and_port()
    try:
        yield f"http://{host}:{port}"
    finally:
        threaded.stop()
        existing(threaded, "_server").server_close()


@contextmanager
def corrected() -> Iterator[None]:
    """Let moto's classes answer as AWS does where the audit depends on it, as long as the context lasts."""
    backends = require("moto.backends")
    cloudwatch = require("moto.cloudwatch.models")
    ec2 = require("moto.ec2.models")
    regions = require("moto.ec2.responses.availability_zones_and_regions").AvailabilityZonesAndRegions
    with ExitStack() as stack:
        for owner, name, correction in (
            (backends, "list_of_moto_modules", _listed_once),
            (cloudwatch.Dimension, "__lt__", _dimension_order),
            (cloudwatch.CloudWatchBackend, "get_metric_data", _metric_by_namespace),
            (ec2.EC2Backend, "regions", _company_regions),
            (regions, "describe_regions", _regions_by_opt_in),
            (ec2.EC2Backend, "create_network_interface", _interface_in_its_subnet),
            (ec2.EC2Backend, "get_all_network_interfaces", _by_any_address),
            (ec2.EC2Backend, "create_transit_gateway_route", _route_with_attachments),
            (ec2.EC2Backend, "describe_vpc_endpoint_services", _filtered_by_values),
            (ec2.elastic_ip_addresses, "random_ip", _public_addresses),
        ):
            stack.enter_context(patch.object(owner, name, correction(existing(owner, name))))
        yield


def ec2_backend(account_id: str, region: str) -> Moto:
    """What stands behind EC2 of the account in the region; the first call makes it, with its default VPC."""
    return require("moto.ec2.models").ec2_backends[account_id][region]


def age(resource: Moto, created: datetime) -> None:
    """Let a NAT or transit gateway, its attachment or table be of that age: moto stamps the present."""
    _set(resource, _created_at=created)


def finish_nat_gateway(backend: Moto, nat_id: str, created: datetime) -> None:
    """Give a zonal NAT gateway what moto leaves out: age, mode, the state of its addresses, its interface."""
    nat = existing(backend, "nat_gateways")[nat_id]
    age(nat, created)
    interface = existing(nat, "_eni")
    _finish_interface(interface, "nat_gateway", f"Interface for NAT Gateway {nat_id}")
    _supply(nat, availability_mode="zonal")
    for address in existing(nat, "address_set"):
        address.update(Status="succeeded", IsPrimary=True, **_zone(backend, interface.availability_zone))


def fail_nat_gateway(backend: Moto, nat_id: str, created: datetime, code: str, message: str) -> None:
    """Let a NAT gateway have failed, without addresses or interface: moto's always succeed."""
    nat = existing(backend, "nat_gateways")[nat_id]
    existing(backend, "enis").pop(existing(nat, "_eni").id)
    age(nat, created)
    _set(nat, state="failed", address_set=[])
    _supply(nat, availability_mode="zonal", failure_code=code, failure_message=message)


def make_regional(backend: Moto, nat_id: str, created: datetime, table_id: str, addresses: Mapping[str, str]) -> None:
    """Turn a NAT gateway into a regional one, which moto cannot create; `addresses` is zone -> allocation."""
    nat = existing(backend, "nat_gateways")[nat_id]
    existing(backend, "enis").pop(existing(nat, "_eni").id)
    age(nat, created)
    elastic = {address.allocation_id: address.public_ip for address in existing(backend, "addresses")}
    _set(
        nat,
        subnet_id=None,
        address_set=[
            {"AllocationId": allocation, "PublicIp": elastic[allocation], "Status": "succeeded"} | _zone(backend, zone)
            for zone, allocation in addresses.items()
        ],
    )
    _supply(
        nat,
        availability_mode="regional",
        auto_provision_zones="enabled",
        auto_scaling_ips="enabled",
        route_table_id=table_id,
    )


def finish_endpoint(backend: Moto, endpoint_id: str, created: datetime, dns_options: Mapping[str, object]) -> None:
    """Give an endpoint what moto leaves out: its age, DNS options and how its interfaces look."""
    endpoint = existing(backend, "vpc_end_points")[endpoint_id]
    _set(endpoint, creation_timestamp=created)
    _supply(endpoint, requester_managed=False, ip_address_type="ipv4", dns_options=dns_options)
    groups = [backend.get_security_group_from_id(group) for group in existing(endpoint, "security_group_ids")]
    for interface_id in existing(endpoint, "network_interface_ids"):
        interface = backend.enis[interface_id]
        _finish_interface(interface, "vpc_endpoint", f"VPC Endpoint Interface {endpoint_id}")
        _set(interface, _group_set=groups)


def propagate_route(backend: Moto, table_id: str, cidr: str) -> None:
    """Let a transit gateway route be propagated: moto enables propagation but adds no routes for it."""
    existing(backend, "transit_gateways_route_tables")[table_id].routes[cidr]["type"] = "propagated"


def age_flow_log(backend: Moto, flow_log_id: str, created: datetime) -> None:
    """Let a flow log be of that age: moto stamps the present."""
    _set(existing(backend, "flow_logs")[flow_log_id], creation_time=created)


def direct_flow_log(backend: Moto, flow_log_id: str, destination: str, options: Mapping[str, object]) -> None:
    """Say where and how a flow log is stored: moto knows neither a folder in the bucket nor DestinationOptions."""
    flow_log = existing(backend, "flow_logs")[flow_log_id]
    _set(flow_log, log_destination=destination)
    _supply(flow_log, destination_options=options)


def finish_client(backend: Moto, interface_id: str, kind: str, tags: Mapping[str, str]) -> None:
    """Let an interface look as the service left it that attached it; AWS alone may set tags that begin with aws."""
    interface = existing(backend, "enis")[interface_id]
    _finish_interface(interface, kind, interface.description)
    interface.add_tags(dict(tags))


def _finish_interface(interface: Moto, kind: str, description: str) -> None:
    _set(interface, interface_type=kind, description=description, requester_managed=True, status="in-use")


def _zone(backend: Moto, name: str) -> dict[str, str]:
    return {"AvailabilityZone": name, "AvailabilityZoneId": backend.get_zone_by_name(name).zone_id}


def _listed_once(original: Callable[[], Iterator[str]]) -> Callable[[], frozenset[str]]:
    # moto goes through its folders at each request.
    names = frozenset(original())
    return lambda: names


def _dimension_order(_original: Callable[..., bool]) -> Callable[..., bool]:
    # moto compares values with names: dimensions in another order than they were put in find nothing.
    return lambda one, other: (one.name, one.value) < (other.name, other.value)


class _Points:
    """As much of moto's CloudWatch as its GetMetricData reads."""

    def __init__(self, points: list[Moto]) -> None:
        self._points = points

    def get_all_metrics(self) -> list[Moto]:
        return self._points


def _metric_by_namespace(original: Callable[..., list[Moto]]) -> Callable[..., list[Moto]]:
    # moto ignores the namespace once there are dimensions, and looks at every point for every query and day. Here it
    # looks at those of the metric, and of the query's dimensions where it has some.
    def get_metric_data(self: Moto, queries: list[Moto], *window: datetime, **options: Moto) -> list[Moto]:
        if any("MetricStat" not in query for query in queries):
            return original(self, queries, *window, **options)
        points = defaultdict(list)
        for point in self.get_all_metrics():
            dimensions = frozenset((one.name, one.value) for one in point.dimensions)
            for kind in {frozenset(), dimensions}:
                points[point.namespace, point.name, kind].append(point)
        metrics = [query["MetricStat"]["Metric"] for query in queries]
        return [
            answer
            for query, metric in zip(queries, metrics, strict=True)
            for answer in original(_Points(points[_key(metric)]), [query], *window, **options)
        ]

    return get_metric_data


def _key(metric: dict[str, Moto]) -> tuple[str, str, frozenset[tuple[str, str]]]:
    dimensions = frozenset((one["Name"], one["Value"]) for one in metric.get("Dimensions", ()))
    return metric["Namespace"], metric["MetricName"], dimensions


def _company_regions(original: list[Moto]) -> list[Moto]:
    # moto lists all regions of all partitions.
    return [region for region in original if region.name in (*ENABLED_REGIONS, *NOT_OPTED_IN_REGIONS)]


def _regions_by_opt_in(original: Callable[..., Moto]) -> Callable[..., Moto]:
    # moto ignores AllRegions and the filters: AWS leaves regions that need an opt-in out unless asked.
    def describe_regions(self: Moto) -> Moto:
        answer = original(self)
        statuses = self._filters_from_querystring().get("opt-in-status")
        if statuses is None and not self._get_bool_param("AllRegions", if_none=False):
            statuses = ["opt-in-not-required", "opted-in"]
        if statuses is None:
            return answer
        regions = [region for region in answer.result["Regions"] if region.opt_in_status in statuses]
        return type(answer)({"Regions": regions})

    return describe_regions


def _interface_in_its_subnet(original: Callable[..., Moto]) -> Callable[..., Moto]:
    # moto gives the interfaces of NAT gateways and endpoints any address of 10.0.0.0/8.
    def create_network_interface(self: Moto, subnet: Moto, address: Moto, *arguments: Moto, **options: Moto) -> Moto:
        place = self.get_subnet(subnet) if isinstance(subnet, str) else subnet
        network = ip_network(place.cidr_block)
        if isinstance(address, str) and ip_address(address) not in network:
            taken = sum(interface.subnet_id == place.id for interface in self.enis.values())
            address = str(network[10 + taken])
        return original(self, place, address, *arguments, **options)

    return create_network_interface


def _by_any_address(original: Callable[..., list[Moto]]) -> Callable[..., list[Moto]]:
    # moto looks at the first address of an interface: AWS finds pods by their secondary ones.
    def get_all_network_interfaces(self: Moto, ids: Moto = None, filters: Moto = None) -> list[Moto]:
        others = dict(filters or {})
        wanted = others.pop("addresses.private-ip-address", None)
        return [
            interface
            for interface in original(self, ids, others)
            if wanted is None
            or not {address["PrivateIpAddress"] for address in interface.private_ip_addresses}.isdisjoint(wanted)
        ]

    return get_all_network_interfaces


def _route_with_attachments(original: Callable[..., Moto]) -> Callable[..., Moto]:
    # moto keeps one attachment where AWS has a list, and so shows none.
    def create_transit_gateway_route(self: Moto, *arguments: Moto, **options: Moto) -> Moto:
        route = original(self, *arguments, **options)
        if "transitGatewayAttachments" in route:
            route["transitGatewayAttachments"] = [route["transitGatewayAttachments"]]
        return route

    return create_transit_gateway_route


def _filtered_by_values(original: Callable[..., Moto]) -> Callable[..., Moto]:
    # moto looks for a filter's values under another name than AWS's, and fails.
    def describe_vpc_endpoint_services(self: Moto, filters: list[dict[str, Moto]], **options: Moto) -> Moto:
        return original(self, filters=[{**one, "Value": one["Values"]} for one in filters], **options)

    return describe_vpc_endpoint_services


def _public_addresses(_original: Callable[[], str]) -> Callable[[], str]:
    # moto's Elastic IPs are loopback addresses.
    hosts = PUBLIC_ADDRESSES.hosts()
    return lambda: str(next(hosts))


def existing(owner: Moto, name: str) -> Moto:
    """An attribute of one of moto's objects; raises DemoUnavailableError where it is gone."""
    if not hasattr(owner, name):
        where = getattr(owner, "__name__", type(owner).__name__)
        version = require("moto").__version__
        raise DemoUnavailableError(f"moto {version} has no {where}.{name}: the demo needs moto 5.2")
    return getattr(owner, name)


def _set(resource: Moto, **attributes: Moto) -> None:
    """What moto has, with another value."""
    for name, value in attributes.items():
        existing(resource, name)
        setattr(resource, name, value)


def _supply(resource: Moto, **attributes: Moto) -> None:
    """What AWS's model has and moto has not: it is on the wire where the server's botocore knows it."""
    for name, value in attributes.items():
        setattr(resource, name, value)
