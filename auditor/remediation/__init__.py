"""Proposals as text that a person can read, paste and take back; nothing here calls AWS."""
