"""Which part of a window to ask for next: parts grow and shrink with the rows that answers hold."""

from __future__ import annotations

from auditor.attribution.insights.query import MOST_ROWS, Span
from auditor.aws.failures import AwsFailureError, Kind

MINUTE, HOUR, DAY = 60, 3_600, 86_400


class Spans:
    """Hands out a window part by part until each second of it was answered once.

    The first parts are small, for an answer that may lack rows is paid for and useless.
    """

    def __init__(self, window: Span) -> None:
        self.unanswered = window.seconds
        self._left = [window]
        self._seconds = HOUR
        self._most_rows = MOST_ROWS

    def take(self) -> Span | None:
        """The next part, or `None` where nothing is left to ask."""
        if not self._left:
            return None
        span = self._left.pop()
        middle = min(span.start + self._seconds, span.end)
        if middle < span.end:
            self._left.append(Span(middle, span.end))
        return Span(span.start, middle)

    def answered(self, span: Span, rows: int) -> None:
        """It is done; where its rows were few, later parts may be twice as long, up to a day."""
        self.unanswered -= span.seconds
        if span.seconds == self._seconds and rows < self._most_rows // 4:
            self._seconds = min(2 * self._seconds, DAY)

    def cut_off(self, span: Span, rows: int) -> None:
        """Its answer of so many rows may lack some: it is asked again in halves.

        `AwsFailureError` where it is a minute already.
        """
        if span.seconds <= MINUTE:
            raise AwsFailureError(
                Kind.UNKNOWN,
                f"logs:StartQuery: a minute of records has more than the {rows:,} pairs of addresses that Logs Insights"
                " can tell: let the flow log write to S3",
            )
        self._left.append(span)
        self._seconds = max(MINUTE, min(self._seconds, span.seconds // 2))
        self._most_rows = min(self._most_rows, rows)
