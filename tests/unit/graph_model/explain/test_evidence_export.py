"""Exported graphs are read again with the tools that they are for."""

import io
import re

import networkx as nx
import orjson
import pytest

from graph_model.explain.evidence_export import GraphFormat, export_graph
from graph_model.explain.explanation import Surroundings
from graph_model.explain.masking import Visibility
from graph_model.records.verdicts import Judgement
from tests.unit.graph_model.resolution.evidence_worlds import CATALOGUE, generic, surroundings, verdict


@pytest.fixture
def around() -> Surroundings:
    return surroundings(
        verdict("crm1", Judgement.SAME, "crm2"),
        verdict("crm1", Judgement.DIFFERENT, "web1"),
        generic("phone:1", 40),
        crm1='email=ann@x.org phone=1 passport=Q\\"x',
        crm2="phone=1 email=un\x01readable",
        web1="email=ann@x.org",
    )


def exported(around: Surroundings, graph_format: GraphFormat, *, may_see_values: bool = True) -> str:
    visibility = Visibility.of(CATALOGUE, may_see_values=may_see_values)
    return export_graph(around.graph(around.records), CATALOGUE, visibility, graph_format).decode()


def test_graphml_is_read_by_networkx(around: Surroundings) -> None:
    graph = nx.read_graphml(io.BytesIO(exported(around, "graphml").encode()))
    (phone,) = (attributes for _, attributes in graph.nodes(data=True) if attributes.get("kind") == "phone")
    assert (phone["value"], phone["holders"], phone["generic"], phone["priority"]) == ("1", 40, True, 50)


def test_graphml_holds_no_character_that_xml_forbids(around: Surroundings) -> None:
    graph = nx.read_graphml(io.BytesIO(exported(around, "graphml").encode()))
    assert "email un\N{REPLACEMENT CHARACTER}readable" in nx.get_node_attributes(graph, "label").values()


def test_json_is_read_by_networkx(around: Surroundings) -> None:
    graph = nx.node_link_graph(orjson.loads(exported(around, "json")), edges="edges")
    labels = nx.get_node_attributes(graph, "label")
    joining = {frozenset((labels[a], labels[b])) for a, b in graph.edges if graph.edges[a, b]["joins"]}
    assert joining == {
        frozenset(ends)
        for ends in [
            ("crm[1]", "email ann@x.org"),
            ("web[1]", "email ann@x.org"),
            ("crm[1]", 'passport Q\\"x'),
            ("crm[1]", "same"),
            ("crm[2]", "same"),
        ]
    }


def test_dot_has_a_line_for_every_node_and_edge(around: Surroundings) -> None:
    lines = exported(around, "dot").splitlines()
    graph = around.graph(around.records)
    assert (lines[0], lines[-1]) == ("graph evidence {", "}")
    assert len(lines) - 2 == len(graph) + len(list(graph.edges()))
    assert all(re.fullmatch(r'  n\d+( -- n\d+| \[label="(\\.|[^"\\])*", shape=\w+)?.*;', line) for line in lines[1:-1])


def test_dot_escapes_quotation_marks_and_backslashes(around: Surroundings) -> None:
    assert 'label="passport Q\\\\\\"x' in exported(around, "dot")


def test_what_joins_nobody_is_dashed_in_dot(around: Surroundings) -> None:
    assert '[label="phone 1", shape=ellipse, style=dashed];' in exported(around, "dot")
    assert '[label="different", shape=diamond, style=dashed];' in exported(around, "dot")


@pytest.mark.parametrize("graph_format", ["json", "dot", "graphml"])
def test_values_are_masked_for_readers_without_the_right(around: Surroundings, graph_format: GraphFormat) -> None:
    written = exported(around, graph_format, may_see_values=False)
    assert "ann@x.org" not in written
    assert "a***@x***.o***" in written
