"""What `ingest --snapshot` adds: rows that none of the files holds are deleted."""

from dataclasses import dataclass, field

from cli.exit_codes import UsageRefused
from cli.input_files import Entry, InputFile
from graph_model.catalogue.rules import Source
from graph_model.values.trait_values import timestamp_milliseconds
from services.ingestion.snapshots import PresentRows, TooManyAbsent, absent_rows, deletions_owed
from services.ingestion.writer import Writer
from services.stores.port.protocols import Store


@dataclass(slots=True)
class Snapshot:
    """One whole table for each source of the files, as it is read."""

    sources: dict[str, Source]
    as_of: int  #: when it was taken, milliseconds since 1970
    most: float  #: so many percent of a source's rows may be deleted
    present: PresentRows = field(default_factory=PresentRows)
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
            found = await absent_rows(store, source, self.present, self.as_of)
            try:
                owed = deletions_owed(source, found, self.as_of, self.most)
            except TooManyAbsent as refusal:
                self.refused[name] = str(refusal)
                continue
            async with writer.lend() as ingest:
                await ingest.apply((), tasks=owed)
            self.deleted[name] = len(found.rows)

    def to_json(self) -> dict[str, object]:
        """For scripts."""
        return {"deleted": self.deleted, "refused": self.refused}
