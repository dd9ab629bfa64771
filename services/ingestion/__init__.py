"""The road of a change: accepted, loaded, planned, committed."""
