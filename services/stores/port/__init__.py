"""The port to every store: what services ask for, and the forms in which all stores keep it."""
