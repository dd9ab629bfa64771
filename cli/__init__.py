"""The command `identity-graph`: one module for each of its commands."""
