"""Messages that cannot become a change: kept whole in a topic of their own, with the reason."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from consumers.decoders.message import Headers, Message
from consumers.errors import MessageTooLarge
from consumers.producer import Outgoing, Producer
from graph_model.errors import MessageRejected
from services.metrics import Metrics
from services.settings import KafkaSettings

_OMITTED_HEADER: Final = "identity_graph.value.omitted"
_PREFIX: Final = "__connect.errors."


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A message that could not be applied, kept whole so that it can be replayed."""

    message: Message
    error: MessageRejected  #: what was found and what was expected; never personal data
    counts_under: str  #: name of its source, or of its topic where that is shared


class DeadLetterTopic:
    """Where dead letters go. The headers are those of Kafka Connect, which existing tools know."""

    def __init__(self, producer: Producer, settings: KafkaSettings, metrics: Metrics) -> None:
        self._producer = producer
        self._settings = settings
        self._metrics = metrics

    async def send(self, letters: Sequence[DeadLetter]) -> None:
        """Send letters and return once the broker has acknowledged them.

        A value that the topic does not take is left out, and said so: the message still lies where the
        headers point.

        Raises:
            BrokerUnavailable: see `Producer.send`.
            BrokerRefused: see `Producer.send`.
        """
        outgoing = [self._outgoing(letter) for letter in letters]
        try:
            await self._producer.send(outgoing)
        except MessageTooLarge as error:
            for number in error.not_taken:
                await self._send_whole_or_without_value(outgoing[number])
        for letter in letters:
            self._metrics.dead_letters.labels(letter.error.stage).inc()

    async def _send_whole_or_without_value(self, outgoing: Outgoing) -> None:
        try:
            await self._producer.send([outgoing])
        except MessageTooLarge:
            headers = (*outgoing.headers, (_OMITTED_HEADER, size_told(outgoing.value)))
            await self._producer.send([replace(outgoing, value=b"", headers=headers)])

    def _outgoing(self, letter: DeadLetter) -> Outgoing:
        message, error = letter.message, letter.error
        reasons = {
            "topic": message.topic,
            "partition": str(message.partition),
            "offset": str(message.offset),
            "connector.name": self._settings.group,
            "task.id": str(message.partition),
            "stage": error.stage,
            "exception.class.name": f"{type(error).__module__}.{type(error).__qualname__}",
            "exception.message": error.reason,
        }
        added = tuple((f"{_PREFIX}{name}", value.encode()) for name, value in reasons.items())
        # The client cannot send a message that has neither key nor value.
        empty = message.key is None and message.value is None
        return Outgoing(
            topic=self._settings.dead_letter_topic,
            key=message.key,
            value=b"" if empty else message.value,
            headers=(*message.headers, *added),
            timestamp=message.timestamp,
        )


def place_of(headers: Headers) -> tuple[str, int, int] | None:
    """Topic, partition and offset of the message that a letter with these headers holds; None: others wrote it."""
    told = {name.removeprefix(_PREFIX): value for name, value in headers if name.startswith(_PREFIX)}
    topic, partition, offset = (told.get(name) or b"" for name in ("topic", "partition", "offset"))
    if not (partition.isdigit() and offset.isdigit()):
        return None
    return topic.decode(errors="replace"), int(partition), int(offset)


def size_told(value: bytes | None) -> bytes:
    """How the size of a value that was left out is told."""
    return b"%d bytes" % len(value or b"")


def size_omitted(headers: Headers) -> bytes | None:
    """The size of the value that a letter with these headers had to leave out; None: it has its value."""
    return dict(headers).get(_OMITTED_HEADER)
