"""Golden values: what a profile shows of several records' values, by the rule of each trait.

Where a rule speaks of the newest, of two equally new ones that of the source named first in the catalogue goes first,
then that of the record with the smaller address. So the choice follows from the records alone.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Final, NamedTuple, TypeAlias

from graph_model.catalogue.rules import Catalogue, TraitRule
from graph_model.records.record import RecordAddress
from graph_model.resolution.mapping import MappedRecord
from graph_model.values.equality import JsonValue


class GoldenValue(NamedTuple):
    """The value of a trait that a profile shows."""

    value: JsonValue
    places: tuple[int, ...]  #: of the records that it comes from, among those it was chosen from; at least one


#: Chooses from records, the preferred one first; None: none of them says the trait.
Choice: TypeAlias = Callable[[str, Sequence[MappedRecord]], GoldenValue | None]


def golden_values(preferred_first: Sequence[MappedRecord], catalogue: Catalogue) -> Mapping[str, GoldenValue]:
    """Choose the value of each trait of a cluster, in the catalogue's order of traits."""
    golden = {}
    for name, trait in catalogue.traits.items():
        chosen = _CHOICES[trait.rule](name, preferred_first)
        if chosen is not None:
            golden[name] = chosen
    return golden


def preference(mapped: MappedRecord, catalogue: Catalogue) -> tuple[int, int, RecordAddress]:
    """Sorts the records of a cluster so that the one whose values are the newest comes first."""
    record = mapped.record
    source = catalogue.sources.get(record.address.source)
    rank = len(catalogue.sources) if source is None else source.rank
    return (-record.observed_at, rank, record.address)


def _newest(name: str, preferred_first: Sequence[MappedRecord]) -> GoldenValue | None:
    for place, mapped in enumerate(preferred_first):
        value = mapped.traits.get(name)
        if value is not None:
            return GoldenValue(value, (place,))
    return None


_CHOICES: Final[Mapping[TraitRule, Choice]] = {TraitRule.NEWEST: _newest}
