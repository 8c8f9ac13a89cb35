"""Names for addresses of AWS that the published ranges leave unnamed."""
