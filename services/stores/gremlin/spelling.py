"""The spellings of what is written and read: the steps are the same, and so is what they come to."""

from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final, Protocol, TypeAlias

from services.stores.gremlin import reads
from services.stores.gremlin.bulk_claims import bulk_change, bulk_claim, bulk_restore
from services.stores.gremlin.bulk_migration import bulk_begin, bulk_documents, bulk_mark
from services.stores.gremlin.bulk_writes import bulk_commit
from services.stores.gremlin.catalogue_change import ChangeRequest, RestoreRequest
from services.stores.gremlin.chained_claims import chained_change, chained_claim, chained_restore
from services.stores.gremlin.chained_migration import chained_begin, chained_documents, chained_mark
from services.stores.gremlin.chained_reads import (
    chained_bucket_rows,
    chained_component_rows,
    chained_identifier_rows,
    chained_link_rows,
)
from services.stores.gremlin.chained_writes import chained_commit
from services.stores.gremlin.engines import JANUSGRAPHS, Engine
from services.stores.gremlin.guarded import GuardedRequest
from services.stores.gremlin.ids import Label
from services.stores.gremlin.janusgraph.schema import ROW_KEY
from services.stores.gremlin.janusgraph.writes import named_change, named_commit, named_removal
from services.stores.gremlin.opening import StoreIdentity
from services.stores.gremlin.outbox import ClaimRequest
from services.stores.gremlin.plan import GraphWrites
from services.stores.gremlin.reads import Read, Row
from services.stores.gremlin.socket import Traversal
from services.stores.port.stored_form import StoredForm

#: Reads rows about vertices.
ReadRows: TypeAlias = Callable[[Read, Iterable[str]], Awaitable[list[Row]]]


class CommitRequest(Protocol):
    """Spells a commit."""

    def __call__(self, writes: GraphWrites, *, divisible: bool) -> GuardedRequest:
        """See `chained_writes.chained_commit`."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Spelling:
    """How one kind of engine is asked."""

    commit: CommitRequest
    claim: ClaimRequest
    change: ChangeRequest
    restore: RestoreRequest
    identifier_rows: Callable[[Read, Mapping[str, int]], Awaitable[list[Row]]]  #: see `reads.identifier_rows`
    bucket_rows: ReadRows  #: see `reads.bucket_rows`
    component_rows: ReadRows  #: see `reads.component_rows`
    link_rows: ReadRows  #: see `reads.link_rows`
    removal: Callable[[Collection[str]], Traversal]  #: drops those of some records that are deleted
    row_key: str = "key"  #: the property of a record that holds its key


class DocumentsRequest(Protocol):
    """Spells how documents are written anew."""

    def __call__(self, migrator: str, label: Label, documents: Mapping[str, str], mark: str) -> GuardedRequest:
        """See `chained_migration.chained_documents`."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class MigrationSpelling:
    """How one kind of engine is asked when its graph is loaded or brought into another form."""

    begin: Callable[[StoreIdentity, StoredForm, str, str], GuardedRequest]  #: see `chained_migration.chained_begin`
    documents: DocumentsRequest
    mark: Callable[[str, int, str | None], GuardedRequest]  #: see `chained_migration.chained_mark`


BULK_MIGRATION: Final = MigrationSpelling(begin=bulk_begin, documents=bulk_documents, mark=bulk_mark)
CHAINED_MIGRATION: Final = MigrationSpelling(begin=chained_begin, documents=chained_documents, mark=chained_mark)

#: Few steps and much data: for Gremlin Server, which compiles each step by reflection.
BULK: Final = Spelling(
    commit=bulk_commit,
    claim=bulk_claim,
    change=bulk_change,
    restore=bulk_restore,
    identifier_rows=reads.identifier_rows,
    bucket_rows=reads.bucket_rows,
    component_rows=reads.component_rows,
    link_rows=reads.link_rows,
    removal=reads.removal_traversal,
)

#: Many steps with constant arguments: for Amazon Neptune, which runs these itself.
CHAINED: Final = Spelling(
    commit=chained_commit,
    claim=chained_claim,
    change=chained_change,
    restore=chained_restore,
    identifier_rows=chained_identifier_rows,
    bucket_rows=chained_bucket_rows,
    component_rows=chained_component_rows,
    link_rows=chained_link_rows,
    removal=reads.removal_traversal,
)

#: As for Gremlin Server, but for what JanusGraph does not keep apart by itself.
NAMED: Final = replace(BULK, commit=named_commit, change=named_change, removal=named_removal, row_key=ROW_KEY)


def spelling_for(engine: Engine) -> Spelling:
    """How an engine is asked."""
    if engine is Engine.NEPTUNE:
        return CHAINED
    return NAMED if engine in JANUSGRAPHS else BULK
