"""JanusGraph: how it is told from a Gremlin Server, what it must be like, and how it is written to."""
