"""Writes flow logs of any size: the default format as gzip text and the same records as Parquet.

    python bench/flow_logs.py FOLDER [--records 50000000] [--files 200] [--nats 12] [--remotes 15000]

FOLDER/text and FOLDER/parquet hold the same records, FOLDER/nat-gateways.json is what
`aws ec2 describe-nat-gateways` would print. Six records a conversation, as a flow log on a VPC has them: the four
legs at the NAT gateway's interface and the two of the client's own; one record in 600 is NODATA.
"""

from __future__ import annotations

import argparse
import gzip
import ipaddress
import json
import random
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import duckdb

REGION, VPC = "eu-west-1", "vpc-0bench"
RANGES = Path(__file__).parent.parent / "auditor/data/ip-ranges.json.gz"

RECORDS = """
WITH numbered AS (
  SELECT i, i // 6 AS conversation, i % 6 AS leg, hash(i // 6) AS h, i % 600 = 599 AS is_empty
  FROM range({first}, {last}) AS t(i)
), drawn AS (
  SELECT *, 'eni-0a' || lpad(lower(to_hex(h % {nats})), 15, '0') AS nat_eni,
    '10.0.' || (h % {nats}) || '.220' AS nat,
    'eni-0c' || lpad(lower(to_hex(h // 16 % 4000)), 15, '0') AS client_eni,
    '10.' || (1 + h // 16 % 4000 // 250) || '.' || (h % {nats}) || '.' || (1 + h // 16 % 250) AS client,
    CAST(pow((h // 65536 % 1000003) / 1000003.0, 3) * {remotes} AS INTEGER) AS remote_id,
    1024 + h // 1048576 % 64000 AS port, leg IN (0, 1, 4) AS is_up,
    40 + (h // 1024 % 1500) * (1 + h // 4096 % 97) + (leg IN (2, 3, 5))::INT * (h // 32768 % 9000000) AS bytes,
    1760000000 + i * 3600 // {records} AS second
  FROM numbered
), routed AS (
  SELECT drawn.*, address AS host,
    CASE leg WHEN 0 THEN client WHEN 1 THEN nat WHEN 2 THEN address WHEN 3 THEN nat
      WHEN 4 THEN client ELSE address END AS src,
    CASE leg WHEN 0 THEN nat WHEN 1 THEN address WHEN 2 THEN nat WHEN 3 THEN client
      WHEN 4 THEN address ELSE client END AS dst
  FROM drawn JOIN remotes USING (remote_id)
)
SELECT 2 AS version, '123456789012' AS "account-id",
  CASE WHEN leg < 4 THEN nat_eni ELSE client_eni END AS "interface-id",
  CASE WHEN NOT is_empty THEN src END AS srcaddr, CASE WHEN NOT is_empty THEN dst END AS dstaddr,
  CASE WHEN NOT is_empty THEN CAST(CASE WHEN is_up THEN port ELSE 443 END AS INTEGER) END AS srcport,
  CASE WHEN NOT is_empty THEN CAST(CASE WHEN is_up THEN 443 ELSE port END AS INTEGER) END AS dstport,
  CASE WHEN NOT is_empty THEN 6 END AS protocol,
  CASE WHEN NOT is_empty THEN CAST(1 + bytes // 1400 AS BIGINT) END AS packets,
  CASE WHEN NOT is_empty THEN CAST(bytes AS BIGINT) END AS bytes,
  CAST(second AS BIGINT) AS start, CAST(second + 60 AS BIGINT) AS "end",
  CASE WHEN is_empty THEN '-' ELSE 'ACCEPT' END AS action,
  CASE WHEN is_empty THEN 'NODATA' ELSE 'OK' END AS "log-status"
FROM routed ORDER BY hash(i)
"""
TEXT = "(FORMAT csv, DELIMITER ' ', HEADER, QUOTE '', ESCAPE '', NULLSTR '-', COMPRESSION gzip)"
PARQUET = "(FORMAT parquet, COMPRESSION snappy)"


def main() -> None:
    """Write the files, two at a time."""
    options = parse()
    for name in ("text", "parquet"):
        (options.folder / name).mkdir(parents=True, exist_ok=True)
    described = json.dumps({"NatGateways": [nat_gateway(number) for number in range(options.nats)]}, indent=2)
    (options.folder / "nat-gateways.json").write_text(described, "utf-8")
    connection = duckdb.connect(config={"threads": 1})
    connection.execute(
        "CREATE TABLE remotes AS SELECT unnest($1) AS remote_id, unnest($2) AS address", remotes(options)
    )
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda number: write(connection.cursor(), options, number), range(options.files)))


def parse() -> argparse.Namespace:
    """The options."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    for name, default in (("records", 50_000_000), ("files", 200), ("nats", 12), ("remotes", 15_000)):
        parser.add_argument(f"--{name}", type=int, default=default)
    return parser.parse_args()


def nat_gateway(number: int) -> dict[str, object]:
    """One NAT gateway as EC2 describes it."""
    address = {"NetworkInterfaceId": f"eni-0a{number:015x}", "PrivateIp": f"10.0.{number}.220", "IsPrimary": True}
    return {"NatGatewayId": f"nat-{number:017x}", "VpcId": VPC, "State": "available", "NatGatewayAddresses": [address]}


def remotes(options: argparse.Namespace) -> list[object]:
    """Addresses of AWS and of others, two of three AWS's; the first are drawn most often."""
    chance = random.Random(20261120)  # noqa: S311
    with gzip.open(RANGES) as file:
        networks = [ipaddress.ip_network(row["ip_prefix"]) for row in json.load(file)["prefixes"]]
    networks += [ipaddress.ip_network(f"{chance.randint(60, 99)}.0.0.0/8") for _ in range(len(networks) // 2)]
    drawn = [chance.choice(networks) for _ in range(options.remotes + 1)]
    addresses = [str(network[chance.randrange(network.num_addresses)]) for network in drawn]
    return [list(range(len(addresses))), addresses]


def write(connection: duckdb.DuckDBPyConnection, options: argparse.Namespace, number: int) -> None:
    """One file of each kind."""
    size = -(-options.records // options.files)
    first, last = number * size, min((number + 1) * size, options.records)
    query = RECORDS.format(first=first, last=last, **vars(options))
    connection.execute(f"CREATE TEMP TABLE part{number} AS {query}")
    text, parquet = f"{options.folder}/text/{number:04}.log.gz", f"{options.folder}/parquet/{number:04}.parquet"
    connection.execute(f"COPY part{number} TO '{text}' {TEXT}")
    for name in connection.sql(f"FROM part{number} LIMIT 0").columns:
        if "-" in name:
            connection.execute(f'ALTER TABLE part{number} RENAME "{name}" TO {name.replace("-", "_")}')
    connection.execute(f"COPY part{number} TO '{parquet}' {PARQUET}")
    connection.execute(f"DROP TABLE part{number}")


if __name__ == "__main__":
    main()
