"""Prompt context for applications of language models."""
