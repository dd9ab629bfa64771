"""Writes a draft as YAML: every guess with its reason, every doubt as a question."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

import yaml

from graph_model.catalogue.draft.composites import COMPOSITE_PRIORITY, Composite
from graph_model.catalogue.draft.guesses import Guess, rows
from graph_model.catalogue.draft.kinds import NUMBER_PRIORITY, PRIORITIES, Kind, Kinds
from graph_model.catalogue.draft.notations import Written
from graph_model.catalogue.draft.table_drafts import TableDraft
from graph_model.values.reading import Notation
from graph_model.values.trait_values import TraitType

_PLAIN: Final = re.compile(r"[A-Za-z][A-Za-z0-9_.-]*")
_MEANT_OTHERWISE: Final = frozenset({"true", "false", "null", "yes", "no", "on", "off", "y", "n"})
_IN_COMMENTS: Final = str.maketrans(dict.fromkeys(map(ord, "\r\n\x85\u2028\u2029"), " "))


def written_draft(
    drafts: Sequence[TableDraft],
    left_out: Sequence[tuple[str, str]],
    kinds: Kinds,
    composite: Composite | None,
    traits: Mapping[tuple[str, str], str],
    types: Mapping[str, TraitType],
) -> str:
    """Write the catalogue.

    Args:
        drafts: the tables that become sources.
        left_out: the others, each with the reason.
        kinds: of identifiers, with the columns that carry them.
        composite: the identifier made of traits.
        traits: their names, by source and column.
        types: of the traits.
    """
    seen = ", ".join(f"{rows(draft.number)} of {_comment(draft.source)}" for draft in drafts)
    lines = [
        f"# Drafted from {seen}. Lines with # ? ask something: answer them, check every line, then:",
        "#   identity-graph catalogue check FILE",
        "version: 1",
        "",
        "identifiers: # what tells who a row is about",
        *(line for kind in kinds.kinds for line in _kind_lines(kind)),
        *([] if composite is None else _composite_lines(composite)),
        "",
        *_trait_lines(types),
        "",
        "sources: # the tables and streams; of two equally new values the source named first wins",
    ]
    for draft in drafts:
        lines += _source_lines(draft, kinds, traits, types)
    lines += [f"  # {_comment(source)} {_comment(reason)}" for source, reason in left_out]
    return "\n".join(lines) + "\n"


def scalar(text: str) -> str:
    """Write text so that YAML reads it as text."""
    if _PLAIN.fullmatch(text) and text.casefold() not in _MEANT_OTHERWISE:
        return text
    return _quoted(text)


def _kind_lines(kind: Kind) -> Iterator[str]:
    parts = [f"normalise: {kind.normalise}", f"holders: {kind.holders}"]
    parts += ["exclusive: true"] if kind.exclusive else []
    parts += [f"priority: {PRIORITIES.get(kind.name, NUMBER_PRIORITY)}"]
    carried = "; ".join(f"{_comment(draft.source)}: {_comment(guess.column)}" for draft, guess in kind.columns)
    yield f"  {scalar(kind.name)}: {{{', '.join(parts)}}} # in {carried}"
    if kind.exclusive:
        yield f"  # ? {kind.name}: has a person only one? two values keep rows apart; else without `exclusive`"
    yield from _questions(kind.name, kind.doubts, "  ")


def _composite_lines(composite: Composite) -> Iterator[str]:
    yield f"  person: # who shares all of it is one person; in {', '.join(map(_comment, composite.sources))}"
    yield "    composite:"
    for trait, normaliser in composite.parts:
        yield f"      - {{trait: {trait}, normalise: {normaliser}}}"
    yield "    holders: few"
    yield f"    priority: {COMPOSITE_PRIORITY}"
    yield from _questions("person", [composite.doubt] if composite.doubt else [], "  ")


def _trait_lines(types: Mapping[str, TraitType]) -> list[str]:
    if not types:
        return ["traits: {}"]
    lines = [f"  {scalar(name)}: {trait_type}" for name, trait_type in types.items()]
    return ["traits: # what is known of a person, in the order in which readers see it", *lines]


def _source_lines(
    draft: TableDraft, kinds: Kinds, traits: Mapping[tuple[str, str], str], types: Mapping[str, TraitType]
) -> Iterator[str]:
    yield f"  {scalar(draft.source)}:"
    yield from _origin_lines(draft)
    key = draft.key
    yield f"    key: [{', '.join(map(scalar, key.columns))}] # {_comment(key.reason)}"
    yield from _questions("key", [key.doubt] if key.doubt else [], "    ")
    if draft.event_time is not None:
        yield from _event_time_lines(draft.event_time)
    yield from _deletion_lines(draft)
    yield from _region_lines(draft)
    yield "    columns:"
    for guess in draft.guesses:
        at = (draft.source, guess.column)
        yield from _column_lines(guess, kinds.of.get(at), traits.get(at), types, draft)


def _origin_lines(draft: TableDraft) -> Iterator[str]:
    origin = draft.table.origin
    if origin.topic is not None:
        yield f"    topic: {scalar(origin.topic)}"
    if origin.table is not None:
        yield f"    table: {scalar(origin.table)} # its topic carries other tables, too"
    if origin.file is not None:
        yield f"    file: {scalar(origin.file)}"
    if origin.encoding is not None:
        yield f"    encoding: {scalar(origin.encoding)} # as the bytes of the file look"
    yield f"    format: {origin.format}"


def _event_time_lines(guess: Guess) -> Iterator[str]:
    read = _written(guess.written)
    written = scalar(guess.column) if not read else f"{{column: {scalar(guess.column)}, read: {read}}}"
    yield f"    event_time: {written} # named like the time of the last change, {_comment(guess.reason)}"
    yield from _questions(guess.column, guess.doubts, "    ")


def _deletion_lines(draft: TableDraft) -> Iterator[str]:
    if draft.deletion is None:
        return
    column, equals = scalar(draft.deletion.column), ", ".join(f'"{text}"' for text in draft.deletion.equals)
    yield f"    deleted: {{column: {column}, equals: [{equals}]}}" if equals else f"    deleted: {column}"
    yield from _questions(draft.deletion.column, draft.deletion.doubts, "    ")


def _region_lines(draft: TableDraft) -> Iterator[str]:
    region = draft.region
    if region is None:
        return
    if region.column is not None:
        yield f"    region: {{column: {scalar(region.column)}}} # {_comment(region.reason)}"
    elif region.code is not None:
        yield f"    region: {scalar(region.code)} # of telephone numbers without +: {_comment(region.reason)}"
    yield from _questions("region", [region.doubt] if region.doubt else [], "    ")


def _column_lines(
    guess: Guess, kind: str | None, trait: str | None, types: Mapping[str, TraitType], draft: TableDraft
) -> Iterator[str]:
    parts = [f"identifier: {scalar(kind)}"] if kind is not None else []
    parts += [f"trait: {scalar(trait)}"] if trait is not None else []
    if not parts:
        if guess.column not in (*draft.key.columns, *draft.of_row):
            yield f"      # left out, {guess.left_out}: {_comment(guess.column)}"
        elif guess.column in draft.key.columns:
            yield from _questions(guess.column, guess.doubts, "      ")
        return
    is_text = trait is None or types[trait] is TraitType.TEXT
    read = "" if is_text else _written(guess.written) or (f'{{decimal: "{guess.decimal}"}}' if guess.decimal else "")
    parts += [f"read: {read}"] if read else []
    parts += [f"separator: {scalar(guess.separator)}"] if guess.separator else []
    parts += [f"nulls: [{', '.join(map(_quoted, guess.nulls))}]"] if guess.nulls else []
    yield f"      {scalar(guess.column)}: {{{', '.join(parts)}}} # {_comment(guess.reason)}"
    yield from _questions(guess.column, guess.doubts, "      ")


def _written(written: Written | None) -> str:
    """The `read` of days or times; empty where they are ISO 8601."""
    if written is None:
        return ""
    if written.patterns:
        key = "time" if any("%M" in pattern for pattern in written.patterns) else "date"
        listed = ", ".join(map(_quoted, written.patterns))
        return f"{{{key}: {listed if len(written.patterns) == 1 else f'[{listed}]'}}}"
    return "" if written.notation is Notation.ISO else written.notation.value


def _questions(about: str, doubts: Iterable[str], indent: str) -> Iterator[str]:
    for doubt in doubts:
        yield f"{indent}# ? {_comment(about)}: {_comment(doubt)}"


def _quoted(text: str) -> str:
    return yaml.safe_dump(text, default_style='"', allow_unicode=True, width=10**9).strip()


def _comment(text: str) -> str:
    """Text as it may stand in a comment, which ends with its line."""
    plain = text.translate(_IN_COMMENTS)
    return plain if plain.isprintable() else _quoted(text)
