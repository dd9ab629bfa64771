"""The fingerprint of a catalogue: the hash of all that a result depends on."""

from hashlib import sha256

import orjson

from graph_model.catalogue.compilation import compiled_trait, value_limit
from graph_model.catalogue.form import CatalogueForm, IdentifierForm, SourceForm, TraitForm
from graph_model.catalogue.rules import IDENTIFIER_VALUES_VERSION, LAW_VERSION, NULL_MARKERS
from graph_model.values.blocked_values import (
    BLOCKED_ADDRESS_PATTERNS,
    BLOCKED_PATTERNS,
    BLOCKED_VALUES,
    ROLE_MAILBOXES,
)
from graph_model.values.countries import countries_version
from graph_model.values.equality import JsonValue
from graph_model.values.normalise import NORMALISERS
from graph_model.values.reading import ZONES_VERSION
from graph_model.values.trait_values import TRAIT_VALUES_VERSION


def fingerprint(form: CatalogueForm) -> str:
    """Hash all that the result depends on, so not where records come from (topics, files) nor epochs."""
    used = {kind.normalise for kind in form.identifiers.values() if kind.normalise is not None}
    used |= {part.normalise for kind in form.identifiers.values() for part in kind.composite or ()}
    meaning: dict[str, JsonValue] = {
        "identifiers": {name: _kind_meaning(kind) for name, kind in form.identifiers.items()},
        "traits": [[name, *_trait_meaning(name, trait)] for name, trait in form.traits.items()],
        "sources": [[name, _source_meaning(source)] for name, source in form.sources.items()],
        "nulls": [sorted(NULL_MARKERS), _listed(form.nulls)],
        "blocked": [sorted(BLOCKED_VALUES), [pattern.pattern for pattern in BLOCKED_PATTERNS]],
        "blocked_addresses": [sorted(ROLE_MAILBOXES), [pattern.pattern for pattern in BLOCKED_ADDRESS_PATTERNS]],
        "normalisers": {name: NORMALISERS[name].version for name in used},
        "tables": _versions_of_tables(form),
        "trait_values": TRAIT_VALUES_VERSION,
        "identifier_values": IDENTIFIER_VALUES_VERSION,
        "law": LAW_VERSION,
    }
    return sha256(orjson.dumps(meaning, option=orjson.OPT_SORT_KEYS)).hexdigest()


def _kind_meaning(form: IdentifierForm) -> JsonValue:
    meaning: dict[str, JsonValue] = form.model_dump(mode="json", exclude={"exclusive", "values"})
    return {**meaning, "values": value_limit(form)}


def _trait_meaning(name: str, form: TraitForm) -> list[JsonValue]:
    trait = compiled_trait(name, form)
    return [trait.type.value, form.exclusive, trait.earliest, trait.latest, [*sorted(trait.blocked)]]


def _source_meaning(form: SourceForm) -> JsonValue:
    said: JsonValue = form.model_dump(
        mode="json", by_alias=True, include={"event_time", "version", "deleted", "region", "nulls"}
    )
    columns: JsonValue = [
        [column, meaning.model_dump(mode="json", by_alias=True)] for column, meaning in form.columns.items()
    ]
    return [form.format, list(form.key), form.trust, said, columns]


def _versions_of_tables(form: CatalogueForm) -> dict[str, JsonValue]:
    """Versions of the tables of libraries that only some catalogues need."""
    sources = form.sources.values()
    columns = [column for source in sources for column in source.columns.values()]
    times = [time for source in sources for time in (source.event_time, source.version) if time is not None]
    readings = [column.read for column in columns] + [time.read for time in times]
    regions = [column.region for column in columns] + [source.region for source in sources]
    has_zone = any(reading is not None and reading.zone is not None for reading in readings)
    has_countries = any(region is not None and region.column is not None for region in regions)
    return {
        "zones": ZONES_VERSION if has_zone else None,
        "countries": countries_version() if has_countries else None,
    }


def _listed(texts: tuple[str, ...] | None) -> JsonValue:
    return None if texts is None else sorted(texts)
