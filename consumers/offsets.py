"""Where to begin reading a partition, and when to refuse to: decided from what is written down. Pure.

Beside every offset the group keeps a note: which store it belongs to, and which topic it was counted in. A
store that was replaced, or a topic that was made anew, would otherwise lose changes without anybody noticing.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Literal, Self

import orjson

from consumers.errors import OffsetsRefused
from graph_model.values.positions import Position
from services.stores.port.errors import StoreReplaced


@dataclass(frozen=True, slots=True, kw_only=True)
class OffsetNote:
    """What is kept beside a committed offset."""

    store_id: str
    partitions: int  #: of the topic, when the offset was committed
    epoch: int  #: of the topic's sources, when the offset was committed

    def to_text(self) -> str:
        """The note as JSON, for the metadata of an offset."""
        note = {"store": self.store_id, "partitions": self.partitions, "epoch": self.epoch}
        return orjson.dumps(note).decode()

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """Read what `to_text` wrote; None where another tool has set the offset."""
        try:
            note = orjson.loads(text)
            return cls(store_id=note["store"], partitions=note["partitions"], epoch=note["epoch"])
        except (orjson.JSONDecodeError, KeyError, TypeError):
            return None


@dataclass(frozen=True, slots=True, kw_only=True)
class CommittedOffset:
    """The next offset that a group wants of a partition."""

    offset: int
    note: OffsetNote | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Log:
    """A partition as the broker has it, with what the catalogue says of its topic."""

    topic: str
    partition: int
    partitions: int  #: of the topic
    beginning: int  #: offset of the oldest message
    end: int  #: offset of the next message to come
    epoch: int  #: greatest `epoch` of the topic's sources

    def __str__(self) -> str:
        return f"partition {self.partition} of topic {self.topic!r}"


def offsets_of_store(
    committed: Mapping[int, CommittedOffset], store_id: str, former_ids: Collection[str] = ()
) -> dict[int, CommittedOffset]:
    """The offsets whose note names this store, by any id that it had: all that a rewind has to agree with."""
    return {
        partition: offset
        for partition, offset in committed.items()
        if offset.note is not None and offset.note.store_id in {store_id, *former_ids}
    }


def check_offsets(
    log: Log, committed: Mapping[int, CommittedOffset], store_id: str, former_ids: Collection[str] = ()
) -> None:
    """Refuse offsets that belong to another store or to another topic of the same name.

    Args:
        log: the partition to be read.
        committed: the group's offsets of all partitions of the topic.
        store_id: id of the store that is open.
        former_ids: ids that it had before it came back from a backup.

    Raises:
        StoreReplaced: the offsets belong to another store.
        OffsetsRefused: the topic was made anew or has another number of partitions, or the epoch went back.
    """
    for offset in committed.values():
        note = offset.note
        if note is None or note.epoch < log.epoch:
            continue
        if note.epoch > log.epoch:
            raise _epoch_went_back(log, note.epoch)
        if note.partitions != log.partitions:
            raise _other_partitions(log, note.partitions)
    own = committed.get(log.partition)
    if own is None:
        return
    if own.note is not None and own.note.store_id not in {store_id, *former_ids}:
        raise StoreReplaced(
            f"the offsets of {log} belong to the store {own.note.store_id}, and this one is {store_id}: a graph "
            "kept in memory that was restarted, or another store. To read all topics again from the beginning "
            "into this store, run `identity-graph consume --rewind`"
        )
    if (own.note is None or own.note.epoch == log.epoch) and own.offset > log.end:
        raise _another_topic(log, f"was read up to offset {own.offset}, and ends at {log.end}")


def starting_offset(
    log: Log,
    committed: CommittedOffset | None,
    progress: Position | None,
    start: Literal["earliest", "latest"],
) -> int:
    """The offset to begin at, for offsets that `check_offsets` let pass.

    It is the smaller of what the group and the store say: a store that came back from a backup has forgotten what was
    read since, and a group knows best what was not published. Whoever sets an offset by hand is followed.

    Args:
        log: the partition to be read.
        committed: the group's offset for it; None: the group has never read it.
        progress: the last position of it that the store knows to be in force.
        start: where a group without offsets begins.

    Raises:
        StoreReplaced: the offset tells no store, and this store has never seen the partition.
        OffsetsRefused: the store knows positions that the log does not have.
    """
    if progress is not None and progress.epoch > log.epoch:
        raise _epoch_went_back(log, progress.epoch)
    known = progress is not None and progress.epoch == log.epoch
    if committed is not None and committed.note is not None and committed.note.epoch < log.epoch:
        return log.beginning
    if committed is not None:
        if committed.note is None and progress is None and committed.offset > log.beginning:
            raise StoreReplaced(
                f"the offset of {log} tells no store, and this store has read nothing of it. To read all topics "
                "again from the beginning into this store, run `identity-graph consume --rewind`"
            )
        return max(committed.offset - forgotten(log, committed, progress), log.beginning)
    if progress is not None and known:
        if progress.log_offset >= log.end:
            raise _another_topic(log, f"was in force up to offset {progress.log_offset}, and ends at {log.end}")
        return max(progress.log_offset + 1, log.beginning)
    return log.end if progress is None and start == "latest" else log.beginning


def forgotten(log: Log, committed: CommittedOffset | None, progress: Position | None) -> int:
    """How many offsets that the group has read the store knows nothing of, those that Kafka has deleted included.

    Every batch leaves its progress in the store before its offset is committed. So a store that is behind came back
    from a backup.
    """
    if committed is None or committed.note is None or committed.note.epoch != log.epoch:
        return 0
    known_to = progress.log_offset + 1 if progress is not None and progress.epoch == log.epoch else 0
    return max(0, committed.offset - known_to)


def _another_topic(log: Log, found: str) -> OffsetsRefused:
    return OffsetsRefused(
        f"{log} {found}: the topic was made anew. Versions of a record are ordered by this log, so nothing more of it "
        f"is read. Raise `epoch` of its sources in the catalogue above {log.epoch}; it is then read from the beginning"
    )


def _other_partitions(log: Log, before: int) -> OffsetsRefused:
    # Raising the epoch alone would order old and new versions of such a row by offsets of two logs.
    return OffsetsRefused(
        f"topic {log.topic!r} had {before} partitions and has {log.partitions} now: rows go to other partitions since, "
        "so that versions of one row lie in two logs, whose order nobody knows. Nothing more of this topic is read. "
        f"Have it written anew (delete and make it with {log.partitions} partitions, and let the connector take a "
        f"snapshot), and raise `epoch` of its sources in the catalogue above {log.epoch}; it is then read from the "
        "beginning"
    )


def _epoch_went_back(log: Log, found: int) -> OffsetsRefused:
    return OffsetsRefused(
        f"{log} was read with epoch {found}, and the catalogue says {log.epoch}: an `epoch` is only ever raised. "
        f"Set `epoch` of its sources to {found} or more"
    )
