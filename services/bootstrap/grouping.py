"""Puts together, on disk, the records that may be of one component, and tells which identifiers are too common.

Links are sorted by identifier, so that all holders of each stand together and are counted once. Memory holds the cache
of the spool and 8 bytes for each record.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from itertools import groupby
from operator import itemgetter
from typing import Final

import orjson

from graph_model.catalogue.rules import Catalogue
from graph_model.resolution.hubs import bucket_of, is_hub_from
from services.bootstrap.spool import LoadSpool
from services.maintenance.spool import DiskUnionFind

_LINKS: Final = "SELECT kind, value, record FROM link ORDER BY kind, value, record"


def group(spool: LoadSpool, catalogue: Catalogue) -> None:
    """Fill the tables `link`, `generic` and `member` of a spool."""
    _link(spool)
    (count,) = spool.database.execute("SELECT coalesce(max(number), 0) FROM record").fetchone()
    with closing(DiskUnionFind(count)) as together:
        spool.database.executemany("INSERT INTO generic VALUES (?, ?, ?, ?)", _joined(spool, catalogue, together))
        spool.database.executemany(
            "INSERT INTO member VALUES (?, ?)", ((together.find(number), number) for number in range(1, count + 1))
        )


def _link(spool: LoadSpool) -> None:
    for links in spool.carried():
        spool.database.executemany("INSERT INTO link VALUES (?, ?, ?)", links)


def _joined(
    spool: LoadSpool, catalogue: Catalogue, together: DiskUnionFind
) -> Iterator[tuple[str, str, int, str | None]]:
    """Join the holders of each identifier; gives the rows of those that join nobody."""
    for (kind_name, value), rows in groupby(spool.database.execute(_LINKS), key=itemgetter(0, 1)):
        kind = catalogue.kinds[kind_name]
        holders = [number for _, _, number in rows]
        count = len(holders)
        if not kind.is_generic(count):
            first = holders[0]
            for holder in holders[1:]:
                together.union(first, holder)
            continue
        buckets = None
        if is_hub_from(count, kind.holder_limit):
            counts = Counter(map(bucket_of, spool.addresses(holders)))
            buckets = orjson.dumps({str(number): held for number, held in sorted(counts.items())}).decode()
        yield kind_name, value, count, buckets
