"""Sends messages and waits until all replicas have them."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError, MessageSizeTooLargeError

from consumers.decoders.message import Headers
from consumers.errors import ConsumerError, MessageTooLarge
from consumers.kafka_clients import close_quietly, find_refusal, kafka_errors, make_producer, start
from services.settings import KafkaSettings

_CLOSE_SECONDS: Final = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """A message to send; key and value are not both absent."""

    topic: str
    key: bytes | None
    value: bytes | None
    headers: Headers = field(default=())
    timestamp: int | None = None  #: milliseconds since 1970; None: now


class Producer:
    """One idempotent producer for the whole process, made anew after a failure.

    After an error the client no longer knows which sequence numbers the broker has seen, so it is replaced;
    whoever sends through it at that moment fails as well, and tries again.
    """

    def __init__(self, settings: KafkaSettings) -> None:
        self._settings = settings
        self._client: AIOKafkaProducer | None = None
        self._opening = asyncio.Lock()

    async def send(self, messages: Sequence[Outgoing]) -> None:
        """Send messages in order and return once the broker has acknowledged every one.

        Raises:
            BrokerUnavailable: some may have arrived; sending all again is safe.
            BrokerRefused: a topic may not be written to.
            MessageTooLarge: a topic does not take so large a message; it tells which others were not taken either.
        """
        if not messages:
            return
        client = await self._open()
        try:
            with kafka_errors(f"writing to {', '.join(sorted({message.topic for message in messages}))}", "Write"):
                await _send(client, messages)
        except ConsumerError:
            await self._replace(client)
            raise

    async def check(self) -> None:
        """Ask the brokers for a sign of life.

        Raises:
            LoginRefused: they do not let us in any more, or we do not trust them.
            BrokerUnavailable: none answers.
        """
        client = await self._open()
        with kafka_errors("looking for the brokers"):
            try:
                await client.client.fetch_all_metadata()
            except KafkaError:
                await find_refusal(self._settings)
                raise

    async def close(self) -> None:
        """Close the connection."""
        if self._client is not None:
            await self._replace(self._client)

    async def _open(self) -> AIOKafkaProducer:
        async with self._opening:
            if self._client is None:
                client = make_producer(self._settings)
                try:
                    with kafka_errors("connecting", "Write"):
                        await start(client, self._settings)
                except BaseException:
                    await close_quietly(client, _CLOSE_SECONDS)
                    raise
                self._client = client
            return self._client

    async def _replace(self, client: AIOKafkaProducer) -> None:
        if self._client is client:
            self._client = None
            await close_quietly(client, _CLOSE_SECONDS)


async def _send(client: AIOKafkaProducer, messages: Sequence[Outgoing]) -> None:
    waiting: list[asyncio.Future[object]] = []
    for message in messages:
        try:
            acknowledged = await client.send(
                message.topic,
                message.value,
                message.key,
                timestamp_ms=message.timestamp,
                headers=list(message.headers),
            )
        except MessageSizeTooLargeError:
            answers = await asyncio.gather(*waiting, return_exceptions=True)
            raise _too_large(message, [*_failed(answers), *range(len(waiting), len(messages))]) from None
        waiting.append(acknowledged)
    answers = await asyncio.gather(*waiting, return_exceptions=True)
    for message, answer in zip(messages, answers, strict=True):
        if isinstance(answer, MessageSizeTooLargeError):
            raise _too_large(message, _failed(answers))
        if isinstance(answer, BaseException):
            raise answer


def _failed(answers: Sequence[object]) -> list[int]:
    return [number for number, answer in enumerate(answers) if isinstance(answer, BaseException)]


def _too_large(message: Outgoing, not_taken: Sequence[int]) -> MessageTooLarge:
    headers = sum(len(name) + len(value or b"") for name, value in message.headers)
    return MessageTooLarge(message.topic, len(message.key or b"") + len(message.value or b"") + headers, not_taken)
