"""Flow logs in S3, brought here: where they lie, what reading them costs, and their objects as files."""
