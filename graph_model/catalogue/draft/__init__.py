"""Drafts a catalogue from samples of tables, for a person to check and complete."""
