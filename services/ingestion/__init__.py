"""The path of a change: accepted, loaded, planned, committed."""
