"""Flow logs in S3, counted where they lie: a table, a query that is bounded, its result, and nothing left behind."""
