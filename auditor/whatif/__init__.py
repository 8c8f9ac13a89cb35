"""The what-if engine: prices any network for given traffic. Pure: no clock, no network, no files."""
