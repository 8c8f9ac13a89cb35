"""Flow logs in CloudWatch Logs: queries of Logs Insights, complete or not at all."""
