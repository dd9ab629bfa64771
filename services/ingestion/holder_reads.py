"""How much must be read of who carries an identifier. Pure; why it keeps the law: `graph_model.resolution.hubs`."""

from collections.abc import Collection, Mapping

from graph_model.catalogue.rules import Catalogue
from graph_model.records.record import RecordAddress
from graph_model.resolution.hubs import bucket_of, hub_until
from graph_model.values.identifiers import Identifier
from services.stores.port.stored import BucketsNeeded, SufficientBuckets


def holder_limit(identifier: Identifier, catalogue: Catalogue) -> int:
    """How many records may carry an identifier before it is generic; 0 of a kind that there is no more."""
    kind = catalogue.kinds.get(identifier.kind)
    return 0 if kind is None else kind.holder_limit


def buckets_needed(
    touching: Mapping[Identifier, Mapping[RecordAddress, int]],
    up_to: Mapping[Identifier, int],
    catalogue: Catalogue,
    recount: Collection[Identifier],
) -> BucketsNeeded:
    """The buckets of the records that come and go, where these alone prove that the identifier stays a hub."""

    def needed(identifier: Identifier) -> SufficientBuckets | None:
        if identifier in recount:
            return None
        records = touching[identifier]
        least = max(up_to[identifier], hub_until(holder_limit(identifier, catalogue)))
        return SufficientBuckets(numbers=frozenset(map(bucket_of, records)), above=least + len(records))

    return needed
