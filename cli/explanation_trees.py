"""Explanations as trees that people read, made of the same documents that scripts get."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Annotated, TypeAlias

import typer

from cli.output import counted
from cli.row_tables import record_name
from cli.terminal import room
from cli.trees import Tree, drawn
from graph_model.values.equality import JsonObject

MaskOption: TypeAlias = Annotated[
    bool, typer.Option("--mask", help="Show only the first character of each part of a value.")
]


def tree_text(tree: Tree) -> str:
    """A tree as text; lines are folded for a terminal only."""
    return "".join(f"{line}\n" for line in drawn(tree, room()))


def profile_tree(document: JsonObject) -> Tree:
    """Why the records of a profile are one person."""
    if document["status"] != "live":
        return _former_tree(document)
    records = counted(len(document["records"]), "record")
    tree = Tree(f"Profile {document['profile_id']}, version {document['version']}, has {records}")
    _add_records(tree, document)
    _add(tree, "suspicious", (_valued(link, link["explanation"]) for link in document["suspicious"]))
    _add(tree, "doubtful", (_valued(pair, pair["explanation"]) for pair in document["doubtful"]))
    _add(tree, "carried, but no evidence", (_valued(value, value["rule"]) for value in document["unused"]))
    _add(tree, "kept apart", (_conflict(conflict) for conflict in document["conflicts"]))
    return tree


def pair_tree(document: JsonObject) -> Tree:
    """Why two records are one person, or why they are not."""
    tree = Tree(document["explanation"])
    _add(tree, "where they are", (_standing(record) for record in document["records"]))
    if document["steps"]:
        way = tree.add("the way from one to the other")
    for step in document["steps"]:
        one, other = (record_name(record) for record in step["records"])
        joined = "are not joined by" if step["refused_by"] else "are joined by"
        place = way.add(f"{one} and {other} {joined} {_step(step)}")
        for conflict in step["refused_by"]:
            place.add(_conflict(conflict))
    _add(tree, "what both have", (_valued(value, value["rule"]) for value in document["shared"]))
    told = [conflict for step in document["steps"] for conflict in step["refused_by"]]
    _add(tree, "what keeps them apart", (_conflict(c) for c in document["conflicts"] if c not in told))
    _add(tree, "verdicts between them", (_verdict(verdict) for verdict in document["verdicts"]))
    return tree


def history_tree(document: JsonObject) -> Tree:
    """How a profile came to be."""
    if document["status"] == "live":
        tree = Tree(f"Profile {document['profile_id']}, version {document['version']}, made {document['created_at']}")
    else:
        tree = _former_tree(document)
    for step in document["steps"]:
        branch = tree.add(f"{step['occurred_at']}, version {step['version']}: {step['explanation']}")
        branch.add(f"ids before: {', '.join(step['ids_before']) or 'none'}")
        branch.add(f"ids after: {', '.join(step['ids_after']) or 'none'}")
        more = step["causes_total"] - len(step["causes"])
        causes = [*map(_cause, step["causes"]), *([f"and {more:,} more"] if more else [])]
        _add(branch, "because of", causes)
    if not document["steps"]:
        tree.add("nothing was ever merged into it or split from it")
    return tree


def _former_tree(document: JsonObject) -> Tree:
    tree = Tree(f"Profile {document['profile_id']}, version {document['version']}, is {document['status']}")
    now = [f"{counted(share.records, 'record')} ({share.share:.0%}) in {share.profile_id}" for share in document["now"]]
    _add(tree, "where its records are now", now or ["its records are gone"])
    return tree


def _add_records(tree: Tree, document: JsonObject) -> None:
    """Hang every record under the one that it is joined with; the smallest is the root."""
    neighbours: defaultdict[str, list[tuple[str, JsonObject]]] = defaultdict(list)
    for step in document["steps"]:
        one, other = (record_name(record) for record in step["records"])
        neighbours[one].append((other, step))
        neighbours[other].append((one, step))
    hung: set[str] = set()
    for record in document["records"]:
        name = record_name(record)
        if name in hung:
            continue
        waiting = [(name, tree.add(name))]
        while waiting:
            place, branch = waiting.pop()
            hung.add(place)
            for other, step in neighbours[place]:
                if other not in hung:
                    waiting.append((other, branch.add(f"{other} by {_step(step)}")))


def _step(step: JsonObject) -> str:
    if step["verdict"] is not None:
        return _verdict(step["verdict"])
    return f"{step['kind']} {step['value']} ({step['rule'].removeprefix(step['kind'] + ': ')})"


def _verdict(verdict: JsonObject) -> str:
    if verdict["author"] is None:
        return f"verdict {verdict['verdict_id']} ({verdict['judgement']})"
    return f"verdict of {verdict['author']} on {verdict['given_at'][:10]}: {verdict['judgement']} ({verdict['reason']})"


def _conflict(conflict: JsonObject) -> str:
    values = f" ({' and '.join(conflict['values'])})" if any(conflict["values"]) else ""
    refused = "" if conflict["refused"] is None else f"; refused: {conflict['refused']}"
    return f"{conflict['explanation']}{values}{refused}"


def _valued(entry: JsonObject, words: str) -> str:
    return f"{entry['kind']} {entry['value']}: {words.removeprefix(entry['kind'] + ': ')}"


def _standing(record: JsonObject) -> str:
    if record["deleted_at"] is not None:
        last = "" if record["profile_id"] is None else f"; it was last in profile {record['profile_id']}"
        return f"{record_name(record)} was deleted at {record['deleted_at']}{last}"
    return f"{record_name(record)} is in profile {record['profile_id']}"


def _cause(cause: JsonObject) -> str:
    position = f"epoch {cause['epoch']}, offset {cause['offset']}"
    if cause["verdict"] is None:
        return f"{record_name(cause)} ({position})"
    taken_back = "withdrawn: " if cause["withdrawn"] else ""
    return f"{record_name(cause)} ({taken_back}{_verdict(cause['verdict'])})"


def _add(tree: Tree, title: str, lines: Iterable[str]) -> None:
    """A branch with lines under it; without lines no branch."""
    branch = None
    for line in lines:
        branch = branch or tree.add(title)
        branch.add(line)
