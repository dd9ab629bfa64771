"""The lasting face of a cluster: its id, its document, and what changed."""
