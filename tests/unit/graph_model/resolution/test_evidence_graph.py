"""Records and evidence as a graph: what joins, what does not, the strongest ways, and the thinnest ones."""

import networkx as nx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph_model.records.record import RecordAddress
from graph_model.records.verdicts import Judgement
from graph_model.resolution import resolve as law
from graph_model.resolution.evidence import usable_evidence
from graph_model.resolution.evidence_graph import (
    EvidenceGraph,
    IdentifierNode,
    Node,
    Obstacle,
    joining,
    spanning_forest,
    weak_links,
)
from graph_model.resolution.graph import shortest_way
from graph_model.values.identifiers import Identifier
from tests.unit.graph_model.resolution.evidence_worlds import CATALOGUE, Generic, at, generic, surroundings, verdict


def node(text: str) -> IdentifierNode:
    return IdentifierNode(Identifier(*text.split(":", 1)))


def as_networkx(graph: EvidenceGraph) -> "nx.Graph[Node]":
    """The same graph for a library that knows more of graphs."""
    same: nx.Graph[Node] = nx.Graph()
    same.add_nodes_from(graph)
    same.add_edges_from((one, other) for one, other, _ in graph.edges())
    return same


def test_every_value_is_a_node_that_knows_how_many_records_carry_it() -> None:
    around = surroundings(generic("phone:1", 40), crm1="email=a@x.org phone=1", crm2="email=a@x.org")
    graph = around.graph(around.records)
    assert {n.identifier.kind: graph.nodes[n]["holders"] for n in graph if isinstance(n, IdentifierNode)} == {
        "email": 2,
        "phone": 40,
    }


def test_a_value_that_one_record_carries_connects_nothing() -> None:
    around = surroundings(crm1="email=a@x.org", crm2="email=b@x.org")
    assert list(joining(around.graph(around.records)).edges()) == []


@pytest.mark.parametrize(
    ("rows", "value", "obstacle"),
    [
        ({"crm1": "email=null", "crm2": "email=NULL"}, "email:null", Obstacle.BLOCKED),
        ({"crm1": "email=noreply@x.org", "crm2": "email=NoReply@X.org"}, "email:noreply@x.org", Obstacle.BLOCKED),
        ({"crm1": "email=nonsense", "crm2": "email=Nonsense"}, "email:nonsense", Obstacle.UNREADABLE),
        ({"crm1": "phone=7", "crm2": "phone=7"}, "phone:7", Obstacle.GENERIC),
        ({"crm1": "email=a@x.org", "list1": "email=a@x.org"}, "email:a@x.org", Obstacle.UNTRUSTED),
        (
            {"crm1": "passport=1 other_passport=2", "crm2": "passport=1"},
            "passport:1",
            Obstacle.CONTRADICTORY,
        ),
    ],
)
def test_a_shared_value_that_is_no_evidence_says_why(rows: dict[str, str], value: str, obstacle: Obstacle) -> None:
    around = surroundings(generic("phone:7", 99), **rows)
    graph = around.graph(around.records)
    assert graph.nodes[node(value)]["obstacle"] is obstacle
    assert list(joining(graph).edges()) == []


def test_evidence_that_too_many_records_hang_together_by_is_marked_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(law, "COMPONENT_LIMIT", 2)
    around = surroundings(crm1="email=a@x.org", crm2="email=a@x.org phone=1", crm3="phone=1")
    graph = around.graph(around.records)
    assert graph.nodes[node("phone:1")]["obstacle"] is Obstacle.DROPPED


def test_a_same_verdict_joins_and_a_different_one_does_not() -> None:
    same, different = verdict("crm1", Judgement.SAME, "crm2"), verdict("crm2", Judgement.DIFFERENT, "crm3")
    around = surroundings(same, different, crm1="name=x", crm2="name=y", crm3="name=z")
    graph = around.graph(around.records)
    assert {same, different} <= set(graph)
    assert {n for n in joining(graph) if not isinstance(n, RecordAddress)} == {same}


def test_the_forest_goes_by_the_strongest_evidence() -> None:
    around = surroundings(crm1="email=a@x.org phone=1", crm2="email=a@x.org phone=1", crm3="phone=1")
    forest = spanning_forest(around.graph(around.records))
    assert shortest_way(forest, at("crm1"), at("crm2")) == [at("crm1"), node("email:a@x.org"), at("crm2")]


def test_the_forest_avoids_a_source_that_is_trusted_less() -> None:
    # By e-mail through web1 (90 * 40) the way is weaker than by phone (50 * 100).
    around = surroundings(crm1="email=a@x.org phone=1", web1="email=a@x.org", crm2="phone=1")
    forest = spanning_forest(around.graph(around.records))
    assert shortest_way(forest, at("crm1"), at("crm2")) == [at("crm1"), node("phone:1"), at("crm2")]


ROWS = st.dictionaries(
    st.sampled_from([f"{source}{key}" for source in ("crm", "web", "list") for key in (1, 2, 3)]),
    st.lists(
        st.sampled_from(
            ["email=a@x.org", "email=b@x.org", "email=null", "phone=1", "phone=2", "passport=1", "passport=2"]
        ),
        max_size=4,
    ).map(" ".join),
)


@given(ROWS, st.sampled_from([(), (generic("phone:1", 20),)]))
def test_what_joins_in_the_graph_is_what_the_law_uses(rows: dict[str, str], common: tuple[Generic, ...]) -> None:
    around = surroundings(*common, **rows)
    used = usable_evidence(around.records, (), frozenset(around.status.generic), CATALOGUE)
    joins = joining(around.graph(around.records))
    found = {n.identifier: sorted(map(str, joins.neighbours[n])) for n in joins if isinstance(n, IdentifierNode)}
    assert found == {identifier: sorted(map(str, holders)) for identifier, holders in used.links.items()}


@given(ROWS)
def test_a_forest_connects_what_the_evidence_connects_without_a_circle(rows: dict[str, str]) -> None:
    around = surroundings(**rows)
    graph = around.graph(around.records)
    forest, joins = as_networkx(spanning_forest(graph)), as_networkx(joining(graph))
    assert len(forest) == 0 or nx.is_forest(forest)
    assert set(map(frozenset, nx.connected_components(forest))) == set(map(frozenset, nx.connected_components(joins)))


def two_families(size: int, **more: str) -> dict[str, str]:
    """Two groups of records, each with an e-mail of its own."""
    one = {f"crm{key}": "email=a@x.org" for key in range(1, size + 1)}
    other = {f"crm{key}": "email=b@x.org" for key in range(5, size + 5)}
    return one | other | more


def test_a_value_that_alone_holds_two_large_parts_is_suspicious() -> None:
    around = surroundings(**two_families(3, crm1="email=a@x.org phone=1", crm5="email=b@x.org phone=1"))
    (link, *_) = weak_links(around.graph(around.records), 3)
    assert (str(link.identifier), link.record, link.parts) == ("phone:1", at("crm1"), (3, 3))


def test_the_record_at_which_two_parts_meet_is_named() -> None:
    around = surroundings(**two_families(3, crm1="email=a@x.org phone=1", crm9="phone=1", crm5="email=b@x.org phone=1"))
    (link, *_) = weak_links(around.graph(around.records), 3)
    assert (str(link.identifier), link.record, link.parts) == ("phone:1", at("crm1"), (4, 3))


def test_a_small_part_is_not_suspicious() -> None:
    around = surroundings(**two_families(2, crm1="email=a@x.org phone=1", crm5="email=b@x.org phone=1"))
    assert weak_links(around.graph(around.records), 3) == ()


def test_a_part_that_is_less_than_a_fifth_is_not_suspicious() -> None:
    many = {f"crm{key}": "email=a@x.org" for key in range(1, 19)}
    few = {f"crm{key}": "email=b@x.org" for key in (21, 22, 23)}
    rows = many | few | {"crm1": "email=a@x.org phone=1", "crm21": "email=b@x.org phone=1"}
    around = surroundings(**rows)
    assert weak_links(around.graph(around.records), 3) == ()


def test_two_ways_between_the_parts_are_not_suspicious() -> None:
    around = surroundings(
        **two_families(
            3,
            crm1="email=a@x.org phone=1",
            crm2="email=a@x.org phone=2",
            crm5="email=b@x.org phone=1",
            crm6="email=b@x.org phone=2",
        )
    )
    assert weak_links(around.graph(around.records), 3) == ()


def test_what_a_verdict_joins_is_not_suspicious() -> None:
    around = surroundings(verdict("crm1", Judgement.SAME, "crm5"), **two_families(4))
    links = weak_links(around.graph(around.records), 3)
    assert {str(link.identifier) for link in links} <= {"email:a@x.org", "email:b@x.org"}
