"""The only door to AWS: sessions, the read-only guard, calls that count themselves, errors in plain words."""
