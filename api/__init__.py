"""HTTP: thin, translates and calls services."""
