"""The checker itself, and the traversals that no test of a store sends."""

from datetime import date
from typing import Any

import pytest
from gremlin_python.process.graph_traversal import __
from gremlin_python.process.traversal import Cardinality, Merge, P, T

from services.stores.gremlin import chained_claims, chained_migration, chained_reads, opening, reads, scans
from services.stores.gremlin.ids import Label
from services.stores.gremlin.opening import StoreIdentity
from services.stores.gremlin.socket import Traversal, g
from services.stores.port.plan import TaskWrite
from services.stores.port.stored_form import SCHEMA_VERSION, StoredForm
from tests.neptune.steps import MAINTENANCE, SUPPORT, faults, maintenance

BEFORE = StoreIdentity("one", "a" * 64, 0, StoredForm(SCHEMA_VERSION))
AFTER = StoreIdentity("two", "b" * 64, 1, StoredForm(SCHEMA_VERSION))
TASK = TaskWrite(task_id="t", expected=None, task=None)
SENT: dict[str, Traversal] = {
    "claim": chained_claims.chained_claim("w", "fence", "f" * 64, None).traversal,
    "claim of a migrator": chained_claims.chained_claim("w", "fence", "f" * 64, "m").traversal,
    "change of the catalogue": chained_claims.chained_change(BEFORE, AFTER, TASK, "").traversal,
    "restore": chained_claims.chained_restore(BEFORE, AFTER).traversal,
    "begin of a first load": chained_migration.chained_begin(BEFORE, BEFORE.form, "m", "load:1").traversal,
    "documents of a migration": chained_migration.chained_documents("m", Label.RECORD, {"r": "{}"}, "1").traversal,
    "end of a migration": chained_migration.chained_mark("m", SCHEMA_VERSION, None).traversal,
    "proof": opening.written_and_removed(),
    "identifiers": chained_reads.own_traversal(["i"]),
    "components of holders": chained_reads.holders_components_groups(["i"]),
    "members": chained_reads.members_groups(["p"]),
    "links": chained_reads.links_groups(["r"]),
    "records": reads.records_traversal(["r"]),
    "tombstones": reads.removal_traversal(["r"]),
    "tallies": reads.tallies_traversal(["t"]),
    "holders": reads.holders_traversal("i", "key"),
    "profiles": reads.profiles_traversal(["p"]),
    "versions": reads.versions_traversal(["p"]),
    "counted links": reads.links_traversal(["i"]),
    "profiles of holders": reads.holders_profiles_traversal("i", 10),
    "some profiles": reads.some_profiles_traversal(["i"], 10),
    "history": reads.history_traversal("p"),
    "verdicts": reads.verdicts_traversal(["v"]),
    "tasks": reads.tasks_traversal(),
}


@pytest.mark.parametrize("traversal", SENT.values(), ids=SENT)
def test_neptune_runs_it_itself(traversal: Traversal) -> None:
    assert faults(traversal.bytecode) == []


@pytest.mark.parametrize("label", scans.ORDER)
def test_what_neptune_does_not_run_itself_is_a_named_maintenance_read(label: Label) -> None:
    traversal = scans.window_traversal(label, scans.ORDER[label], ["a"] * len(scans.ORDER[label]), 10)
    assert not faults(traversal.bytecode) or maintenance(traversal.bytecode) in MAINTENANCE


@pytest.mark.parametrize(
    ("traversal", "fault"),
    [
        (g.inject(1), "inject: is not run"),
        (g.with_side_effect("rows", [1]).V("a"), "source instruction withSideEffect"),
        (g.V("a").fail("x"), "fail: the page has no line about it"),
        (g.V("a").values("x").fold(), "fold: only run as the value of a group"),
        (g.V("a").project("x").by(__.out("has").fold()), "fold: only run as the value of a group"),
        (g.V("a").coalesce(__.values("x"), __.constant("")), "coalesce: is not run"),
        (g.V("a").property("x", 1), "property: a property without single cardinality"),
        (g.V("a").property(Cardinality.set_, "x", 1), "property: a property without single cardinality"),
        (g.merge_v({T.id: "a"}).option(Merge.on_create, {"x": 1}), "option: a property without single cardinality"),
        (g.merge_v({T.id: "a", "x": 1}), "mergeV: looked for by more than an id"),
        (g.merge_v(__.select("row")), "mergeV: no constant map"),
        (g.V("a").side_effect(__.drop()), "drop: inside sideEffect"),
        (g.V("a").union(__.id_()).count(), "union: not the last step"),
        (g.V().order().by("x").by("y"), "order: several orderings, or a local one"),
        (g.V().where(__.out("x").order().by("y")), "order: nested"),
        (g.V("a").project("x", "y").by("x"), "project: not one `by` for each name"),
        (g.V("a").has(T.id, P.without("b")), "has: an id is compared with without"),
    ],
)
def test_what_neptune_does_not_run_itself_is_seen(traversal: Any, fault: str) -> None:  # noqa: ANN401 - the library has no types
    assert fault in faults(traversal.bytecode)


def test_the_table_says_where_it_is_from_and_when_it_was_read() -> None:
    assert SUPPORT["source"].startswith("https://docs.aws.amazon.com/neptune/")
    assert isinstance(SUPPORT["read"], date)
