"""What the parts of a catalogue must mean to each other, once each has the right shape."""

from collections.abc import Iterable, Iterator
from contextlib import suppress

from graph_model.catalogue.faults import Fault, described, suggestion
from graph_model.catalogue.form import CatalogueForm, IdentifierForm, SourceForm
from graph_model.catalogue.reading_checks import country_faults, reading_faults, trait_faults
from graph_model.values.normalise import NormaliserName
from graph_model.values.patterns import Pattern, PatternRefused


def meaning_faults(form: CatalogueForm, declared_kinds: Iterable[str], declared_traits: Iterable[str]) -> list[Fault]:
    """Find every part that contradicts another one, or that nothing can come of.

    Args:
        form: the catalogue, or what of it has the right shape.
        declared_kinds: names of all identifier kinds in the file, those with faults of shape included.
        declared_traits: names of all traits in the file, likewise.
    """
    kinds, traits = frozenset(declared_kinds), frozenset(declared_traits)
    faults: list[Fault] = []
    if not form.identifiers:
        faults.append(Fault(("identifiers",), "no identifier kind is declared; expected at least one"))
    if not form.sources:
        faults.append(Fault(("sources",), "no source is declared; expected at least one"))
    for name, kind in form.identifiers.items():
        faults += _kind_faults(name, kind, traits)
    for name, trait in form.traits.items():
        faults += trait_faults(name, trait)
    for name, source in form.sources.items():
        faults += _topic_faults(name, source)
        faults += reading_faults(name, source)
        faults += _column_faults(name, source, form, kinds, traits)
    faults += _shared_topics(form)
    # A kind may seem unused only because a column misspells it, so that is told once the names are right.
    columns = [column for source in form.sources.values() for column in source.columns.values()]
    if all(column.identifier in {None, *kinds} and column.trait in {None, *traits} for column in columns):
        for name, kind in form.identifiers.items():
            faults += _unused_kind(name, kind, form)
    return faults


def _kind_faults(name: str, kind: IdentifierForm, traits: frozenset[str]) -> Iterator[Fault]:
    path = ("identifiers", name)
    if kind.composite is None and kind.normalise is None:
        yield Fault(path, "is never normalised; expected `normalise`, or `composite` with the traits it is made of")
    if kind.composite is not None and kind.normalise is not None:
        message = "found beside `composite`; expected only one of them, since each part says how it is normalised"
        yield Fault((*path, "normalise"), message)
    written = {"exclusive", "values"} <= kind.model_fields_set and kind.values is not None
    if written and kind.exclusive != (kind.values == 1):
        message = f"found {kind.values} beside `exclusive: {str(kind.exclusive).lower()}`; expected only one of them"
        yield Fault((*path, "values"), message)
    used: set[str] = set()
    for index, part in enumerate(kind.composite or ()):
        where = (*path, "composite", index, "trait")
        if part.trait not in traits:
            yield Fault(where, _undeclared("trait", part.trait, traits))
        if part.trait in used:
            yield Fault(where, f"found the trait {part.trait!r} a second time; expected each once")
        used.add(part.trait)
    yield from _region_faults(path, kind)
    for index, pattern in enumerate(kind.blocked_patterns):
        yield from _pattern_faults((*path, "blocked_patterns", index), pattern)


def _region_faults(path: tuple[str, ...], kind: IdentifierForm) -> Iterator[Fault]:
    normalisers: set[NormaliserName | None] = {kind.normalise, *(part.normalise for part in kind.composite or ())}
    if kind.region is None:
        return
    if "phone" not in normalisers:
        yield Fault((*path, "region"), "found a region; expected it only where `normalise` is phone")
    else:
        yield from country_faults((*path, "region"), kind.region)


def _unused_kind(name: str, kind: IdentifierForm, form: CatalogueForm) -> Iterator[Fault]:
    if kind.composite is None:
        carried = any(
            column.identifier == name for source in form.sources.values() for column in source.columns.values()
        )
        if not carried:
            yield Fault(
                ("identifiers", name), f"no column of any source carries it; expected one with `identifier: {name}`"
            )
        return
    needed = {part.trait for part in kind.composite}
    if not any(needed <= {column.trait for column in source.columns.values()} for source in form.sources.values()):
        message = f"no source has all traits that it is made of; expected one with {', '.join(sorted(needed))}"
        yield Fault(("identifiers", name), message)


def _topic_faults(name: str, source: SourceForm) -> Iterator[Fault]:
    path = ("sources", name)
    has_topic = source.topic is not None or source.topic_pattern is not None
    if source.topic is not None and source.topic_pattern is not None:
        yield Fault((*path, "topic_pattern"), "found beside `topic`; expected only one of them")
    if source.topic_pattern is not None:
        yield from _pattern_faults((*path, "topic_pattern"), source.topic_pattern)
    if source.format == "debezium" and not has_topic:
        yield Fault((*path, "topic"), "is missing; expected `topic` or `topic_pattern` with `format: debezium`")
    if source.table is not None and source.format != "debezium":
        message = "found a table; expected it only with `format: debezium`, since plain rows do not tell their table"
        yield Fault((*path, "table"), message)


def _column_faults(
    name: str, source: SourceForm, form: CatalogueForm, kinds: frozenset[str], traits: frozenset[str]
) -> Iterator[Fault]:
    path = ("sources", name)
    if not source.key:
        yield Fault((*path, "key"), "no key column is named; expected `key` with the row's key, such as [id]")
    if not source.columns:
        yield Fault((*path, "columns"), "no column is named; expected `columns` with what they mean")
    for index, column in enumerate(source.key):
        if column in source.key[:index]:
            yield Fault((*path, "key", index), f"found the column {column!r} a second time; expected each once")
    for column, meaning in source.columns.items():
        where = (*path, "columns", column)
        if meaning.identifier is None and meaning.trait is None:
            yield Fault(where, "says nothing; expected `identifier`, `trait`, or both")
        if meaning.identifier is not None and meaning.identifier not in kinds:
            message = _undeclared("identifier kind", meaning.identifier, kinds)
            yield Fault((*where, "identifier"), message)
        kind = form.identifiers.get(meaning.identifier or "")
        if kind is not None and kind.composite is not None:
            message = f"found the composite kind {meaning.identifier!r}; expected a kind with `normalise`"
            yield Fault((*where, "identifier"), message)
        if meaning.region is not None and (kind is None or kind.normalise != "phone"):
            yield Fault((*where, "region"), "found a region; expected it only of a kind with `normalise: phone`")
        if meaning.trait is not None and meaning.trait not in traits:
            yield Fault((*where, "trait"), _undeclared("trait", meaning.trait, traits))


def _shared_topics(form: CatalogueForm) -> Iterator[Fault]:
    """Sources that share a topic are told apart by their table; one of them may take all other tables."""
    for field in ("topic", "topic_pattern"):
        taken: dict[str, list[tuple[str, SourceForm]]] = {}
        for name, source in form.sources.items():
            topic = getattr(source, field)
            if topic is None:
                continue
            for other_name, other in taken.get(topic, []):
                if source.table == other.table:
                    message = f"found {topic!r}, as in the source {other_name!r}; expected a `table` of its own in each"
                    yield Fault(("sources", name, field), message)
                if source.epoch != other.epoch:
                    message = f"found {source.epoch}; expected {other.epoch}, as in {other_name!r} of the same topic"
                    yield Fault(("sources", name, "epoch"), message)
                if source.format != other.format:
                    message = (
                        f"found {source.format!r}; expected {other.format!r}, as in {other_name!r} of the same topic"
                    )
                    yield Fault(("sources", name, "format"), message)
            taken.setdefault(topic, []).append((name, source))
    yield from _topics_under_patterns(form)


def _topics_under_patterns(form: CatalogueForm) -> Iterator[Fault]:
    patterns: dict[str, Pattern] = {}
    for name, source in form.sources.items():
        if source.topic_pattern is not None:
            with suppress(PatternRefused):  # that is told where it stands
                patterns[name] = Pattern(source.topic_pattern)
    for name, source in form.sources.items():
        for other_name, pattern in patterns.items():
            if source.topic is None or not pattern.fullmatch(source.topic):
                continue
            other = form.sources[other_name]
            message = f"found {source.topic!r}, which the `topic_pattern` of {other_name!r} matches, too"
            if source.format != other.format:
                message += f", and {name!r} is `format: {source.format}`, {other_name!r} `format: {other.format}`"
                expected = "one format for all messages of a topic, or a `topic_pattern` that does not match it"
                yield Fault(("sources", name, "topic"), f"{message}; expected {expected}")
            elif source.table == other.table:
                yield Fault(("sources", name, "topic"), f"{message}; expected topics of its own in each")


def _pattern_faults(path: tuple[str | int, ...], pattern: str) -> Iterator[Fault]:
    try:
        Pattern(pattern)
    except PatternRefused as refused:
        yield Fault(path, f"found {described(pattern)}; expected {refused}")


def _undeclared(what: str, name: str, declared: frozenset[str]) -> str:
    known = ", ".join(sorted(declared)) or "none is declared"
    return f"found the {what} {name!r}, which is not declared; expected one of: {known}{suggestion(name, declared)}"
