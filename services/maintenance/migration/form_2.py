"""From form 1 to form 2: verdicts speak of groups of records, progress is one value, and a key has one text.

Each function gets a document of form 1 and gives the JSON text that is to stand there; None: it stays as it is.
"""

from functools import partial
from typing import Any, Final

import orjson

from graph_model.values.keys import canonical_key
from services.maintenance.migration.keys import MoveRows, canonical_entry, canonical_profile
from services.maintenance.migration.steps import ChangeDocuments, Step, TakeCatalogue
from services.stores.port.migration import DocumentKind, StoredDocument

_SAME: Final = "same"


def with_marks(document: StoredDocument) -> str | None:
    """A record carries its place in each verdict about it: id, number of its group, whether that group is joined."""
    if '"verdicts":' not in document.text:
        return None
    fields = orjson.loads(document.text)
    if "verdicts" not in fields:
        return None
    marks = [_mark(verdict, document.name) for verdict in fields["verdicts"]]
    changed = {("marks" if name == "verdicts" else name): value for name, value in fields.items()}
    return orjson.dumps({**changed, "marks": sorted(marks)}).decode()


def with_groups(document: StoredDocument) -> str | None:
    """An entry of the ledger speaks of groups: "same" joins one group of two, "different" parts two groups of one."""
    fields = orjson.loads(document.text)
    if "verdict" not in fields:
        return None
    low_source, low_key, high_source, high_key, judgement, _ = fields.pop("verdict")
    low, high = [low_source, low_key], [high_source, high_key]
    together = judgement == _SAME
    return orjson.dumps(
        {"groups": [[low, high]] if together else [[low], [high]], "together": together} | fields
    ).decode()


def begun_anew(document: StoredDocument) -> str | None:
    """Work owed begins anew: records that get another key may come to lie before the place that it has reached."""
    fields = orjson.loads(document.text)
    if fields["done_to"] is None:
        return None
    return orjson.dumps({**fields, "done_to": None}).decode()


def _mark(verdict: list[str], own: tuple[str, ...]) -> list[Any]:
    low_source, low_key, _, _, judgement, verdict_id = verdict
    together = judgement == _SAME
    return [verdict_id, 0 if together or own == (low_source, low_key) else 1, together]


STEPS: Final[tuple[Step, ...]] = (
    ChangeDocuments("tasks", DocumentKind.TASK, begun_anew),
    ChangeDocuments("marks", DocumentKind.RECORD, with_marks),
    ChangeDocuments("groups", DocumentKind.VERDICT, with_groups),
    ChangeDocuments("profiles", DocumentKind.PROFILE, partial(canonical_profile, canonical=canonical_key)),
    # Names of steps are stored by a migration under way: they never change.
    MoveRows("graves", canonical_key, tombstones=True),
    MoveRows("rows", canonical_key, tombstones=False),
    ChangeDocuments("ledger", DocumentKind.VERDICT, partial(canonical_entry, canonical=canonical_key)),
    TakeCatalogue("catalogue"),
)
