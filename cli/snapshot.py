"""What `ingest --snapshot` adds: rows that none of the files holds are deleted."""

from dataclasses import dataclass, field
from typing import Annotated, Final

import typer

from cli.exit_codes import UsageRefused
from cli.input_files import Entry, InputFile
from graph_model.catalogue.rules import Source
from graph_model.values.trait_values import timestamp_milliseconds
from services.ingestion.snapshots import PresentRows, absent_rows, count_live, deletions_owed
from services.ingestion.writer import Writer
from services.stores.port.protocols import Store

#: Portions of deletions that are written down together: stores take commits of some megabytes.
_TASKS_OF_A_COMMIT: Final = 50

SnapshotOption = Annotated[
    bool, typer.Option("--snapshot", help="The files hold every row of their table: all other rows of it are deleted.")
]
AsOfOption = Annotated[
    str | None,
    typer.Option(
        "--as-of", metavar="TIME", help="When the snapshot was read, ISO 8601: rows that came later stay. Else now."
    ),
]
MostDeletedOption = Annotated[
    float, typer.Option("--most-deleted", metavar="PERCENT", help="Of a source's rows a snapshot deletes no more.")
]


@dataclass(slots=True)
class Snapshot:
    """One whole table for each source of the files, as it is read."""

    sources: dict[str, Source]
    as_of: int  #: when it was taken, milliseconds since 1970
    most: float  #: so many percent of a source's rows may be deleted
    present: PresentRows = field(default_factory=PresentRows)
    live: dict[str, int] = field(default_factory=dict)  #: source -> rows that were in force before
    unreadable: dict[str, str] = field(default_factory=dict)  #: source -> the first line without a readable key
    deleted: dict[str, int] = field(default_factory=dict)  #: source -> rows
    refused: dict[str, str] = field(default_factory=dict)  #: source -> why nothing is deleted

    @classmethod
    def of(cls, files: list[InputFile], as_of: str | None, most: float, now: int) -> "Snapshot":
        """Begin a snapshot.

        Raises:
            UsageRefused: files hold no plain rows, or it is not told when a table was read that is fed otherwise, too.
        """
        sources = {}
        for file in files:
            if file.rows_of is None:
                raise UsageRefused(f"{file.name} holds changes; --snapshot takes files of rows, all of one table")
            sources[file.rows_of.name] = file.rows_of
        said = None if as_of is None else timestamp_milliseconds(as_of)
        if as_of is not None and said is None:
            raise UsageRefused(f"--as-of {as_of!r} is no time; expected ISO 8601 such as 2026-11-28T02:00:00Z")
        fed = sorted(s.name for s in sources.values() if s.topic is not None or s.topic_pattern is not None)
        if fed and said is None:
            raise UsageRefused(
                f"{', '.join(fed)}: rows come from Kafka as well; say when the snapshot was read with --as-of TIME, so "
                "that rows which came later stay"
            )
        return cls(sources, now if said is None else said, most)

    async def count_live(self, store: Store) -> None:
        """Note how many rows are in force; before any of the files is loaded."""
        for name, source in self.sources.items():
            self.live[name] = await count_live(store, source)

    def take(self, file: InputFile, entry: Entry) -> None:
        """Note which rows a line says are there."""
        for change in entry.changes:
            self.present.add(change.address)
        if entry.reason is None or file.rows_of is None:
            return
        if entry.address is not None:
            self.present.add(entry.address)
        else:
            self.unreadable.setdefault(file.rows_of.name, f"{file.name}, line {entry.line}")

    async def owe_deletions(self, store: Store, writer: Writer) -> None:
        """Write down that what is absent is to be deleted; all rows of the files are in force before."""
        for name, source in self.sources.items():
            if name in self.unreadable:
                self.refused[name] = f"the key of a row cannot be read ({self.unreadable[name]}), so it may be any row"
                continue
            found = await absent_rows(store, source, self.present, self.as_of, self.live[name])
            refusal = found.refusal(self.most)
            if refusal is not None:
                self.refused[name] = refusal
                continue
            owed = deletions_owed(source, found, self.as_of)
            for start in range(0, len(owed), _TASKS_OF_A_COMMIT):
                async with writer.lend() as ingest:
                    await ingest.apply((), tasks=owed[start : start + _TASKS_OF_A_COMMIT])
            self.deleted[name] = len(found.rows)

    def to_json(self) -> dict[str, object]:
        """For scripts."""
        return {"deleted": self.deleted, "refused": self.refused}
