"""The command `identity-graph`."""
