"""What the processes count, in Prometheus' terms. Labels never hold personal data.

Conserved per source: changes in = applied + unchanged + stale + dead + ignored.
"""

import platform
from collections.abc import Collection, Mapping
from copy import copy
from functools import partial
from importlib.metadata import version
from typing import Final, Self

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Info, ProcessCollector, generate_latest

from graph_model.records.tasks import AnnounceProfiles, DeleteAbsent, ReResolve, Task, TruncateSource
from services.traffic import Traffic

_SECONDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
_STORE_SECONDS: Final = (0.0001, 0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30)
#: From a change that is read at once to one that waited for days.
_DELAY_SECONDS: Final = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1_800, 7_200, 43_200, 259_200)


_TASKS: Final[Mapping[type[Task], str]] = {
    AnnounceProfiles: "announce",
    DeleteAbsent: "delete_absent",
    ReResolve: "re_resolve",
    TruncateSource: "truncate",
}


class Metrics:
    """Counters of one process, on a registry of its own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        counter, gauge = partial(Counter, registry=self.registry), partial(Gauge, registry=self.registry)
        self.changes = counter("identity_graph_changes", "Changes by outcome", ("source", "outcome"))
        self.rewound = counter(
            "identity_graph_rewound_changes",
            "Stale changes whose log position jumped back while times go on, as after a restore of a database",
            ("source",),
        )
        self.owed_changes = counter(
            "identity_graph_owed_changes", "Deletions that truncations owed, by outcome", ("source", "outcome")
        )
        self.tasks_owed = gauge(
            "identity_graph_tasks_owed", "Tasks that are owed: tables to empty, records to read by another catalogue"
        )
        self.commits = counter("identity_graph_commits", "Commits accepted by the store")
        self.conflicts = counter("identity_graph_commit_conflicts", "Commits refused and tried again")
        self.refusals = gauge(
            "identity_graph_commit_refusals", "How often the record that is being committed has been refused in a row"
        )
        self.commit_seconds = Histogram(
            "identity_graph_batch_seconds",
            "Time from reading to committing one batch",
            buckets=_SECONDS,
            registry=self.registry,
        )
        self.events = counter("identity_graph_profile_events", "Profile events committed", ("type",))
        self.published = counter("identity_graph_events_published", "Profile events acknowledged by the broker")
        self.dead_letters = counter("identity_graph_dead_letters", "Messages sent to the dead-letter topic", ("stage",))
        self.skipped = counter(
            "identity_graph_offsets_skipped",
            "Offsets that Kafka had deleted before they were read",
            ("topic", "partition"),
        )
        self.forgotten = counter(
            "identity_graph_offsets_forgotten",
            "Offsets that a store had forgotten after a restore, and that were read again",
            ("topic", "partition"),
        )
        self.lag = gauge(
            "identity_graph_consumer_lag",
            "Offsets between the end of a partition and what is in force",
            ("topic", "partition"),
        )
        self._add_lateness()
        self._add_failures()
        self._add_process()

    def _add_lateness(self) -> None:
        counter, gauge = partial(Counter, registry=self.registry), partial(Gauge, registry=self.registry)
        self.delay_seconds = Histogram(
            "identity_graph_change_delay_seconds",
            "Time from when the source committed a change until its batch was published",
            ("source",),
            buckets=_DELAY_SECONDS,
            registry=self.registry,
        )
        self.lateness_seconds = gauge(
            "identity_graph_consumer_lateness_seconds",
            "Age of the newest message in force, where more wait behind it; else 0",
            ("topic", "partition"),
        )
        self.task_items = counter(
            "identity_graph_task_items", "Records, or profiles, that work owed has walked over", ("task",)
        )

    def _add_failures(self) -> None:
        counter, gauge = partial(Counter, registry=self.registry), partial(Gauge, registry=self.registry)
        self.store_failures = counter(
            "identity_graph_store_failures", "What the store did not do, by the type of the failure", ("kind",)
        )
        self.broker_failures = counter(
            "identity_graph_broker_failures", "What Kafka did not do, by the type of the failure", ("kind",)
        )
        self.failed_requests = counter(
            "identity_graph_failed_requests", "Requests answered with a status of 500 and more", ("status", "problem")
        )
        self.topics_missing = gauge(
            "identity_graph_topics_missing", "Topics of the catalogue that do not exist or may not be seen"
        )

    def _add_process(self) -> None:
        self._ready = Gauge("identity_graph_ready", "Whether the process does its work: 1 or 0", registry=self.registry)
        self._unready = Gauge(
            "identity_graph_unready_parts",
            "What keeps it from its work, 1 each; `/readyz` says why",
            ("part",),
            registry=self.registry,
        )
        build = Info("identity_graph_build", "Which program runs", registry=self.registry)
        build.info({"version": version("identity-graph"), "python": platform.python_version()})
        ProcessCollector(registry=self.registry)  # memory, processor time, open files

    def show_store(self, traffic: Traffic) -> None:
        """Show how much is asked of the store, the one of this process."""
        seconds = Histogram(
            "identity_graph_store_request_seconds",
            "Time until the store answered a request, or failed",
            buckets=_STORE_SECONDS,
            registry=self.registry,
        )
        traffic.tell(seconds.observe)
        in_progress = Gauge(
            "identity_graph_store_requests_in_progress",
            "Requests that the store has not answered yet",
            registry=self.registry,
        )
        in_progress.set_function(lambda: traffic.under_way)

    def count_task(self, task: Task, walked: int) -> None:
        """Count that work owed has walked over so many records, or profiles."""
        self.task_items.labels(_TASKS[type(task)]).inc(walked)

    def show_readiness(self, unready: Collection[str]) -> None:
        """Show by which parts the process is kept from its work; none: it is ready."""
        self._ready.set(not unready)
        self._unready.clear()
        for part in unready:
            self._unready.labels(part).set(1)

    def for_work_owed(self) -> Self:
        """The same figures, but what becomes of records is counted apart: it did not come in as a change."""
        figures = copy(self)
        figures.changes = self.owed_changes
        return figures

    def render(self) -> bytes:
        """All figures in the Prometheus text format."""
        return generate_latest(self.registry)
