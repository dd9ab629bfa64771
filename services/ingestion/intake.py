"""Changes that come over HTTP: checked, numbered in order of acceptance, and brought into force.

IdentityGraphError
└── IntakeRefused
    ├── UnknownSource       the catalogue has no such source
    └── SourceFedByTopic    Kafka carries this source's changes; two roads would contradict each other
"""

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from graph_model.catalogue.rules import Catalogue, Source
from graph_model.errors import IdentityGraphError, MessageRejected
from graph_model.records.record import Change, Outcome
from graph_model.resolution.row_changes import Origin, row_change
from graph_model.values.equality import JsonValue
from graph_model.values.exact_json import DEEPEST, is_writable
from graph_model.values.positions import Position
from services.clock import now_milliseconds
from services.computing import computed
from services.ingestion.acceptance import AcceptanceClock
from services.ingestion.writer import Writer
from services.metrics import Metrics


class IntakeRefused(IdentityGraphError):
    """The changes cannot be taken here at all."""


class UnknownSource(IntakeRefused):
    """The catalogue has no source of this name."""

    def __init__(self, catalogue: Catalogue) -> None:
        super().__init__(f"the catalogue has no such source; it has: {', '.join(sorted(catalogue.sources))}")


class SourceFedByTopic(IntakeRefused):
    """The source's changes come from Kafka."""

    def __init__(self, source: Source) -> None:
        topic = source.topic if source.topic_pattern is None else source.topic_pattern.pattern
        super().__init__(
            f"source {source.name!r} is fed by topic {topic}; change the row where it lives, and it will arrive. "
            "To load it from files as well, give the source a `file` pattern in the catalogue"
        )


@dataclass(frozen=True, slots=True)
class RowChange:
    """What a caller says about one row."""

    values: Mapping[str, JsonValue]  #: its columns; of a deleted row at least the key
    deleted: bool


@dataclass(frozen=True, slots=True)
class RejectedChange:
    """A change that could not be used."""

    index: int  #: its place in the request, from 0
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class IntakeResult:
    """What became of a request; the counts add up to its changes."""

    outcomes: Counter[Outcome]
    rejected: tuple[RejectedChange, ...]


class ChangeIntake:
    """Takes changes over HTTP, one request after the other."""

    def __init__(
        self,
        catalogue: Catalogue,
        writer: Writer,
        *,
        metrics: Metrics,
        clock: Callable[[], int] = now_milliseconds,
        acceptance: AcceptanceClock,
    ) -> None:
        self._catalogue = catalogue
        self._writer = writer
        self._metrics = metrics
        self._clock = clock
        self._acceptance = acceptance

    async def accept(self, source_name: str, rows: Sequence[RowChange]) -> IntakeResult:
        """Bring changes into force; those that cannot be used are listed and cost the others nothing.

        Raises:
            UnknownSource: the catalogue has no such source.
            SourceFedByTopic: its changes come from Kafka.
            NobodyPublishes: the events of the changes would be lost.
            ClockAhead: nothing can be numbered by this machine's clock.
            StoreError: see `Ingest.apply`.
        """
        source = self._catalogue.sources.get(source_name)
        if source is None:
            raise UnknownSource(self._catalogue)
        if source.file is None and (source.topic is not None or source.topic_pattern is not None):
            raise SourceFedByTopic(source)
        async with self._writer.lend() as ingest:
            self._acceptance.pass_over(ingest.accepted)
            first = self._acceptance.next(len(rows))
            changes, rejected = await computed(len(rows), _changes, source, rows, first, self._clock())
            result = await ingest.apply(changes)
        if rejected:
            self._metrics.changes.labels(source.name, Outcome.DEAD.value).inc(len(rejected))
        outcomes = Counter({outcome: count for (_, outcome), count in result.outcomes.items()})
        outcomes[Outcome.DEAD] += len(rejected)
        return IntakeResult(outcomes=outcomes, rejected=tuple(rejected))


def _changes(
    source: Source, rows: Sequence[RowChange], first: int, now: int
) -> tuple[list[Change], list[RejectedChange]]:
    """Read rows that were accepted `now`, and numbered from `first` on."""
    changes: list[Change] = []
    rejected: list[RejectedChange] = []
    for index, row in enumerate(rows):
        origin = Origin(position=Position(0, first + index), observed_at=now, undated=True)
        try:
            _require_storable(row.values)
            changes.append(row_change(source, row.values, origin, deleted=row.deleted))
        except MessageRejected as rejection:
            rejected.append(RejectedChange(index, rejection.reason))
    return changes, rejected


def _require_storable(values: Mapping[str, JsonValue]) -> None:
    """Refuse what no JSON text may say, and what is too deep to be written again."""
    if not is_writable(values):
        raise MessageRejected("map", f"the row holds text that is not valid Unicode, or more than {DEEPEST} levels")
    try:
        json.dumps(values, allow_nan=False)
    except ValueError:
        raise MessageRejected("map", "the row holds NaN or Infinity, which are no JSON numbers") from None
