"""Golden traits: which of several records' values a profile shows.

The newest value wins; of two equally new ones that of the source named first in the catalogue, then that of
the record with the smaller address. So the choice follows from the records alone.
"""

from collections.abc import Mapping, Sequence

from graph_model.catalogue.rules import Catalogue
from graph_model.records.record import RecordAddress
from graph_model.resolution.mapping import MappedRecord


def golden_traits(preferred_first: Sequence[MappedRecord], catalogue: Catalogue) -> Mapping[str, MappedRecord]:
    """Choose the record that says each trait of a cluster, in the catalogue's order of traits."""
    chosen: dict[str, MappedRecord] = {}
    for mapped in preferred_first:
        for trait in mapped.traits:
            chosen.setdefault(trait, mapped)
    return {trait: chosen[trait] for trait in catalogue.traits if trait in chosen}


def preference(mapped: MappedRecord, catalogue: Catalogue) -> tuple[int, int, RecordAddress]:
    """Sorts the records of a cluster so that the one whose values win comes first."""
    source = catalogue.sources.get(mapped.address.source)
    rank = len(catalogue.sources) if source is None else source.rank
    return (-mapped.record.observed_at, rank, mapped.address)
