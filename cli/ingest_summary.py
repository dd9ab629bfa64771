"""What `ingest` says at its end: counts that add up, what was rejected, and what is worth a look."""

import heapq
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from cli.input_files import Entry, InputFile
from cli.line_counts import LineCounts
from cli.output import counted
from cli.rejections import unread_json, unread_lines
from cli.snapshot import Snapshot
from cli.terminal import say
from graph_model.catalogue.rules import Catalogue
from graph_model.profile.codec import count_records
from graph_model.profile.document import ProfileStatus
from graph_model.profile.events import ProfileEventType
from graph_model.records.record import RecordAddress
from graph_model.records.tasks import TruncateSource
from graph_model.resolution.mapping import map_record
from graph_model.values.identifiers import Identifier
from services.bootstrap.loaded import Loaded
from services.bootstrap.writing import LARGEST
from services.files.unread_values import Place, UnreadValues
from services.ingestion.ingest import WAY_OUT_OF_REWOUND, Committed, IngestResult
from services.stores.port.protocols import Store

#: So many identifiers are shown, and profiles that were taken apart; of the rest only the number.
SHOWN: Final = 20

#: Profiles may have shrunk since their largest event, so more are looked at than shown.
_CANDIDATES: Final = 100


@dataclass(slots=True)
class IngestSummary:
    """Counts of one run, kept while it goes on."""

    catalogue: Catalogue
    counts: LineCounts = field(default_factory=LineCounts)
    events: Counter[str] = field(default_factory=Counter)  #: type of profile event -> number
    unread: UnreadValues = field(default_factory=UnreadValues)
    generic: dict[Identifier, None] = field(default_factory=dict)  #: identifiers that became generic, in order
    further_generic: int = 0  #: so many more did
    taken_apart: dict[str, None] = field(default_factory=dict)  #: profiles that this has split
    rewound: Counter[str] = field(default_factory=Counter)  #: source -> changes whose positions jumped back
    snapshot: Snapshot | None = None  #: where the files are whole tables
    owed_records: int = 0  #: records read to do what was owed
    largest: list[tuple[str, int]] = field(default_factory=list)  #: profile id, its records; most first
    sizes: dict[str, int] = field(default_factory=dict)  #: candidates for the largest profiles
    loaded: int = 0  #: records of a first load in force that are not among the counts yet
    resumed: bool = False  #: whether a first load was ended that another run had begun

    def count_entry(self, file: InputFile, entry: Entry) -> None:
        """Count what came in, and what comes to nothing."""
        if self.snapshot is not None:
            self.snapshot.take(file, entry)
        self.counts.count_entry(file, entry)

    @property
    def in_force(self) -> int:
        """How many of the rows read so far say what is in force."""
        counts = self.counts
        told = sum(counts.outcomes[source, word] for source in counts.lines for word in ("applied", "unchanged"))
        return told + self.loaded

    def count_result(
        self, result: IngestResult, owed: Iterable[TruncateSource], places: Mapping[RecordAddress, Place]
    ) -> None:
        """Count what became of a batch, and the truncations that it owes.

        Args:
            result: what became of it.
            owed: the truncations.
            places: where the newest row of each record stands.
        """
        for mapped in (*result.changed, *(map_record(record, self.catalogue) for record in result.unchanged)):
            if mapped.issues:
                self.unread.add(mapped, places[mapped.address])
        self.counts.count_outcomes(result.outcomes)
        for task in owed:
            self.counts.count_task(task)
        self.generic |= dict.fromkeys(result.became_generic)
        self.taken_apart |= dict.fromkeys(result.taken_apart)
        self.rewound += result.rewound

    def count_loaded(self, loaded: Loaded, read: LineCounts) -> None:
        """Count what a first load has made.

        Args:
            loaded: that.
            read: what its files held, and what came to nothing.
        """
        self.counts.update(read)
        self.counts.count_outcomes(loaded.taken.outcomes)
        self.unread.update(loaded.taken.unread)
        self.rewound += loaded.taken.rewound
        self.owed_records += loaded.taken.truncated
        if loaded.profiles:
            self.events[ProfileEventType.CREATED.value] += loaded.profiles
        self.generic |= dict.fromkeys(loaded.first_generic)
        self.further_generic += loaded.generic - len(loaded.first_generic)
        self.sizes |= dict(loaded.largest)
        self.largest = list(loaded.largest)
        self.loaded = 0
        self.resumed = loaded.resumed and not loaded.was_complete

    def count_events(self, committed: Iterable[Committed]) -> None:
        """Count what was told of commits."""
        for commit in committed:
            for event in commit.events:
                self.events[event.type.value] += 1
                self.sizes[event.profile_id] = count_records(event.data)
        if len(self.sizes) > 10 * _CANDIDATES:
            self.sizes = dict(heapq.nlargest(_CANDIDATES, self.sizes.items(), key=_by_size))

    def to_json(self) -> dict[str, object]:
        """The summary for scripts."""
        return {
            "sources": self.counts.to_json(),
            "profiles": dict(sorted(self.events.items())),
            "owed_records": self.owed_records,
            **({} if self.snapshot is None else {"snapshot": self.snapshot.to_json()}),
            "largest_profiles": [{"profile_id": profile_id, "records": size} for profile_id, size in self.largest],
            "became_generic": {
                "count": self.generic_count,
                "first": [{"kind": each.kind, "value": each.value} for each in list(self.generic)[:SHOWN]],
                "taken_apart": list(self.taken_apart)[:SHOWN],
            },
            "positions_jumped_back": dict(sorted(self.rewound.items())),
            "unread_values": unread_json(self.unread),
            "rejected": self.counts.rejections.to_json(),
        }

    @property
    def generic_count(self) -> int:
        """How many identifiers became generic."""
        return len(self.generic) + self.further_generic

    def print(self) -> None:
        """Print the summary for people."""
        self.counts.print()
        for line in self._remarks():
            say(line)

    def _remarks(self) -> Iterator[str]:
        if self.resumed:
            yield "\nAn interrupted first load was finished; what it had read is among these counts."
        if self.events:
            yield "\nProfile changes: " + ", ".join(f"{count} {word}" for word, count in sorted(self.events.items()))
        for source, count in sorted(self.snapshot.deleted.items() if self.snapshot is not None else ()):
            yield f"\nDeleted, since the snapshot does not hold them: {counted(count, 'row')} of {source}"
        for source, reason in sorted(self.snapshot.refused.items() if self.snapshot is not None else ()):
            yield f"\nNothing of {source} is deleted: {reason}"
        if self.owed_records:
            yield f"\nWork that was owed (deletions): done, {counted(self.owed_records, 'record')} read"
        if self.largest:
            yield "Largest of them:"
            yield from (f"  {profile_id}  {counted(size, 'record')}" for profile_id, size in self.largest)
        if self.generic:
            yield f"\nToo common to be evidence from now on (generic): {counted(self.generic_count, 'identifier')}"
            yield from (f"  {identifier}" for identifier in list(self.generic)[:SHOWN])
            if self.generic_count > SHOWN:
                yield f"  … and {self.generic_count - SHOWN} more"
        if self.taken_apart:
            yield f"That took apart {counted(len(self.taken_apart), 'profile')}; see `identity-graph explain`:"
            yield from (f"  {profile_id}" for profile_id in list(self.taken_apart)[:SHOWN])
        for source, count in sorted(self.rewound.items()):
            yield (
                f"\nwarning: {counted(count, 'change')} of {source} counted as sent again, since log positions jump "
                f"back while times go on; {WAY_OUT_OF_REWOUND}"
            )
        yield from unread_lines(self.unread)
        yield from self.counts.rejections.lines()


async def largest_profiles(store: Store, summary: IngestSummary) -> list[tuple[str, int]]:
    """The live profiles with most records among those that this run has changed."""
    profiles = await store.read_profiles(list(summary.sizes))
    sizes = [
        (profile_id, len(profile.read().records))
        for profile_id, profile in profiles.items()
        if profile.status is ProfileStatus.LIVE
    ]
    return sorted(sizes, key=lambda each: (-each[1], each[0]))[:LARGEST]


def _by_size(candidate: tuple[str, int]) -> int:
    return candidate[1]
