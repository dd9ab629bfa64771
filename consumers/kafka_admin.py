"""Topics and group offsets: what the worker asks the cluster, and the topics that it makes."""

from collections.abc import Collection, Mapping
from typing import Final

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import TopicAlreadyExistsError, TopicAuthorizationFailedError, for_code
from aiokafka.protocol.metadata import MetadataRequest

from consumers.errors import BrokerRefused
from consumers.kafka_clients import close_quietly, kafka_errors, make_admin, start
from consumers.offsets import CommittedOffset, OffsetNote
from services.settings import KafkaSettings

_WEEK_MS: Final = str(7 * 24 * 3600 * 1000)
_MESSAGE_BYTES: Final = str(16_000_000)
#: The broker's own default: number of partitions, and of replicas.
_BROKER_DEFAULT: Final = -1
_CLOSE_SECONDS: Final = 5.0
_ABSENT: Final = "it does not exist; correct its name in the catalogue, or make it"
_HIDDEN: Final = "this user may not see it; grant DESCRIBE and READ on it, or correct its name in the catalogue"


class KafkaAdmin:
    """One connection for questions about the cluster."""

    def __init__(self, settings: KafkaSettings) -> None:
        self._settings = settings
        self._client: AIOKafkaAdminClient = make_admin(settings)

    async def connect(self) -> None:
        """Open the connection; after a failure it can be tried again.

        Raises:
            LoginRefused: the brokers do not let us in, or we do not trust them.
            BrokerUnavailable: no broker answers.
        """
        with kafka_errors("connecting"):
            await start(self._client, self._settings)

    async def close(self) -> None:
        """Close the connection."""
        await close_quietly(self._client, _CLOSE_SECONDS)

    async def ensure_topics(self) -> None:
        """Make the topics that we write to, where they do not exist yet.

        Raises:
            BrokerRefused: one is missing and may not be made.
            BrokerUnavailable: the brokers do not answer.
        """
        with kafka_errors("listing topics"):
            existing = set(await self._client.list_topics())
        wanted = {name: options for name, options in _topics(self._settings).items() if name not in existing}
        if not wanted:
            return
        new = [
            # Without assignments of replicas the client takes the broker's defaults only so.
            NewTopic(name, _BROKER_DEFAULT, _BROKER_DEFAULT, replica_assignments={}, topic_configs=dict(options))
            for name, options in wanted.items()
        ]
        with kafka_errors("making topics"):
            response = await self._client.create_topics(new)
        for name, code, *_ in response.topic_errors:
            error = for_code(code)
            if code and error is not TopicAlreadyExistsError:
                options = ", ".join(f"{key}={value}" for key, value in wanted[name].items())
                raise BrokerRefused(
                    f"topic {name!r} does not exist, and Kafka refused to make it ({error.__name__}). Make it with "
                    f"{options}, or give this user the right to create topics"
                )

    async def topics(self) -> frozenset[str]:
        """The names of all topics that may be seen."""
        with kafka_errors("listing topics"):
            return frozenset(await self._client.list_topics())

    async def why_absent(self, topics: Collection[str]) -> Mapping[str, str]:
        """Why topics are not among those that may be seen: they do not exist, or the broker hides them."""
        if not topics:
            return {}
        # Asked for by its name the broker tells whether it hides a topic; it must not make it because of that.
        request = MetadataRequest(sorted(topics), allow_auto_topic_creation=False)
        with kafka_errors("looking for topics"):
            answer = await self._client._send_request(request)  # noqa: SLF001 - the client has no name for it
        found = answer.to_object()["topics"]
        hidden = {each["topic"] for each in found if each["error_code"] == TopicAuthorizationFailedError.errno}
        return {topic: _HIDDEN if topic in hidden else _ABSENT for topic in topics}

    async def partition_count(self, topic: str) -> int:
        """How many partitions a topic has now."""
        with kafka_errors(f"reading the partitions of topic {topic!r}"):
            described = await self._client.describe_topics([topic])
        return len(described[0]["partitions"])

    async def committed(self, group: str, topic: str) -> Mapping[int, CommittedOffset]:
        """The offsets that a group has committed for a topic, by partition."""
        with kafka_errors(f"reading the offsets of group {group!r}"):
            stored = await self._client.list_consumer_group_offsets(group)
        return {
            where.partition: CommittedOffset(offset=each.offset, note=OffsetNote.parse(each.metadata))
            for where, each in stored.items()
            if where.topic == topic and each.offset >= 0
        }


def _topics(settings: KafkaSettings) -> dict[str, dict[str, str]]:
    """The topics that we write to, with the settings that they need."""
    bounded = {"cleanup.policy": "delete", "retention.ms": _WEEK_MS, "max.message.bytes": _MESSAGE_BYTES}
    return {
        settings.updates_topic: bounded,
        settings.state_topic: {"cleanup.policy": "compact", "max.message.bytes": _MESSAGE_BYTES},
        settings.dead_letter_topic: bounded,
    }
