"""Drafts a catalogue from a sample of rows, for a person to check and complete."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import yaml

from graph_model.catalogue.column_guesses import ColumnGuess, guess_column, name_words
from graph_model.catalogue.rules import MessageFormat
from graph_model.values.equality import JsonValue
from graph_model.values.trait_values import TraitType

_KIND_PRIORITY = {"email": 90, "phone": 60}
_NUMBER_PRIORITY = 100
_COMPOSITE_PRIORITY = 30
_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_.-]*")
_FAMILY_NAMES = ({"last", "name"}, {"family", "name"}, {"surname"}, {"lastname"})
_POSTCODE_WORDS = frozenset({"zip", "zipcode", "postcode", "postal", "plz"})
_BIRTH_WORDS = frozenset({"birth", "birthdate", "birthday", "dob", "born"})


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftOrigin:
    """Where the sample came from."""

    file: str | None = None  #: name pattern of the file
    topic: str | None = None  #: Kafka topic
    format: MessageFormat = "rows"


def draft_catalogue(
    name: str, columns: Sequence[str], rows: Sequence[Mapping[str, JsonValue]], origin: DraftOrigin
) -> str:
    """Write a catalogue with one source, guessed from a sample.

    Args:
        name: of the source; what a name cannot have is replaced.
        columns: all columns, in order.
        rows: the sample; a few hundred rows are enough.
        origin: the file or topic that the sample was read from.

    Returns:
        YAML that `parse_catalogue` accepts, with comments where a guess is worth a question. No value of the sample is
        in it.
    """
    guesses = [guess_column(column, rows) for column in dict.fromkeys(columns) if column]
    source_name = re.sub(r"[^A-Za-z0-9_.-]+", "_", name).strip("_.-") or "source"
    if not source_name[0].isalpha():
        source_name = f"source_{source_name}"
    key = _key_column(guesses)
    event_time = next((guess for guess in guesses if guess.tells_change), None)
    named = {key.column} | ({event_time.column} if event_time else set())
    traits = _trait_names([guess for guess in guesses if guess.trait is not None and guess.column not in named])
    composite = _composite_lines(guesses, traits)
    if not composite:
        guesses = _with_some_identifier(guesses, key, source_name)
    lines = [
        f"# Drafted from {_rows(len(rows))}. Check every line, then: identity-graph catalogue check FILE",
        "version: 1",
        "",
        "identifiers: # what tells who a row is about",
        *_identifier_lines(guesses),
        *composite,
        "",
        *_trait_lines(guesses, traits),
        "",
        "sources:",
        f"  {_scalar(source_name)}:",
        *_origin_lines(origin),
        *_key_lines(key, rows),
        *([f"    event_time: {_scalar(event_time.column)}"] if event_time else []),
        "    columns:",
        *_column_lines(guesses, traits, named),
    ]
    return "\n".join(lines) + "\n"


def _key_column(guesses: Sequence[ColumnGuess]) -> ColumnGuess:
    """Prefer unique columns, then those named like a key, then the first."""
    if not guesses:
        return guess_column("id", [])

    def preference(guess: ColumnGuess) -> tuple[bool, bool, bool]:
        return (not guess.unique, guess.words != {"id"}, not guess.names_row)

    return min(guesses, key=preference)


def _with_some_identifier(guesses: Sequence[ColumnGuess], key: ColumnGuess, source_name: str) -> list[ColumnGuess]:
    """Where nothing looks like an identifier, take the key: a catalogue needs one."""
    if any(guess.kind is not None for guess in guesses):
        return list(guesses)
    kind = "_".join([*name_words(source_name), "key"])
    as_identifier = replace(key, kind=kind, trait=None, left_out="")
    return [as_identifier if guess.column == key.column else guess for guess in guesses] or [as_identifier]


def _identifier_lines(guesses: Sequence[ColumnGuess]) -> list[str]:
    lines: dict[str, str] = {}
    for guess in guesses:
        if guess.kind is None:
            continue
        parts = [f"normalise: {guess.normalise}"]
        parts += ["region: US"] if guess.normalise == "phone" else []
        parts += ["holders: few"]
        parts += ["exclusive: true"] if guess.exclusive else []
        parts += [f"priority: {_KIND_PRIORITY.get(guess.kind, _NUMBER_PRIORITY)}"]
        comment = " # the country that numbers without + belong to?" if guess.normalise == "phone" else ""
        comment = " # a person has only one?" if guess.exclusive else comment
        lines.setdefault(guess.kind, f"  {_scalar(guess.kind)}: {{{', '.join(parts)}}}{comment}")
    return list(lines.values())


def _composite_lines(guesses: Sequence[ColumnGuess], traits: Mapping[str, str]) -> list[str]:
    """Family name, birth date and postcode together find people whom no other identifier connects."""
    family = [g for g in guesses if g.column in traits and any(names <= g.words for names in _FAMILY_NAMES)]
    family.sort(key=lambda guess: len(guess.words))  # the plainest name: `surname`, not `first_and_surname`
    birth = [g for g in guesses if g.column in traits and g.words & _BIRTH_WORDS and g.trait is TraitType.DATE]
    if not family or not birth:
        return []
    postcode = [g for g in guesses if g.column in traits and g.words & _POSTCODE_WORDS]
    return [
        "  person: # weak if two people can share all of it: add the postcode or the first name, where there is one",
        "    composite:",
        f"      - {{trait: {_scalar(traits[family[0].column])}, normalise: name}}",
        f"      - {{trait: {_scalar(traits[birth[0].column])}, normalise: date}}",
        *(f"      - {{trait: {_scalar(traits[g.column])}, normalise: casefold}}" for g in postcode[:1]),
        "    holders: few",
        f"    priority: {_COMPOSITE_PRIORITY}",
    ]


def _trait_names(guesses: Sequence[ColumnGuess]) -> dict[str, str]:
    """Name a trait for each column, each name once."""
    names: dict[str, str] = {}
    for guess in guesses:
        base = "_".join(name_words(guess.column))
        if not base or not base[0].isalpha():
            base = f"field_{base}".rstrip("_")
        name, count = base, 1
        while name in names.values():
            count += 1
            name = f"{base}_{count}"
        names[guess.column] = name
    return names


def _trait_lines(guesses: Sequence[ColumnGuess], traits: Mapping[str, str]) -> list[str]:
    if not traits:
        return ["traits: {}"]
    types = {guess.column: guess.trait for guess in guesses}
    lines = [f"  {_scalar(trait)}: {types[column] or TraitType.TEXT}" for column, trait in traits.items()]
    return ["traits: # what is known of a person, in the order in which readers see it", *lines]


def _origin_lines(origin: DraftOrigin) -> list[str]:
    lines = [f"    topic: {_scalar(origin.topic)}"] if origin.topic is not None else []
    lines += [f"    file: {_scalar(origin.file)}"] if origin.file is not None else []
    return [*lines, f"    format: {origin.format}"]


def _key_lines(key: ColumnGuess, rows: Sequence[Mapping[str, JsonValue]]) -> list[str]:
    comment = f"unique in {_rows(len(rows))}" if key.unique else "not unique in the sample: which columns are the key?"
    return [f"    key: [{_scalar(key.column)}] # {comment}"]


def _column_lines(guesses: Sequence[ColumnGuess], traits: Mapping[str, str], named: set[str]) -> list[str]:
    lines = []
    for guess in guesses:
        parts = [f"identifier: {_scalar(guess.kind)}"] if guess.kind is not None else []
        parts += [f"trait: {_scalar(traits[guess.column])}"] if guess.column in traits else []
        if parts:
            lines.append(f"      {_scalar(guess.column)}: {{{', '.join(parts)}}} # in {_rows(guess.filled)}")
        elif guess.column not in named:
            lines.append(f"      # left out, {guess.left_out}: {_scalar(guess.column)}")
    return lines


def _rows(number: int) -> str:
    return f"{number} row{'' if number == 1 else 's'}"


def _scalar(text: str) -> str:
    """Write text so that YAML reads it as text."""
    if _PLAIN.fullmatch(text) and text.casefold() not in {"true", "false", "null", "yes", "no", "on", "off", "y", "n"}:
        return text
    return yaml.safe_dump(text, default_style='"', allow_unicode=True, width=10**9).strip()
