"""Measured figures, each beside the raw limit from the same run; `make benchmark` runs them all."""
