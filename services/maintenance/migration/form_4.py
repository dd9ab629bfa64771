"""From form 3 to form 4: nothing has one key in whichever notation, and the tables of the embedded store are others.

How tables are written (`MigratingStore.rewrite_tables`: ids as bytes, documents compressed, of old events only heads)
changes no document. Rows whose key is `"0.0"` or `"-0"` move to `0`, where the rows of sources that write numbers are.
"""

import re
from typing import Final

from graph_model.values.keys import canonical_key
from services.maintenance.migration.keys import MoveRows, canonical_entry, canonical_profile
from services.maintenance.migration.steps import ChangeDocuments, Step, TakeCatalogue
from services.stores.port.migration import DocumentKind, StoredDocument

#: Stands in every document that names such a key, and in few others.
_SUSPICIOUS: Final = re.compile(r'0\.0|"-0')


def with_present_keys(document: StoredDocument) -> str | None:
    """A profile that names its records by their present keys; None: it does."""
    return canonical_profile(document, canonical_key) if _SUSPICIOUS.search(document.text) else None


def ledger_with_present_keys(document: StoredDocument) -> str | None:
    """An entry of the ledger that names records by their present keys; None: it does."""
    return canonical_entry(document, canonical_key) if _SUSPICIOUS.search(document.text) else None


STEPS: Final[tuple[Step, ...]] = (
    # Names of steps are stored by a migration under way: they never change.
    ChangeDocuments("profiles", DocumentKind.PROFILE, with_present_keys),
    MoveRows("graves", canonical_key, tombstones=True),
    MoveRows("rows", canonical_key, tombstones=False),
    ChangeDocuments("ledger", DocumentKind.VERDICT, ledger_with_present_keys),
    TakeCatalogue("catalogue"),
)
