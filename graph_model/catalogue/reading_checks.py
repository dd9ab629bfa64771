"""What a catalogue may say of how values are written: formats, zones, regions, limits, encodings."""

import codecs
from collections.abc import Iterator

from graph_model.catalogue.faults import Fault, suggestion
from graph_model.catalogue.form import ReadForm, RegionForm, SourceForm, TraitForm
from graph_model.catalogue.marked_yaml import Path
from graph_model.values.normalise import phone_regions
from graph_model.values.reading import format_fault, is_zone
from graph_model.values.times import iso_day
from graph_model.values.trait_values import TraitType

_WORDS = frozenset({"accepted", "any"})
_DATED = frozenset({TraitType.DATE, TraitType.TIMESTAMP})


def trait_faults(name: str, trait: TraitForm) -> Iterator[Fault]:
    """Find limits of a trait that are no days, or that nothing can come of."""
    for limit, words in (("earliest", frozenset[str]()), ("latest", _WORDS)):
        written = getattr(trait, limit)
        path = ("traits", name, limit)
        if written is None:
            continue
        if trait.type not in _DATED:
            yield Fault(path, f"found a limit of a trait of type {trait.type}; expected it only of a date or timestamp")
        elif written not in words and not _is_day(written):
            choices = "".join(f", or {word}" for word in sorted(words))
            yield Fault(path, f"found {written!r}; expected a day such as 1850-01-01{choices}")


def reading_faults(name: str, source: SourceForm) -> Iterator[Fault]:
    """Find what a source says of its values that cannot be."""
    path = ("sources", name)
    if source.encoding is not None and not _is_encoding(source.encoding):
        yield Fault(
            (*path, "encoding"), f"found {source.encoding!r}; expected an encoding that Python knows, such as cp1252"
        )
    if source.region is not None:
        yield from _region_faults((*path, "region"), source.region)
    for key, time in (("event_time", source.event_time), ("version", source.version)):
        if time is not None and time.read is not None:
            yield from _read_faults((*path, key, "read"), time.read)
    for column, meaning in source.columns.items():
        if meaning.region is not None:
            yield from _region_faults((*path, "columns", column, "region"), meaning.region)
        if meaning.read is not None:
            yield from _read_faults((*path, "columns", column, "read"), meaning.read)


def country_faults(path: Path, code: str) -> Iterator[Fault]:
    """Find a code that is no country's."""
    if code not in phone_regions():
        hint = suggestion(code.upper(), phone_regions())
        yield Fault(path, f"found {code!r}; expected the two-letter code of a country, such as US or GB{hint}")


def _region_faults(path: Path, region: RegionForm) -> Iterator[Fault]:
    if (region.code is None) == (region.column is None):
        yield Fault(path, "expected either `code`, the two-letter code of a country, or `column`, which says it")
    elif region.code is not None:
        yield from country_faults(path, region.code)


def _read_faults(path: Path, read: ReadForm) -> Iterator[Fault]:
    ways = [key for key, written in (("as", read.as_), ("date", read.date), ("time", read.time)) if written is not None]
    if len(ways) > 1:
        yield Fault((*path, ways[1]), f"found beside `{ways[0]}`; expected only one of them")
    if not ways and read.zone is None and read.decimal is None:
        yield Fault(path, "says nothing; expected `as`, `date`, `time`, `zone` or `decimal`")
    for key, patterns in (("date", read.date), ("time", read.time)):
        if patterns == ():
            yield Fault((*path, key), "found an empty list; expected a pattern such as %d/%m/%Y")
        for index, pattern in enumerate(patterns or ()):
            fault = format_fault(pattern)
            if fault is not None:
                yield Fault((*path, key, index), f"in {pattern!r} {fault}")
    if read.zone is not None and not is_zone(read.zone):
        yield Fault((*path, "zone"), f"found {read.zone!r}; expected a time zone such as Europe/Berlin or UTC")


def _is_day(text: str) -> bool:
    try:
        return iso_day(text).isoformat() == text
    except (ValueError, OverflowError):
        return False


def _is_encoding(name: str) -> bool:
    try:
        return codecs.lookup(name)._is_text_encoding  # noqa: SLF001 - there is no other way to tell `hex` from `cp1252`
    except LookupError:
        return False
