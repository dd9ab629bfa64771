"""Why are these records one profile? One line for every join."""

from dataclasses import dataclass

import orjson

from graph_model.catalogue import Catalogue
from graph_model.evidence import Join, joins
from graph_model.mapping import map_record
from graph_model.profiles import document_generic
from services.stores.port import Store


@dataclass(frozen=True, slots=True)
class Explanation:
    """The evidence that holds a profile together, strongest first."""

    profile_id: str
    joins: tuple[Join, ...]


async def explain_profile(store: Store, catalogue: Catalogue, profile_id: str) -> Explanation | None:
    """Explain a live profile; None where there is none of this id. A single record has no joins."""
    components = await store.read_components([profile_id])
    profile = components.profiles.get(profile_id)
    if profile is None or not components.records:
        return None
    generic = frozenset(document_generic(orjson.loads(profile.document)))
    mapped = [map_record(record, catalogue) for record in components.records.values()]
    return Explanation(profile_id, joins(mapped, generic, catalogue))
