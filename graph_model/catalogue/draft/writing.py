"""Writes the draft of a catalogue, with a comment where a guess is worth a question."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final

import yaml

from graph_model.catalogue.draft.columns import ColumnGuess
from graph_model.catalogue.draft.tables import SampleTable, TableGuess, guess_tables
from graph_model.catalogue.draft.words import Meaning, ascii_name
from graph_model.values.normalise import NormaliserName
from graph_model.values.trait_values import TraitType

_KIND_PRIORITY: Final = {"email": 90, "phone": 60}
_NUMBER_PRIORITY: Final = 100
_COMPOSITE_PRIORITY: Final = 30
_PLAIN: Final = re.compile(r"[A-Za-z][A-Za-z0-9_.-]*")
_WORDS_OF_YAML: Final = frozenset({"true", "false", "null", "yes", "no", "on", "off", "y", "n"})
#: Meanings that give a trait its name where the column's own name cannot, and those that a composite is made of.
_NAMING: Final = (
    Meaning.BIRTH_DATE, Meaning.FIRST_NAME, Meaning.LAST_NAME, Meaning.EMAIL, Meaning.PHONE, Meaning.POSTCODE,
    Meaning.COUNTRY, Meaning.NAME,
)  # fmt: skip
_PARTS: Final[Mapping[Meaning, NormaliserName]] = {
    Meaning.FIRST_NAME: "name",
    Meaning.LAST_NAME: "name",
    Meaning.BIRTH_DATE: "date",
    Meaning.POSTCODE: "casefold",
}

#: Names of traits by table and column.
Traits = Mapping[tuple[str, str], str]


def draft_catalogue(tables: Sequence[SampleTable]) -> str:
    """Write a catalogue with a source for each table, guessed from samples.

    Kinds of identifiers and traits are shared by all. A table whose rows are what people did, and not people, is left
    out and named.

    Returns:
        YAML that `parse_catalogue` accepts. No value of the samples is in it, but texts that stand for none.
    """
    guesses = guess_tables(tables)
    people = [guess for guess in guesses if guess.activity_of is None]
    traits = _trait_names(people)
    composite = _composite_lines(people, traits)
    if not composite and not any(each.kind for guess in people for each in guess.guesses):
        people = [_with_some_identifier(people[0]), *people[1:]]
        traits = _trait_names(people)
    rows = sum(len(table.rows) for table in tables)
    lines = [
        f"# Drafted from {_counted(rows, 'row')}. Check every line, then: identity-graph catalogue check FILE",
        *(f"# left out: {guess.source} looks like what people did ({guess.activity_of}), which is not read yet"
          for guess in guesses if guess.activity_of is not None),
        "version: 1",
        "",
        "identifiers: # what tells who a row is about",
        *_identifier_lines(people),
        *composite,
        "",
        *_trait_lines(people, traits),
        "",
        "sources:",
        *(line for guess in people for line in _source_lines(guess, traits)),
    ]  # fmt: skip
    return "\n".join(lines) + "\n"


def _with_some_identifier(table: TableGuess) -> TableGuess:
    """Where nothing looks like an identifier, take the key: a catalogue needs one."""
    kind = f"{ascii_name(table.source)}_key"
    kind = kind if kind[0].isalpha() else "row_key"
    guesses = [
        replace(guess, kind=kind, trait=None, written=None, left_out="", reason="nothing else tells who a row is about")
        if guess.column in table.key
        else guess
        for guess in table.guesses
    ]
    if not any(guess.kind for guess in guesses):
        empty = ColumnGuess(column=table.key[0], means=frozenset(), filled=0, unique=False, kind=kind)
        guesses.append(empty)
    return replace(table, guesses=tuple(guesses))


def _identifier_lines(tables: Sequence[TableGuess]) -> list[str]:
    lines: dict[str, str] = {}
    for table in tables:
        for guess in table.guesses:
            if guess.kind is None:
                continue
            parts = [f"normalise: {guess.normalise}", "holders: few"]
            parts += ["exclusive: true"] if guess.exclusive else []
            parts += [f"priority: {_KIND_PRIORITY.get(guess.kind, _NUMBER_PRIORITY)}"]
            comment = "; a person has only one?" if guess.exclusive else ""
            told = f" # {guess.reason}{comment}" if guess.reason else ""
            lines.setdefault(guess.kind, f"  {_scalar(guess.kind)}: {{{', '.join(parts)}}}{told}")
    return list(lines.values())


def _composite_lines(tables: Sequence[TableGuess], traits: Traits) -> list[str]:
    """Names, birth date and postcode together find people whom no other identifier connects."""
    for table in tables:
        parts = {}
        for meaning in _PARTS:
            said = [g for g in table.guesses if (table.source, g.column) in traits and meaning in g.means]
            said = [g for g in said if (g.trait is TraitType.DATE) is (meaning is Meaning.BIRTH_DATE)]
            if said:
                # The plainest name: `surname`, not `first_and_surname`.
                parts[meaning] = traits[table.source, min(said, key=lambda g: (len(g.means), len(g.column))).column]
        if Meaning.LAST_NAME in parts and Meaning.BIRTH_DATE in parts:
            weak = Meaning.FIRST_NAME not in parts
            return [
                f"  person: # {'weak: twins share all of it' if weak else 'can two people share all of it?'}",
                "    composite:",
                *(f"      - {{trait: {_scalar(trait)}, normalise: {_PARTS[m]}}}" for m, trait in parts.items()),
                "    holders: few",
                f"    priority: {_COMPOSITE_PRIORITY}",
            ]
    return []


def _trait_names(tables: Sequence[TableGuess]) -> dict[tuple[str, str], str]:
    """Name a trait for each column that says one; tables that name a column alike share it, if its type is the same."""
    names: dict[tuple[str, str], str] = {}
    types: dict[str, TraitType] = {}
    for table in tables:
        taken: set[str] = set()
        for guess in table.guesses:
            if guess.trait is None or guess in (table.event_time, table.deletion) or guess.column in table.key:
                continue
            base = _trait_base(guess)
            name, count = base, 1
            while name in taken or types.get(name, guess.trait) is not guess.trait:
                count += 1
                name = f"{base}_{count}"
            taken.add(name)
            types[name] = guess.trait
            names[table.source, guess.column] = name
    return names


def _trait_base(guess: ColumnGuess) -> str:
    base = ascii_name(guess.column)
    if base and base[0].isalpha():
        return base
    meant = next((meaning.value for meaning in _NAMING if meaning in guess.means), None)
    return meant or f"field_{base}".rstrip("_")


def _trait_lines(tables: Sequence[TableGuess], traits: Traits) -> list[str]:
    if not traits:
        return ["traits: {}"]
    types = {
        traits[table.source, guess.column]: guess.trait
        for table in tables
        for guess in table.guesses
        if (table.source, guess.column) in traits
    }
    lines = [f"  {_scalar(name)}: {trait_type or TraitType.TEXT}" for name, trait_type in types.items()]
    return ["traits: # what is known of a person, in the order in which readers see it", *lines]


def _source_lines(guess: TableGuess, traits: Traits) -> Iterator[str]:
    table = guess.table
    yield f"  {_scalar(guess.source)}:"
    yield from ([f"    topic: {_scalar(table.topic)}"] if table.topic is not None else [])
    yield from ([f"    file: {_scalar(table.file)}"] if table.file is not None else [])
    yield from ([f"    encoding: {table.encoding} # is it?"] if table.encoding is not None else [])
    yield f"    format: {table.format}"
    yield f"    key: [{', '.join(map(_scalar, guess.key))}] # {guess.key_reason}"
    if guess.event_time is not None:
        yield f"    event_time: {_time(guess.event_time)}"
    if guess.deletion is not None:
        yield f"    deleted: {_deleted(guess.deletion)} # are such rows deleted?"
    if guess.region is not None:
        yield from _region_lines(guess)
    yield "    columns:"
    for column in guess.guesses:
        yield from _column_lines(column, guess, traits)


def _region_lines(guess: TableGuess) -> Iterator[str]:
    region = guess.region
    if region is None:
        return
    if region.column is not None:
        yield f"    region: {{column: {_scalar(region.column)}}}"
    else:
        yield f"    region: {region.code} # {region.why}" if region.code else f"    # {region.why}"


def _time(guess: ColumnGuess) -> str:
    read = _read(guess)
    return _scalar(guess.column) if read is None else f"{{column: {_scalar(guess.column)}, read: {read}}}"


def _deleted(guess: ColumnGuess) -> str:
    equals = ", ".join(f'"{said}"' for said in guess.tells_deletion or ())
    return (
        f"{{column: {_scalar(guess.column)}, equals: [{equals}]}}" if equals else f"{{column: {_scalar(guess.column)}}}"
    )


def _column_lines(guess: ColumnGuess, table: TableGuess, traits: Traits) -> Iterator[str]:
    trait = traits.get((table.source, guess.column))
    parts = [f"identifier: {_scalar(guess.kind)}"] if guess.kind is not None else []
    parts += [f"trait: {_scalar(trait)}"] if trait is not None else []
    if not parts:
        named = {*table.key, *(each.column for each in (table.event_time, table.deletion) if each is not None)}
        if guess.column not in named:
            yield f"      # left out, {guess.left_out}: {_scalar(guess.column)}"
        return
    read = _read(guess)
    parts += [f"read: {read}"] if read is not None and trait is not None else []
    parts += [f"separator: {_quoted(guess.separator)}"] if guess.separator is not None else []
    parts += [f"nulls: [{', '.join(map(_quoted, guess.nulls))}]"] if guess.nulls else []
    question = f"; {guess.question}" if guess.question else ""
    yield f"      {_scalar(guess.column)}: {{{', '.join(parts)}}} # in {_counted(guess.filled, 'row')}{question}"


def _read(guess: ColumnGuess) -> str | None:
    """What is to be declared of how a column is written, as YAML."""
    read = None if guess.written is None else guess.written.read
    if read is None or isinstance(read, str):
        return read
    ((way, said),) = read.items()
    listed = [said] if isinstance(said, str) else list(said) if isinstance(said, list) else []
    quoted = ", ".join(_quoted(str(each)) for each in listed)
    return f"{{{way}: {quoted if isinstance(said, str) else f'[{quoted}]'}}}"


def _counted(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _scalar(text: str) -> str:
    """Write text so that YAML reads it as text."""
    return text if _PLAIN.fullmatch(text) and text.casefold() not in _WORDS_OF_YAML else _quoted(text)


def _quoted(text: str) -> str:
    return yaml.safe_dump(text, default_style='"', allow_unicode=True, width=10**9).strip()
