"""From raw messages of one partition to what is to be done with them. Pure."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from consumers.dead_letters import DeadLetter
from consumers.decoders import decode
from consumers.decoders.message import Message
from consumers.routing import count_under
from graph_model.catalogue import Catalogue
from graph_model.errors import MessageRejected
from graph_model.records import Change
from services.stores.errors import CommitTooLarge

#: What a value that nobody thought of can raise; never something that waiting helps against.
DATA_FAULTS = (ArithmeticError, AttributeError, CommitTooLarge, LookupError, RecursionError, TypeError, ValueError)


_NO_KEY = (
    "the message has no key, so that versions of one row lie on several partitions, whose order nobody knows; "
    "give the table a primary key (or Debezium's `message.key.columns`), or the topic one partition"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class DecodedBatch:
    """Messages of one partition, in order; each is a change, a dead letter, or ignored by rule."""

    messages: tuple[Message, ...]
    changes: tuple[Change, ...]
    dead: tuple[DeadLetter, ...]
    ignored: Counter[str]  #: name that it counts under -> messages

    @property
    def last_offset(self) -> int:
        """Offset of the last message."""
        return self.messages[-1].offset

    def rejected(self, fault: Exception) -> "DecodedBatch":
        """The batch of one message whose change could not be applied because of `fault`."""
        source = self.changes[0].address.source
        letter = DeadLetter(self.messages[0], _unexpected("apply", fault), source)
        return replace(self, changes=(), dead=(letter,))


def decode_batch(messages: Sequence[Message], catalogue: Catalogue, *, partitions: int) -> DecodedBatch:
    """Decode messages of one partition, of a topic with so many; none of them can make this fail."""
    changes: list[Change] = []
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
            changes.extend(decoded)
            if not decoded:
                ignored[count_under(catalogue, message)] += 1
    return DecodedBatch(messages=tuple(messages), changes=tuple(changes), dead=tuple(dead), ignored=ignored)


def _decode(message: Message, catalogue: Catalogue, partitions: int) -> tuple[Change, ...]:
    decoded = decode(message, catalogue)
    if decoded and message.key is None and partitions > 1:
        raise MessageRejected("decode", _NO_KEY)
    return decoded


def _unexpected(stage: str, fault: Exception) -> MessageRejected:
    # The text of the fault is left out: it may quote the value.
    return MessageRejected(stage, f"unexpected {type(fault).__name__}; please report it with the message's schema")
