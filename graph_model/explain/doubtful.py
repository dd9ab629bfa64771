"""Rows of one profile that a single identifier joins although their names or birth dates differ.

The office phone of two colleagues is of that sort. Whose names differ is told by the traits of the catalogue: by their
names (`last_name`, `birth_date`), or since a person has only one value of them.
"""

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from itertools import combinations
from typing import Final, TypeAlias

from graph_model.catalogue.rules import Catalogue
from graph_model.records.record import RecordAddress
from graph_model.resolution.evidence_graph import EvidenceGraph, IdentifierNode, Node, joining
from graph_model.resolution.graph import walk_depth_first
from graph_model.resolution.mapping import MappedRecord
from graph_model.values.blocked_values import BLOCKED_VALUES
from graph_model.values.equality import JsonValue, canonical_bytes
from graph_model.values.identifiers import Identifier
from graph_model.values.normalise.name import normalise_name
from graph_model.values.trait_values import TraitType

#: So many pairs of a profile are named at the most.
NAMED_PAIRS: Final = 10

#: Of what one identifier holds together, so many parts are compared: the largest.
_COMPARED_PARTS: Final = 30

#: So many identifiers of a profile are looked at: the weakest.
_COMPARED_IDENTIFIERS: Final = 100

#: Stands for names that rows keep in different traits.
NAMES: Final = "name"

_WORD: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
#: Words in the names of traits that are names of people, as catalogues of several languages have them.
_NAME_WORD: Final = re.compile(
    r"(?:first|last|full|fore|sur|given|family|middle|maiden)?names?|(?:vor|nach|familien)name|(?:voor|achter)?naam|"
    r"(?:pre)?nom|nombres?|apellidos?|(?:cog|sobre)?nome|imie|nazwisko"
)
#: With these beside them they are names of something else.
_OTHER_WORD: Final = re.compile(
    r"account|brand|business|city|company|country|display|domain|employer|event|file|firm|host|login|nick|org|"
    r"organi[sz]ation|page|product|region|school|screen|shop|source|state|store|street|system|table|team|user(?:name)?"
)
_BIRTH_WORD: Final = re.compile(
    r"birth(?:date|day|year)?|born|dob|geburt(?:sdatum|stag)?|geboren|naissance|nacimiento|nascimento|nascita|"
    r"geboortedatum|urodzenia"
)


class _Sort(StrEnum):
    """What a trait tells about who somebody is."""

    NAME = "name"
    BIRTH = "birth"
    OTHER = "other"  #: a person has only one value of it


#: Trait -> what is said of it, in comparable form.
Said: TypeAlias = Mapping[str, frozenset[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class DoubtfulPair:
    """Two rows of a profile that a single identifier joins, directly or with others of theirs."""

    identifier: Identifier  #: without it they would be in two profiles
    one: RecordAddress
    other: RecordAddress
    parts: tuple[int, int]  #: how many records would stay with each of them
    differing: tuple[str, ...]  #: the traits that differ, or `NAMES`


def is_disputed(rows: Collection[MappedRecord], catalogue: Catalogue) -> bool:
    """Whether names or birth dates of any two rows differ."""
    said = {tuple(sorted(each.items())) for row in rows if (each := _said((row,), catalogue))}
    return any(_differing(dict(one), dict(other), catalogue) for one, other in combinations(sorted(said, key=str), 2))


def doubtful_pairs(
    graph: EvidenceGraph, rows: Mapping[RecordAddress, MappedRecord], catalogue: Catalogue
) -> tuple[DoubtfulPair, ...]:
    """Find the rows of a profile whose only joint is one identifier, and whose names or birth dates differ.

    A kind of which a person has one value is no weak joint. What a verdict joins as well hangs together without the
    identifier, and is not doubted.

    Args:
        graph: the records of one profile with their evidence.
        rows: what these records say.
        catalogue: kinds and traits.

    Returns:
        The ten most doubtful: those that most speaks against, then those whose identifier is the weakest. Two rows that
        would come apart without any of several identifiers are named once, with the weakest.
    """
    joins = joining(graph)
    joints = [
        (catalogue.kinds[node.identifier.kind].priority, node.identifier)
        for node in walk_depth_first(joins).joints()
        if isinstance(node, IdentifierNode) and catalogue.kinds[node.identifier.kind].value_limit != 1
    ]
    found = [
        pair
        for _, identifier in sorted(joints)[:_COMPARED_IDENTIFIERS]
        for pair in _pairs(joins, identifier, rows, catalogue)
    ]
    told: dict[tuple[RecordAddress, RecordAddress], DoubtfulPair] = {}
    for pair in sorted(found, key=lambda pair: _urgency(pair, catalogue)):
        told.setdefault((pair.one, pair.other), pair)
    return tuple(told.values())[:NAMED_PAIRS]


def _urgency(pair: DoubtfulPair, catalogue: Catalogue) -> tuple[int, int, Identifier, RecordAddress, RecordAddress]:
    priority = catalogue.kinds[pair.identifier.kind].priority
    return (-len(pair.differing), priority, pair.identifier, pair.one, pair.other)


def _pairs(
    joins: EvidenceGraph,
    identifier: Identifier,
    rows: Mapping[RecordAddress, MappedRecord],
    catalogue: Catalogue,
) -> Iterable[DoubtfulPair]:
    """Compare the parts that only one identifier holds together."""
    parts = sorted(_parts_without(joins, IdentifierNode(identifier)), key=lambda part: (-len(part), part))
    compared = parts[:_COMPARED_PARTS]
    said = [_said([rows[address] for address in part], catalogue) for part in compared]
    for here, there in combinations(range(len(compared)), 2):
        differing = _differing(said[here], said[there], catalogue)
        if differing:
            one, other = (_speaker(compared[part], identifier, rows, said[part]) for part in (here, there))
            (low, parts_low), (high, parts_high) = sorted(((one, len(compared[here])), (other, len(compared[there]))))
            yield DoubtfulPair(
                identifier=identifier, one=low, other=high, parts=(parts_low, parts_high), differing=differing
            )


def _parts_without(joins: EvidenceGraph, joint: Node) -> list[list[RecordAddress]]:
    """The records on each side of a joint."""
    parts = []
    seen: set[Node] = {joint}
    for start in joins.neighbours[joint]:
        if start in seen:
            continue
        seen.add(start)
        reached = [start]
        for node in reached:  # grows while it is walked through
            for further in joins.neighbours[node]:
                if further not in seen:
                    seen.add(further)
                    reached.append(further)
        parts.append(sorted(node for node in reached if isinstance(node, RecordAddress)))
    return parts


def _speaker(
    part: Sequence[RecordAddress], identifier: Identifier, rows: Mapping[RecordAddress, MappedRecord], said: Said
) -> RecordAddress:
    """The record to show of a part: one that says most of who it is and, where it can be, carries the identifier."""
    return min(
        part,
        key=lambda address: (
            -len(said.keys() & rows[address].traits.keys()),
            identifier not in rows[address].identifiers,
            address,
        ),
    )


def _said(rows: Iterable[MappedRecord], catalogue: Catalogue) -> Said:
    """What rows say together of who they are about; initials alone and placeholders say nothing."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    for row in rows:
        for trait, sort in _sorts(catalogue).items():
            value = _comparable(row.traits.get(trait), sort)
            if value is not None:
                found[trait].add(value)
    return {trait: frozenset(values) for trait, values in found.items()}


def _comparable(value: JsonValue, sort: _Sort) -> str | None:
    if value is None:
        return None
    text = value if isinstance(value, str) else canonical_bytes(value).decode()
    if sort is _Sort.BIRTH:
        return text[:10]  # the day of a time
    if sort is _Sort.OTHER:
        return text
    name = normalise_name(text)
    if name in BLOCKED_VALUES:
        return None  # it may be a name, but is no reason to doubt
    return None if name is None or all(map(_is_initial, name.split())) else name


def _differing(one: Said, other: Said, catalogue: Catalogue) -> tuple[str, ...]:
    """The traits of which both say something, and nothing that could be the same."""
    sorts = _sorts(catalogue)
    names = [trait for trait, sort in sorts.items() if sort is _Sort.NAME]
    shared = [trait for trait in sorts if trait in one and trait in other]
    found = [t for t in shared if sorts[t] is not _Sort.NAME and one[t].isdisjoint(other[t])]
    here, there = _words(one, names), _words(other, names)
    if here and there and not (_are_within(here, there) or _are_within(there, here)):
        differing = [t for t in shared if t in names and not _have_common_name(one[t], other[t])]
        found += differing or ([] if any(t in names for t in shared) else [NAMES])
    return tuple(dict.fromkeys(trait for trait in (*sorts, NAMES) if trait in found))


def _words(said: Said, names: Iterable[str]) -> frozenset[str]:
    return frozenset(word for trait in names for name in said.get(trait, ()) for word in name.split())


def _have_common_name(one: Iterable[str], other: Collection[str]) -> bool:
    """Whether a name could be another one: the words of the shorter, or longer forms of them, are all in the other."""
    for first in one:
        for second in other:
            here, there = frozenset(first.split()), frozenset(second.split())
            if _are_within(here, there) or _are_within(there, here):
                return True
    return False


def _are_within(words: Iterable[str], others: Collection[str]) -> bool:
    return all(any(_may_be_same(word, other) for other in others) for word in words)


def _may_be_same(word: str, other: str) -> bool:
    """Whether one may be a short form of the other: an initial, or `Ann` of `Annie`."""
    return word.startswith(other) or other.startswith(word)


def _is_initial(word: str) -> bool:
    """Whether a word is a single letter of a script that has initials."""
    return len(word) == 1 and word.upper() != word


@lru_cache(maxsize=16)
def _sorts(catalogue: Catalogue) -> Mapping[str, _Sort]:
    """The traits by which people are told apart, in the catalogue's order."""
    found = {}
    for name, trait in catalogue.traits.items():
        words = [word.lower() for word in _WORD.findall(name)]
        if trait.type is not TraitType.TEXT and any(map(_BIRTH_WORD.fullmatch, words)):
            found[name] = _Sort.BIRTH
        elif trait.type is TraitType.TEXT and _names_people(words):
            found[name] = _Sort.NAME
        elif name in catalogue.exclusive_traits:
            found[name] = _Sort.OTHER
    return found


def _names_people(words: Collection[str]) -> bool:
    return any(map(_NAME_WORD.fullmatch, words)) and not any(map(_OTHER_WORD.fullmatch, words))
