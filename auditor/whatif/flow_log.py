"""A flow log that does not exist yet, and what it would cost: two lines, at the prices of its region."""

from __future__ import annotations

from dataclasses import dataclass

from auditor.model.flow_record import widest_record
from auditor.model.money import Item, Line, Prices, gigabytes

_CHARGES = {
    Item.LOG_DELIVERY_GB: "flow records delivered to S3",
    Item.PARQUET_CONVERSION_GB: "flow records converted to Parquet",
}
"""Both are charged on the records as uncompressed text (CloudWatch billing guide, `S3-Egress-Bytes` and
`S3-Egress-InputBytes`, read 2026-11-20). What S3 then stores is compressed, a few percent of that, and not counted."""


@dataclass(frozen=True, slots=True)
class NewFlowLog:
    """A flow log to create on some resources of one type, with the fields of its records.

    `records` are those of a month at the most; `None` where nobody counted what they come from.
    """

    region: str
    resource_type: str
    resource_ids: tuple[str, ...]
    fields: tuple[str, ...]
    records: int | None

    @property
    def log_format(self) -> str:
        """The fields as CreateFlowLogs takes them."""
        return " ".join(f"${{{name}}}" for name in self.fields)


def delivery(flow_log: NewFlowLog, resource: str, prices: Prices) -> tuple[Line, ...]:
    """What a month of it costs at the most, as lines of the NAT gateway that it is for.

    Of tiers the first: what other logs of the account deliver is not known here, and no later tier costs more.
    """
    records = flow_log.records
    quantity = None if records is None else gigabytes(records * widest_record(flow_log.fields))
    tiers = {item: prices.tiers(flow_log.region, item) for item in _CHARGES}
    return tuple(
        Line.of(resource, label, quantity, tiers[item][0])
        if tiers[item]
        else Line.unpriced(resource, label, quantity, "GB")
        for item, label in _CHARGES.items()
    )
