"""What things are, and what follows from what. Pure: no I/O, no clock, no randomness."""
