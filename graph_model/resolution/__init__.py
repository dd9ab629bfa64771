"""From records to clusters: what a row says, what speaks for and against joining, and the law."""
