"""The first load of a store: every component is resolved once, and every profile written once."""
