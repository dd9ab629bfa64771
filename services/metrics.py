"""What the processes count, in Prometheus' terms. Labels never hold personal data.

Conserved per source: changes in = applied + unchanged + stale + dead + ignored.
"""

from copy import copy
from typing import Self

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)


class Metrics:
    """Counters of one process, on a registry of its own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.changes = Counter(
            "identity_graph_changes", "Changes by outcome", ("source", "outcome"), registry=self.registry
        )
        self.owed_changes = Counter(
            "identity_graph_owed_changes",
            "Deletions that truncations owed, by outcome",
            ("source", "outcome"),
            registry=self.registry,
        )
        self.tasks_owed = Gauge(
            "identity_graph_tasks_owed",
            "Tasks that are owed: tables to empty, records to read by another catalogue",
            registry=self.registry,
        )
        self.commits = Counter("identity_graph_commits", "Commits accepted by the store", registry=self.registry)
        self.conflicts = Counter(
            "identity_graph_commit_conflicts", "Commits refused and tried again", registry=self.registry
        )
        self.refusals = Gauge(
            "identity_graph_commit_refusals",
            "How often the record that is being committed has been refused in a row",
            registry=self.registry,
        )
        self.commit_seconds = Histogram(
            "identity_graph_batch_seconds",
            "Time from reading to committing one batch",
            buckets=_SECONDS,
            registry=self.registry,
        )
        self.events = Counter(
            "identity_graph_profile_events", "Profile events committed", ("type",), registry=self.registry
        )
        self.published = Counter(
            "identity_graph_events_published",
            "Profile events acknowledged by the broker",
            registry=self.registry,
        )
        self.dead_letters = Counter(
            "identity_graph_dead_letters",
            "Messages sent to the dead-letter topic",
            ("stage",),
            registry=self.registry,
        )
        self.skipped = Counter(
            "identity_graph_offsets_skipped",
            "Offsets that Kafka had deleted before they were read",
            ("topic", "partition"),
            registry=self.registry,
        )
        self.forgotten = Counter(
            "identity_graph_offsets_forgotten",
            "Offsets that a store had forgotten after a restore, and that were read again",
            ("topic", "partition"),
            registry=self.registry,
        )
        self.lag = Gauge(
            "identity_graph_consumer_lag",
            "Offsets between the end of a partition and what is in force",
            ("topic", "partition"),
            registry=self.registry,
        )

    def for_work_owed(self) -> Self:
        """The same figures, but what becomes of records is counted apart: it did not come in as a change."""
        figures = copy(self)
        figures.changes = self.owed_changes
        return figures

    def render(self) -> bytes:
        """All figures in the Prometheus text format."""
        return generate_latest(self.registry)
