"""What lies beyond the NAT gateways: real addresses of AWS's services, and nobody's for the rest of the internet.

What each address is by AWS's published ranges is written beside it, and a test holds it against them.
"""

from __future__ import annotations

from dataclasses import dataclass

_S3 = {
    "eu-central-1": ("3.5.136.14", "3.5.137.201", "16.12.32.77"),
    "us-east-1": ("52.216.33.9", "54.231.140.65", "16.182.70.41"),
    "eu-west-1": ("52.218.12.40", "3.5.64.120", "52.92.1.18"),
    "ap-southeast-2": ("52.95.128.54", "3.5.164.19", "3.5.168.7"),
}
_DYNAMODB = {
    "eu-central-1": ("52.94.17.12", "35.71.105.33"),
    "us-east-1": ("52.119.224.232", "3.218.180.90", "52.119.233.4"),
    "ap-southeast-2": ("52.94.13.61", "35.71.97.8"),
}
_HOSTED = {
    "eu-central-1": ("3.124.40.18", "3.125.9.77"),
    "us-east-1": ("52.200.13.5", "52.201.99.140"),
    "ap-southeast-2": ("52.62.7.31", "52.63.80.2"),
}
_CLOUDFRONT = ("13.224.10.66", "18.64.5.12", "3.160.22.9")

# The first three bytes of addresses that only AMAZON's ranges hold: which service it is, names alone tell.
_UNNAMED = {"eu-central-1": "52.94.136", "us-east-1": "52.46.130", "ap-southeast-2": "16.177.4"}
_HOSTS = {
    "kms": "kms.{region}.amazonaws.com",
    "ecr.api": "api.ecr.{region}.amazonaws.com",
    "ecr.dkr": "{account}.dkr.ecr.{region}.amazonaws.com",
    "logs": "logs.{region}.amazonaws.com",
    "sts": "sts.{region}.amazonaws.com",
    "kinesis-streams": "kinesis.{region}.amazonaws.com",
}
_NUMBERS = {name: 16 * number for number, name in enumerate(_HOSTS, start=1)}


@dataclass(frozen=True, slots=True)
class Remote:
    """One destination: `service` and `region` are what its addresses are by the ranges, `name` what its host tells.

    Without a `host` nobody asks the resolver for it; without a `name` the host tells no more than the ranges do.
    """

    service: str
    region: str | None
    addresses: tuple[str, ...]
    host: str = ""
    name: str = ""

    @property
    def key(self) -> str:
        """As the inventory names it by its addresses: `s3 eu-central-1`, `internet`."""
        return f"{self.service} {self.region}" if self.region else self.service

    @property
    def named_key(self) -> str:
        """The same by its host where that tells more: `kms eu-central-1`."""
        return f"{self.name} {self.region}" if self.name else self.key


def s3(region: str, bucket: str) -> Remote:
    """A bucket there."""
    return Remote("s3", region, _S3[region], f"{bucket}.s3.{region}.amazonaws.com")


def dynamodb(region: str) -> Remote:
    """DynamoDB there."""
    return Remote("dynamodb", region, _DYNAMODB[region], f"dynamodb.{region}.amazonaws.com")


def service(name: str, region: str, account_id: str) -> Remote:
    """A service without address ranges of its own."""
    addresses = tuple(f"{_UNNAMED[region]}.{_NUMBERS[name] + number}" for number in range(2))
    return Remote("aws", region, addresses, _HOSTS[name].format(region=region, account=account_id), name)


def unnamed(region: str) -> Remote:
    """A service that clients reach by an address from a configuration file, so no resolver saw its name."""
    return Remote("aws", region, (f"{_UNNAMED[region]}.9",))


def hosted(region: str, host: str) -> Remote:
    """Someone's servers on EC2."""
    return Remote("ec2-hosted", region, _HOSTED[region], host)


def cloudfront(host: str) -> Remote:
    """Someone's site behind CloudFront."""
    return Remote("cloudfront", "global", _CLOUDFRONT, host)


def internet(host: str, number: int) -> Remote:
    """Someone's servers elsewhere: RFC 5737 keeps these addresses for examples."""
    return Remote("internet", None, (f"203.0.113.{number}", f"198.51.100.{number}"), host)
