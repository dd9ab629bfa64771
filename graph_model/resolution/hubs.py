"""Hubs: identifiers that so many records carry that no worker should wait for another to count them.

Up to `hub_from` holders, an identifier lists its holders itself, and whoever adds one asserts the whole list. Above,
the holders hang on a fixed number of buckets, by a hash of the record, and a commit asserts and writes only the buckets
of its own records. The sum stays exact, and two facts keep the law:

- While an identifier has buckets, it has more holders than its limit: it is generic. A commit that only adds holders
  need not know how many there are.
- A bucket with more holders than the limit proves that for the whole. So a commit that takes holders away must assert
  all buckets only where it leaves one of its own with no more than the limit; it then knows the exact sum, and gives up
  the buckets when that is down to `hub_until`. The space between keeps a hub from flipping to and fro.
"""

from zlib import crc32

from graph_model.records.record import RecordAddress

BUCKETS = 64

#: A hub begins so many holders above its limit at the most: they all move in one commit.
_LARGEST_STEP = 300


def hub_from(holder_limit: int) -> int:
    """With more holders than this, an identifier gets buckets."""
    return holder_limit + min(3 * holder_limit, _LARGEST_STEP)


def is_hub_from(holders: int, holder_limit: int) -> bool:
    """Tell whether an identifier with so many holders gets buckets; one without a limit, of no kind, never does."""
    return 0 < hub_from(holder_limit) < holders


def hub_until(holder_limit: int) -> int:
    """With so many holders or fewer, an identifier gives up its buckets."""
    return holder_limit + min(holder_limit, _LARGEST_STEP // 3)


def bucket_of(address: RecordAddress) -> int:
    """The bucket that a record hangs on, 0 to `BUCKETS` - 1."""
    return crc32(f"{address.source}\n{address.key}".encode()) % BUCKETS
