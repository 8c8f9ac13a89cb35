"""Flow records become bytes per NAT gateway and destination, each byte once per direction."""
