"""The evidence graph in forms that other programs read: Graphviz DOT, GraphML, and networkx's node-link JSON."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

import orjson

from graph_model.catalogue.rules import Catalogue
from graph_model.explain.masking import Visibility
from graph_model.records.record import RecordAddress
from graph_model.records.verdicts import Judgement, Verdict
from graph_model.resolution.evidence_graph import EvidenceGraph, IdentifierNode, Node, Obstacle
from graph_model.values.equality import JsonObject

if TYPE_CHECKING:
    import networkx as nx

GraphFormat: TypeAlias = Literal["json", "dot", "graphml"]

#: XML has no way to write other characters.
_XML_CHARACTERS: Final = (range(0x20, 0xD800), range(0xE000, 0xFFFE), range(0x10000, 0x110000))

_DOT_SHAPES: Final = {"record": "box", "identifier": "ellipse", "verdict": "diamond"}


def export_graph(
    graph: EvidenceGraph, catalogue: Catalogue, visibility: Visibility, graph_format: GraphFormat
) -> bytes:
    """Write a graph of `graph_model.resolution.evidence_graph` as a file.

    Args:
        graph: records and evidence.
        catalogue: priorities of kinds.
        visibility: what the reader may see of the values.
        graph_format: `json` (node-link), `dot` (Graphviz) or `graphml`.
    """
    import networkx as nx

    plain = _plain(graph, catalogue, visibility)
    if graph_format == "json":
        document: JsonObject = nx.node_link_data(plain, edges="edges")
        return orjson.dumps(document)
    if graph_format == "dot":
        return ("\n".join(_dot_lines(plain)) + "\n").encode()
    return ("\n".join(nx.generate_graphml(plain)) + "\n").encode()


def _plain(graph: EvidenceGraph, catalogue: Catalogue, visibility: Visibility) -> "nx.Graph[str]":
    """The same graph with nothing but texts, numbers and truth values; ids tell nothing about anybody."""
    import networkx as nx

    plain: nx.Graph[str] = nx.Graph()
    names: dict[Node, str] = {}
    for number, (node, attributes) in enumerate(graph.nodes.items(), 1):
        names[node] = f"n{number}"
        described = _record(node, visibility) if isinstance(node, RecordAddress) else {}
        if isinstance(node, IdentifierNode):
            described = _value(node, attributes, catalogue, visibility)
        elif isinstance(node, Verdict):
            described = {"type": "verdict", "label": node.judgement.value, "verdict_id": node.verdict_id}
        plain.add_node(names[node], **{name: _printable(value) for name, value in described.items()})
    for one, other, attributes in graph.edges():
        record, evidence = (one, other) if isinstance(one, RecordAddress) else (other, one)
        joins = attributes["obstacle"] is None and not _is_different(evidence)
        plain.add_edge(names[record], names[evidence], joins=joins, strength=attributes["strength"] or 0)
    return plain


def _record(address: RecordAddress, visibility: Visibility) -> JsonObject:
    key = orjson.dumps(visibility.key(address)).decode()
    return {"type": "record", "label": visibility.name(address), "source": address.source, "key": key}


def _value(
    node: IdentifierNode, attributes: dict[str, Any], catalogue: Catalogue, visibility: Visibility
) -> JsonObject:
    kind, value = node.identifier.kind, visibility.value(node.identifier.value)
    return {
        "type": "identifier",
        "label": f"{kind} {value}",
        "kind": kind,
        "value": value,
        "priority": catalogue.kinds[kind].priority,
        "holders": attributes["holders"],
        **{obstacle.value: attributes["obstacle"] is obstacle for obstacle in Obstacle},
    }


def _is_different(evidence: Node) -> bool:
    return isinstance(evidence, Verdict) and evidence.judgement is Judgement.DIFFERENT


def _printable(value: object) -> object:
    """Texts without the characters that XML cannot hold."""
    if not isinstance(value, str) or value.isprintable():
        return value
    return "".join(
        c if any(ord(c) in allowed for allowed in _XML_CHARACTERS) else "\N{REPLACEMENT CHARACTER}" for c in value
    )


def _dot_lines(plain: "nx.Graph[str]") -> Iterable[str]:
    """The graph in the DOT language; whatever joins nobody is dashed."""
    yield "graph evidence {"
    for name, attributes in plain.nodes.items():
        dashed = ", style=dashed" if not any(plain.edges[edge]["joins"] for edge in plain.edges(name)) else ""
        dashed = "" if attributes["type"] == "record" else dashed
        yield f"  {name} [label={_quoted(attributes['label'])}, shape={_DOT_SHAPES[attributes['type']]}{dashed}];"
    for one, other, attributes in plain.edges(data=True):
        yield f"  {one} -- {other}{'' if attributes['joins'] else ' [style=dashed]'};"
    yield "}"


def _quoted(text: str) -> str:
    """A text as a quoted string of DOT, in which a backslash begins an escape for Graphviz's labels."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
