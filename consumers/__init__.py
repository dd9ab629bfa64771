"""Kafka in and out: decoders of change events, the worker loop, the publisher, dead letters."""
