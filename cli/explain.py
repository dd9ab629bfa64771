"""`identity-graph explain`: why are these records one person, why are they not, and how did a profile come to be?"""

import re
from typing import Annotated, Final, Literal

import orjson
import typer

from cli.exit_codes import ExitCode, UsageRefused
from cli.explanation_trees import MaskOption, history_tree, pair_tree, profile_tree, tree_text
from cli.opening import opened_store, settings_and_catalogue
from cli.options import STANDARD_STREAM, CatalogueOption, OutOption, StoreOption
from cli.output import result_file
from cli.row_tables import comparison_text
from cli.running import run_batch, say_last
from cli.trees import Tree
from graph_model.catalogue.rules import Catalogue
from graph_model.explain.evidence_export import export_graph
from graph_model.explain.masking import Visibility
from graph_model.values.equality import JsonObject
from services.ingestion.batches import UnknownRecord
from services.lookup.explain import evidence_of, explain_history, explain_pair, explain_profile
from services.lookup.explanation_documents import ExplanationWriter
from services.lookup.profiles import LISTED_PROFILES, list_by_identifier, read_identifier
from services.lookup.record_names import read_record_name
from services.settings import Settings
from services.stores.port.protocols import Store

ExplanationFormat = Literal["tree", "json", "dot", "graphml"]

_PROFILE_ID: Final = re.compile("[0-9a-f]{32}")


def explain(
    subject: Annotated[
        str, typer.Argument(metavar="SUBJECT", help="A profile's id, an identifier `kind:value`, or a record.")
    ],
    other: Annotated[
        str | None, typer.Argument(metavar="[RECORD]", help="A second record: why are the two one person, or not?")
    ] = None,
    history: Annotated[bool, typer.Option("--history", help="How the profile came to be: merges and splits.")] = False,
    explanation_format: Annotated[
        ExplanationFormat, typer.Option("--format", help="`dot` is for Graphviz; `graphml` for graph tools.")
    ] = "tree",
    out: OutOption = STANDARD_STREAM,
    mask: MaskOption = False,
    catalogue: CatalogueOption = None,
    store: StoreOption = None,
) -> None:
    """Tell why the records of a profile are one person, strongest evidence first, and what keeps others apart.

    Of two records, tell why they are one person, or why they are not. Below stand the rows side by side, and a mark
    where they say different things. A record is written `source[key]` or, with a key
    of one column, `source:key`.

    For example:

        identity-graph explain email:ann.lee@example.com

        identity-graph explain crm:1 web_shop:50001

        identity-graph explain 019aa3d0f0a67cc0b6dcf8f3a1f5d1c2 --history

        identity-graph explain email:ann.lee@example.com --format dot --out ann.dot
    """
    if history and (other is not None or explanation_format not in ("tree", "json")):
        raise UsageRefused("--history is about one profile, as a tree or as JSON; leave out the rest")
    settings, meaning = settings_and_catalogue(catalogue, store, only_reads=True)
    explaining = _Explaining(meaning, Visibility.of(meaning, may_see_values=not mask), explanation_format)
    written = run_batch(_explain(settings, explaining, subject, other, history=history))
    with result_file(out) as file:
        file.write(written)


async def _explain(
    settings: Settings, explaining: "_Explaining", subject: str, other: str | None, *, history: bool
) -> bytes:
    async with opened_store(settings, explaining.catalogue, read_only=True) as store:
        if other is not None:
            return await explaining.pair(store, subject, other)
        profile_id = await _profile_id(store, explaining.catalogue, subject)
        return await (explaining.history(store, profile_id) if history else explaining.profile(store, profile_id))


class _Explaining:
    """Explains in one format, to one reader."""

    def __init__(self, catalogue: Catalogue, visibility: Visibility, explanation_format: ExplanationFormat) -> None:
        self.catalogue = catalogue
        self._visibility = visibility
        self._format = explanation_format
        self._writer = ExplanationWriter(catalogue, visibility)

    async def profile(self, store: Store, profile_id: str) -> bytes:
        if self._format in ("dot", "graphml"):
            graph = await evidence_of(store, self.catalogue, profile_id)
            return export_graph(graph, self.catalogue, self._visibility, self._format)
        document = self._writer.profile(await explain_profile(store, self.catalogue, profile_id))
        return _json(document) if self._format == "json" else _text(profile_tree(document), document)

    async def history(self, store: Store, profile_id: str) -> bytes:
        document = self._writer.history(await explain_history(store, profile_id))
        return _json(document) if self._format == "json" else tree_text(history_tree(document)).encode()

    async def pair(self, store: Store, one: str, other: str) -> bytes:
        records = [read_record_name(name, self.catalogue) for name in (one, other)]
        account = await explain_pair(store, self.catalogue, *records)
        if self._format in ("dot", "graphml"):
            return export_graph(account.graph, self.catalogue, self._visibility, self._format)
        document = self._writer.pair(account)
        return _json(document) if self._format == "json" else _text(pair_tree(document), document)


async def _profile_id(store: Store, catalogue: Catalogue, subject: str) -> str:
    """The profile that an id, an identifier or a record stands for."""
    if _PROFILE_ID.fullmatch(subject):
        return subject
    name = subject.partition(":")[0]
    is_record = name in catalogue.sources and name not in catalogue.kinds
    if is_record or subject.partition("[")[0] in catalogue.sources:
        return await _profile_of_record(store, catalogue, subject)
    found = await list_by_identifier(store, read_identifier(subject, catalogue))
    if len(found) > 1:
        listed = [f"  {profile.profile_id}" for profile in found[:LISTED_PROFILES]]
        say_last("\n".join(["more than one profile carries this identifier; name one of them:", *listed]))
        raise typer.Exit(ExitCode.REFUSED)
    return found[0].profile_id


async def _profile_of_record(store: Store, catalogue: Catalogue, subject: str) -> str:
    address = read_record_name(subject, catalogue)
    stored = (await store.read_records([address])).get(address)
    if stored is None or stored.profile_id is None:
        raise UnknownRecord(address)
    return stored.profile_id


def _text(tree: Tree, document: JsonObject) -> bytes:
    """A tree, and below it the rows side by side."""
    rows = comparison_text(document["comparison"])
    if rows:
        rows = f"\n{rows}"
    return f"{tree_text(tree)}{rows}".encode()


def _json(document: JsonObject) -> bytes:
    return orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
