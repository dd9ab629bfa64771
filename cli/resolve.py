"""`identity-graph resolve`: rows in, a partition out; no store, nothing left behind.

The result depends on the rows alone, not on their order nor on that of the files.
"""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Annotated

import orjson
import typer

from cli.exit_codes import ExitCode
from cli.input_files import Accept, InputFile, choose_sources, read_entries
from cli.opening import load_catalogue
from cli.options import STANDARD_STREAM, JsonOption, OutOption
from cli.output import MEMBER_COLUMNS, counted, csv_rows, print_json, result_file, warn
from cli.progress import FileProgress, file_progress
from cli.rejections import SHOWN, Rejections, unread_json, unread_lines
from cli.terminal import say
from graph_model.catalogue.rules import Catalogue
from graph_model.records.record import Change, Record, RecordAddress, apply_change
from graph_model.records.tasks import TruncateSource
from graph_model.resolution.mapping import MappedRecord, map_record
from graph_model.resolution.resolve import Cluster
from graph_model.resolution.resolve import resolve as resolve_records
from graph_model.values.identifiers import Identifier
from services.clock import now_milliseconds
from services.files.unread_values import Place, UnreadValues


def resolve(
    inputs: Annotated[
        list[Path], typer.Argument(metavar="INPUT...", help="CSV, JSON lines or JSON; `-` is standard input.")
    ],
    catalogue: Annotated[Path, typer.Option("--catalogue", metavar="FILE", help="The catalogue.")],
    out: OutOption,
    source: Annotated[
        str | None, typer.Option("--source", metavar="NAME", help="Source of all inputs; else told by their names.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Tell which rows are one person: `source,key,profile_id` as CSV, without a store.

    Ids are numbers of this run: profile 1 has the smallest address. The same rows give the same bytes, in
    whatever order they come; of several rows with one key the newest counts (by the source's `version` and
    `event_time` columns). Change envelopes count in their order.

    For example:

        identity-graph resolve --catalogue catalogue.yaml crm.csv shop.csv --out members.csv

        identity-graph resolve --catalogue catalogue.yaml --source crm - --out - < crm.csv
    """
    meaning = load_catalogue(catalogue)
    files = choose_sources(inputs, source, meaning)
    gathered = _Gathered(meaning, now_milliseconds())
    with file_progress() as progress:
        for file in files:
            gathered.read(file, progress)
    mapped = _mapped(gathered.records, meaning)
    for address, each in mapped.items():
        gathered.unread.add(each, gathered.places[address])
    generic = _generic(mapped, meaning)
    clusters = _clusters(mapped, generic, meaning)
    with result_file(out) as written, csv_rows(written) as write_row:
        write_row(MEMBER_COLUMNS)
        for number, cluster in enumerate(clusters, start=1):
            for address in cluster.members:
                write_row((address.source, address.key, number))
    # The summary must not run into the result.
    taken_apart = _taken_apart(generic, mapped, clusters)
    _tell(gathered, clusters, taken_apart, as_json=as_json, to_error_stream=out == STANDARD_STREAM)
    if gathered.rejections.total:
        raise typer.Exit(ExitCode.REFUSED)


@dataclass(slots=True)
class _Gathered:
    """The newest version of every row read."""

    catalogue: Catalogue
    now: int  #: the one time of the run, milliseconds since 1970: rows that say none are equally old
    records: dict[RecordAddress, Record] = field(default_factory=dict)
    places: dict[RecordAddress, Place] = field(default_factory=dict)
    lines: int = 0
    rejections: Rejections = field(default_factory=Rejections)
    unread: UnreadValues = field(default_factory=UnreadValues)

    def read(self, file: InputFile, progress: FileProgress) -> None:
        """Read one file."""
        accept: Accept = (lambda: (0, self.now)) if file.rows_of is not None else _in_order(self.lines, self.now)
        with progress.reading(file) as reading:
            for entry in read_entries(file, reading.stream, self.catalogue, accept, warn):
                self.lines += 1
                if entry.reason is not None:
                    self.rejections.add(file, entry)
                for change in entry.changes:
                    self._take(change, Place(self.lines, entry.line, file.name), ordered=file.rows_of is None)
                for task in entry.tasks:
                    self._empty(task)
                reading.count()

    def _take(self, change: Change, place: Place, *, ordered: bool) -> None:
        """Keep the newer version: of changes the later one, of plain rows the one that says so itself."""
        stored = self.records.get(change.address)
        columns = self.catalogue.sources[change.address.source].columns
        record = apply_change(stored if ordered else None, change, columns).record
        if ordered or stored is None or _age(record) > _age(stored):
            self.records[change.address] = record
            self.places[change.address] = place

    def _empty(self, task: TruncateSource) -> None:
        """Delete all rows of a table that were read so far."""
        for address, record in list(self.records.items()):
            if task.empties(address) and not record.is_tombstone:
                self._take(task.deletion(address), self.places[address], ordered=True)


def _in_order(start: int, now: int) -> Accept:
    numbers = count(start + 1)
    return lambda: (next(numbers), now)


def _age(record: Record) -> tuple[object, ...]:
    """Sorts versions of a row, oldest first; where they do not say, deletions last, then by their values."""
    return (record.position, record.observed_at, record.is_tombstone, orjson.dumps(record.values))


def _mapped(records: Mapping[RecordAddress, Record], catalogue: Catalogue) -> dict[RecordAddress, MappedRecord]:
    return {address: map_record(record, catalogue) for address, record in records.items() if not record.is_tombstone}


def _generic(mapped: Mapping[RecordAddress, MappedRecord], catalogue: Catalogue) -> dict[Identifier, int]:
    """The identifiers that too many records carry, and how many do."""
    holders = Counter(identifier for each in mapped.values() for identifier in each.identifiers)
    return {each: number for each, number in holders.items() if catalogue.kinds[each.kind].is_generic(number)}


@dataclass(frozen=True, slots=True)
class _TakenApart:
    """An identifier that is too common to join anybody."""

    identifier: Identifier
    records: int  #: that carry it
    profiles: int  #: that these are


def _taken_apart(
    generic: Mapping[Identifier, int], mapped: Mapping[RecordAddress, MappedRecord], clusters: Sequence[Cluster]
) -> list[_TakenApart]:
    carried = ({each for address in cluster.members for each in mapped[address].identifiers} for cluster in clusters)
    profiles = Counter(identifier for each in carried for identifier in each & generic.keys())
    return [_TakenApart(each, generic[each], profiles[each]) for each in sorted(generic)]


def _clusters(
    mapped: Mapping[RecordAddress, MappedRecord], generic: Collection[Identifier], catalogue: Catalogue
) -> Sequence[Cluster]:
    components = resolve_records(mapped, (), frozenset(generic), catalogue)
    return sorted((cluster for each in components for cluster in each.clusters), key=lambda each: each.members)


def _tell(
    gathered: _Gathered,
    clusters: Sequence[Cluster],
    generic: Sequence[_TakenApart],
    *,
    as_json: bool,
    to_error_stream: bool,
) -> None:
    records = sum(len(cluster.members) for cluster in clusters)
    largest = max((len(cluster.members) for cluster in clusters), default=0)
    conflicts = len({conflict for cluster in clusters for conflict in cluster.conflicts})
    if as_json:
        result = {
            "lines": gathered.lines,
            "records": records,
            "profiles": len(clusters),
            "largest_profile": largest,
            "conflicts": conflicts,
            "generic": [
                each.identifier._asdict() | {"records": each.records, "profiles": each.profiles}
                for each in generic[:SHOWN]
            ],
            "unread_values": unread_json(gathered.unread),
            "rejected": gathered.rejections.to_json(),
        }
        print_json(result, to_error_stream=to_error_stream)
        return
    say(
        f"{counted(records, 'record')} {'is' if records == 1 else 'are'} {counted(len(clusters), 'profile')}; "
        f"the largest has {counted(largest, 'record')}. {counted(conflicts, 'conflict')} kept records apart.",
        err=to_error_stream,
    )
    for line in (*_generic_lines(generic), *unread_lines(gathered.unread), *gathered.rejections.lines()):
        say(line, err=to_error_stream)


def _generic_lines(generic: Sequence[_TakenApart]) -> Iterator[str]:
    if generic:
        yield f"\nToo common to be evidence (generic): {counted(len(generic), 'identifier')}"
        for each in generic[:SHOWN]:
            profiles = counted(each.profiles, "profile")
            yield f"  {each.identifier}  in {counted(each.records, 'record')}, which are {profiles}"
        if len(generic) > SHOWN:
            yield f"  … and {len(generic) - SHOWN} more"
