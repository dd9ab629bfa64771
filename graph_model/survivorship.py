"""Golden traits: which of several records' values a profile shows.

The newest value wins; of two equally new ones that of the source named first in the catalogue, then that of
the record with the smaller address. So the choice follows from the records alone.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from graph_model.catalogue import Catalogue
from graph_model.mapping import MappedRecord
from graph_model.records import JsonValue, RecordAddress


@dataclass(frozen=True, slots=True)
class GoldenTrait:
    """A trait's value with where and when it was said."""

    value: JsonValue
    record: RecordAddress
    observed_at: int  #: milliseconds since 1970


def golden_traits(preferred_first: Sequence[MappedRecord], catalogue: Catalogue) -> Mapping[str, GoldenTrait]:
    """Choose the value of each trait among the members of a cluster, in the catalogue's order of traits."""
    chosen: dict[str, GoldenTrait] = {}
    for mapped in preferred_first:
        for trait, value in mapped.traits.items():
            if trait not in chosen:
                chosen[trait] = GoldenTrait(value, mapped.address, mapped.record.observed_at)
    return {trait: chosen[trait] for trait in catalogue.traits if trait in chosen}


def preference(mapped: MappedRecord, catalogue: Catalogue) -> tuple[int, int, RecordAddress]:
    """Sorts the records of a cluster so that the one whose values win comes first."""
    source = catalogue.sources.get(mapped.address.source)
    rank = len(catalogue.sources) if source is None else source.rank
    return (-mapped.record.observed_at, rank, mapped.address)
