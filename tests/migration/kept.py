"""The stores of former forms that are kept in this folder, loaded as they were."""

import json
import sqlite3
from collections.abc import Collection, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, Final

from gremlin_python.process.graph_traversal import __
from gremlin_python.process.traversal import Direction, T
from gremlin_python.statics import long

from graph_model.catalogue.document import parse_catalogue
from graph_model.catalogue.rules import Catalogue
from services.stores.gremlin.graphbinary import Rows
from services.stores.gremlin.socket import Credentials, GremlinSocket, g

HERE: Final = Path(__file__).parent

#: Form -> the fingerprint that its stores were made with. It holds versions of libraries, so the present one is put in
#: its place.
_FINGERPRINTS: Final = {
    1: "a5c1b9c6bf57c68a5881e1c046507664714e9b68d77a86cb6601a0045b029b08",
    2: "517b0cefdbcb98d8f4ff9adf85e8100b31ca9d6d5a59576d53c90d8e100a9d35",
    3: "1f6bfd9d92d3b2ec0a5195300fc71d7b837d365918ad3a30b5dcfe39a768278b",
}

#: Form -> properties that are no 32-bit integers.
_LONGS: Final = {
    1: frozenset({"offset", "sequence", "acknowledged"}),
    2: frozenset({"offset", "sequence", "acknowledged", "accepted", "written_at", "version"}),
    3: frozenset({"offset", "sequence", "acknowledged", "accepted", "written_at", "version"}),
}


def kept_catalogue() -> Catalogue:
    return parse_catalogue((HERE / "catalogue.yaml").read_text(encoding="utf-8"), "catalogue.yaml")


def load_file(path: Path, form: int = 1, *, as_found: bool = False) -> None:
    """Make the SQLite file at `path`, on request with the fingerprint that it was made with."""
    script = (HERE / f"form_{form}.sql").read_text(encoding="utf-8")
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.executescript(script if as_found else _of_today(script, form))


async def load_graph(url: str, form: int = 1) -> None:
    """Fill the graph at `url`, which is empty."""
    socket = await GremlinSocket.open(url, Credentials())
    try:
        elements = list(_elements(form))
        vertices = Rows([_vertex(each, _LONGS[form]) for each in elements if "id" in each])
        edges = Rows([_edge(each) for each in elements if "id" not in each])
        await socket.submit(
            g.with_side_effect("vertices", vertices)
            .with_side_effect("edges", edges)
            .inject(0)
            .side_effect(__.select("vertices").unfold().merge_v(__.identity()))
            .side_effect(__.select("edges").unfold().merge_e(__.identity()))
        )
    finally:
        await socket.close()


def _elements(form: int) -> Iterator[dict[str, Any]]:
    text = (HERE / f"form_{form}.jsonl").read_text(encoding="utf-8")
    yield from map(json.loads, _of_today(text, form).splitlines())


def _of_today(text: str, form: int) -> str:
    return text.replace(_FINGERPRINTS[form], kept_catalogue().fingerprint)


def _vertex(element: dict[str, Any], longs: Collection[str]) -> dict[Any, Any]:
    properties = {name: long(value) if name in longs else value for name, value in element["properties"].items()}
    return {T.id: element["id"], T.label: element["label"], **properties}


def _edge(element: dict[str, Any]) -> dict[Any, Any]:
    return {T.label: element["label"], Direction.OUT: element["from"], Direction.IN: element["to"]}
