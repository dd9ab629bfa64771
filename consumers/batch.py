"""From raw messages of one partition to what is to be done with them. Pure."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from consumers.dead_letters import DeadLetter
from consumers.decoders import decode, source_of
from consumers.decoders.message import Decoded, Message
from consumers.routing import count_under
from graph_model.catalogue.rules import Catalogue
from graph_model.errors import MessageRejected
from graph_model.records.record import Change
from graph_model.records.tasks import TruncateSource
from services.stores.port.errors import CommitTooLarge

#: What a value that nobody thought of can raise; never something that waiting helps against.
DATA_FAULTS = (ArithmeticError, AttributeError, CommitTooLarge, LookupError, RecursionError, TypeError, ValueError)


_NO_KEY = (
    "the message has no key, so that versions of one row lie on several partitions, whose order nobody knows; "
    "give the table a primary key (or Debezium's `message.key.columns`), or the topic one partition"
)
_NO_ORDER = (
    "a truncate has no key and lies on one of several partitions, so that nobody knows which rows of the others came "
    "before it; delete the rows one by one, or give the topic one partition (and raise `epoch` of its sources)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class DecodedBatch:
    """Messages of one partition, in order; each is a change, a truncation, a dead letter, or ignored by rule."""

    messages: tuple[Message, ...]
    changes: tuple[Change, ...]
    tasks: tuple[TruncateSource, ...]  #: owed once the batch is in force
    dead: tuple[DeadLetter, ...]
    ignored: Counter[str]  #: name that it counts under -> messages

    @property
    def last_offset(self) -> int:
        """Offset of the last message."""
        return self.messages[-1].offset

    @property
    def committed_at(self) -> list[tuple[str, int]]:
        """Of each change its source, and when that committed it: as it says, else when the message was sent."""
        return [(change.address.source, _committed_at(change)) for change in self.changes]

    def rejected(self, fault: Exception) -> "DecodedBatch":
        """The batch of one message whose content could not be applied because of `fault`."""
        content: tuple[Decoded, ...] = (*self.changes, *self.tasks)
        letter = DeadLetter(self.messages[0], _unexpected("apply", fault), source_of(content[0]))
        return replace(self, changes=(), tasks=(), dead=(letter,))


def _committed_at(change: Change) -> int:
    # A time in the row itself may be far from when it was written.
    return change.accepted_at if change.dates_itself and change.accepted_at is not None else change.observed_at


def decode_batch(messages: Sequence[Message], catalogue: Catalogue, *, partitions: int) -> DecodedBatch:
    """Decode messages of one partition, of a topic with so many; none of them can make this fail."""
    found: list[Decoded] = []
    dead: list[DeadLetter] = []
    ignored: Counter[str] = Counter()
    for message in messages:
        try:
            decoded = _decode(message, catalogue, partitions)
        except MessageRejected as error:
            dead.append(DeadLetter(message, error, count_under(catalogue, message)))
        except DATA_FAULTS as fault:
            rejection = _unexpected("decode", fault)
            dead.append(DeadLetter(message, rejection, count_under(catalogue, message)))
        else:
            found.extend(decoded)
            if not decoded:
                ignored[count_under(catalogue, message)] += 1
    return DecodedBatch(
        messages=tuple(messages),
        changes=tuple(each for each in found if isinstance(each, Change)),
        tasks=tuple(each for each in found if isinstance(each, TruncateSource)),
        dead=tuple(dead),
        ignored=ignored,
    )


def _decode(message: Message, catalogue: Catalogue, partitions: int) -> tuple[Decoded, ...]:
    decoded = decode(message, catalogue)
    if partitions > 1 and any(isinstance(each, TruncateSource) for each in decoded):
        raise MessageRejected("decode", _NO_ORDER)
    if partitions > 1 and decoded and message.key is None:
        raise MessageRejected("decode", _NO_KEY)
    return decoded


def _unexpected(stage: str, fault: Exception) -> MessageRejected:
    # The text of the fault is left out: it may quote the value.
    return MessageRejected(stage, f"unexpected {type(fault).__name__}; please report it with the message's schema")
