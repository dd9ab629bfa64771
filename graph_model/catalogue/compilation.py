"""From the parts of a checked catalogue file to the rules that the engine uses."""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import Final

from graph_model.catalogue.form import (
    CatalogueForm,
    ColumnForm,
    DeletedForm,
    IdentifierForm,
    ReadForm,
    RegionForm,
    SourceForm,
    TimeForm,
    TraitForm,
)
from graph_model.catalogue.rules import (
    ACCEPTED,
    NULL_MARKERS,
    Column,
    DeletionFlag,
    Region,
    RegionColumn,
    Source,
    TimeColumn,
    Trait,
)
from graph_model.values.blocked_values import (
    ANY_BLOCKED_PATTERN,
    BLOCKED_ADDRESS_PATTERNS,
    BLOCKED_BIRTH_DATES,
    BLOCKED_VALUES,
    NAMES_AMONG_THEM,
    ROLE_MAILBOXES,
)
from graph_model.values.flags import flag_text
from graph_model.values.identifiers import CompositePart, IdentifierKind
from graph_model.values.normalise import NORMALISERS
from graph_model.values.patterns import Pattern
from graph_model.values.reading import AS_WRITTEN, Notation, Reading
from graph_model.values.trait_values import TraitType

#: Written as `latest` of a trait that would have a limit otherwise.
_ANY: Final = "any"

#: Names of traits that say when a person was born.
_BIRTH: Final = re.compile(r"(?:^|_)(?:born|birth(?:_?da(?:te|y))?|birthday|dob)(?:_|$)", re.IGNORECASE)


def compiled_kind(name: str, form: IdentifierForm) -> IdentifierKind:
    """A kind of identifier."""
    normaliser = None if form.normalise is None else NORMALISERS[form.normalise]
    normalise = None if normaliser is None else normaliser.for_region(form.region)
    is_address = form.normalise == "email"
    return IdentifierKind(
        name=name,
        normalise=normalise,
        for_region=normaliser.for_region if normaliser is not None and form.normalise == "phone" else None,
        holder_limit=form.holders,
        priority=form.priority,
        value_limit=value_limit(form),
        blocked_values=(BLOCKED_VALUES - NAMES_AMONG_THEM if form.composite else BLOCKED_VALUES)
        | _spellings(form.blocked, normalise),
        blocked_mailboxes=ROLE_MAILBOXES if is_address else frozenset(),
        blocked_patterns=(
            ANY_BLOCKED_PATTERN,
            *(BLOCKED_ADDRESS_PATTERNS if is_address else ()),
            *(Pattern(pattern, of_folded_texts=True) for pattern in form.blocked_patterns),
        ),
        allowed_values=_spellings(form.allowed, normalise),
        parts=tuple(
            CompositePart(part.trait, NORMALISERS[part.normalise].for_region(form.region))
            for part in form.composite or ()
        ),
    )


def value_limit(form: IdentifierForm) -> int | None:
    """How many values of a kind a person may have; None: any number."""
    return 1 if form.exclusive else form.values


def compiled_trait(name: str, form: TraitForm) -> Trait:
    """A trait, with its limits."""
    is_birth_date = form.type is TraitType.DATE and _BIRTH.search(name) is not None
    latest = form.latest or (ACCEPTED if is_birth_date else None)
    shipped = BLOCKED_BIRTH_DATES if is_birth_date and form.blocked != () else frozenset()
    return Trait(
        type=form.type,
        earliest=form.earliest,
        latest=None if latest == _ANY else latest,
        blocked=shipped | {value.strip().casefold() for value in form.blocked or ()},
    )


def compiled_source(name: str, form: SourceForm, rank: int, catalogue: CatalogueForm) -> Source:
    """A source, with what the catalogue says for all of them."""
    nulls = null_markers(null_markers(NULL_MARKERS, catalogue.nulls), form.nulls)
    declared = {column: null_markers(nulls, meaning.nulls) for column, meaning in form.columns.items()}
    nulls_of = defaultdict(lambda: nulls, declared)
    return Source(
        name=name,
        format=form.format,
        topic=form.topic,
        topic_pattern=None if form.topic_pattern is None else Pattern(form.topic_pattern),
        table=form.table,
        file=form.file,
        key=form.key,
        event_time=_time_column(form.event_time),
        version=_time_column(form.version),
        epoch=form.epoch,
        meanings=tuple(
            Column(
                name=column,
                identifier=meaning.identifier,
                trait=meaning.trait,
                reading=_reading(meaning.read),
                separator=meaning.separator,
                region=_region(meaning, form.region, catalogue, nulls_of),
                nulls=nulls_of[column],
            )
            for column, meaning in form.columns.items()
        ),
        rank=rank,
        trust=form.trust,
        deleted=_deletion_flag(form.deleted),
        nulls=nulls,
        encoding=form.encoding,
    )


def null_markers(above: frozenset[str], written: Iterable[str] | None) -> frozenset[str]:
    """The texts that stand for no value, with those that one level of the catalogue adds; an empty list: none."""
    if written is None:
        return above
    added = frozenset(text.strip() for text in written)
    return above | added if added else added


def _region(
    meaning: ColumnForm,
    of_source: RegionForm | None,
    catalogue: CatalogueForm,
    nulls_of: Mapping[str, frozenset[str]],
) -> Region | None:
    """The country of a column's numbers: what the column says, else the source, else the kind."""
    kind = catalogue.identifiers.get(meaning.identifier or "")
    nearest = meaning.region or of_source
    if kind is None or kind.normalise != "phone" or nearest is None:
        return None
    if nearest.column is None:
        return nearest.code
    otherwise = kind.region if of_source is None or of_source.code is None else of_source.code
    return RegionColumn(nearest.column, otherwise, nulls_of[nearest.column])


def _time_column(form: TimeForm | None) -> TimeColumn | None:
    return None if form is None else TimeColumn(form.column, _reading(form.read))


def _deletion_flag(form: DeletedForm | None) -> DeletionFlag | None:
    if form is None:
        return None
    return DeletionFlag(form.column, None if form.equals is None else frozenset(map(flag_text, form.equals)))


def _reading(form: ReadForm | None) -> Reading:
    if form is None:
        return AS_WRITTEN
    return Reading(form.as_ or Notation.ISO, form.date or form.time or (), form.zone, form.decimal)


def _spellings(values: Iterable[str], normalise: Callable[[str], str | None] | None) -> frozenset[str]:
    """Values as written and in normal form, casefolded."""
    normal = (normalise(value) for value in values) if normalise is not None else ()
    return frozenset(value.strip().casefold() for value in (*values, *normal) if value is not None)
