"""Drafts one catalogue from samples of several tables."""

from collections.abc import Sequence

from graph_model.catalogue.draft.composites import find_composite
from graph_model.catalogue.draft.kinds import find_kinds, trait_names, trait_types, with_one_identifier
from graph_model.catalogue.draft.naming import source_name, unused
from graph_model.catalogue.draft.relations import related
from graph_model.catalogue.draft.table_drafts import drafted_table
from graph_model.catalogue.draft.tables import SampledTable
from graph_model.catalogue.draft.writing import written_draft


def draft_catalogue(tables: Sequence[SampledTable]) -> str:
    """Write a catalogue, guessed from samples of tables, at least one.

    Returns:
        YAML that `parse_catalogue` accepts. Comments give the reason of each guess, and ask where there is doubt. No
        value of the samples is in it but what stands for no value, and what flags say.
    """
    names: list[str] = []
    for table in tables:
        names.append(unused(source_name(table.name), names))
    found = related([drafted_table(table, name) for table, name in zip(tables, names, strict=True)])
    drafts = list(found.drafts)
    composite = find_composite(drafts)
    if composite is None and not any(guess.role for draft in drafts for guess in draft.guesses if not guess.left_out):
        drafts = with_one_identifier(drafts)
    useful = {source for source, _ in (*trait_names(drafts), *find_kinds(drafts).of)}
    left_out = (
        *found.left_out,
        *((draft.source, "holds nothing that can be used; left out") for draft in drafts if draft.source not in useful),
    )
    drafts = [draft for draft in drafts if draft.source in useful]
    traits = trait_names(drafts)
    return written_draft(drafts, left_out, find_kinds(drafts), composite, traits, trait_types(drafts, traits))
