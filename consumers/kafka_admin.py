"""Topics and group offsets: what the worker asks the cluster, and the topics that it makes."""

from collections.abc import Collection, Mapping
from typing import Any, Final

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import (
    TopicAlreadyExistsError,
    TopicAuthorizationFailedError,
    for_code,
)
from aiokafka.protocol.commit import OffsetFetchRequest
from aiokafka.protocol.group import HeartbeatRequest
from aiokafka.protocol.metadata import MetadataRequest

from consumers.errors import BrokerRefused
from consumers.kafka_clients import close_quietly, kafka_errors, make_admin, start
from consumers.kafka_rights import NOT_ALLOWED, missing, right
from consumers.offsets import CommittedOffset, OffsetNote
from services.settings import KafkaSettings

_WEEK_MS: Final = str(7 * 24 * 3600 * 1000)
_MESSAGE_BYTES: Final = str(16_000_000)
#: The broker's own default: number of partitions, and of replicas.
_BROKER_DEFAULT: Final = -1
_CLOSE_SECONDS: Final = 5.0
_ABSENT: Final = "it does not exist; correct its name in the catalogue, or make it"
_BY_POLICY: Final = "look at what the brokers allow"
#: Of whoever has not joined.
_NO_GENERATION: Final = -1


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
        topics = _topics(self._settings)
        absent = set(topics) - await self.topics()
        if not absent:
            return
        hidden = await self._hidden(absent)
        if hidden:
            told = missing(right("Write", "topic", topic) for topic in sorted(hidden))
            raise BrokerRefused(
                f"Kafka shows this process no topic {', '.join(map(repr, sorted(hidden)))}: {told}; `--operation "
                "Create` as well, where it is to make them"
            )
        await self._make({name: topics[name] for name in sorted(absent)})

    async def _make(self, topics: Mapping[str, Mapping[str, str]]) -> None:
        new = [
            # Without assignments of replicas the client takes the broker's defaults only so.
            NewTopic(name, _BROKER_DEFAULT, _BROKER_DEFAULT, replica_assignments={}, topic_configs=dict(options))
            for name, options in topics.items()
        ]
        with kafka_errors("making topics", "Create"):
            response = await self._client.create_topics(new)
        for name, code, *_ in response.topic_errors:
            error = for_code(code)
            if code and error is not TopicAlreadyExistsError:
                options = ", ".join(f"{key}={value}" for key, value in topics[name].items())
                way_out = missing([right("Create", "topic", name)]) if issubclass(error, NOT_ALLOWED) else _BY_POLICY
                raise BrokerRefused(
                    f"topic {name!r} does not exist, and Kafka refused to make it ({error.__name__}): {way_out}; or "
                    f"make it with {options}"
                )

    async def check_group(self) -> None:
        """Ask whether we may be a member of the group: by the sign of life of a member that there is not.

        Raises:
            BrokerRefused: we may not.
            BrokerUnavailable: the brokers do not answer.
        """
        group = self._settings.group
        with kafka_errors(f"looking at group {group!r}", name=group):
            answer = await self._ask_coordinator(group, HeartbeatRequest(group, _NO_GENERATION, "nobody"))
            error = for_code(answer.error_code)
            if issubclass(error, NOT_ALLOWED) or error.retriable:  # else it says that there is no such member
                raise error(group)

    async def topics(self) -> frozenset[str]:
        """The names of all topics that may be seen."""
        with kafka_errors("listing topics"):
            return frozenset(await self._client.list_topics())

    async def why_absent(self, topics: Collection[str]) -> Mapping[str, str]:
        """Why topics are not among those that may be seen: they do not exist, or the broker hides them."""
        hidden = await self._hidden(topics)
        return {
            topic: f"this user may not see it: {missing([right('Read', 'topic', topic)])}; or correct its name in the "
            "catalogue"
            if topic in hidden
            else _ABSENT
            for topic in topics
        }

    async def _hidden(self, topics: Collection[str]) -> frozenset[str]:
        """Those that the broker does not show, whether or not they exist."""
        if not topics:
            return frozenset()
        # Asked for by its name the broker tells whether it hides a topic; it must not make it because of that.
        request = MetadataRequest(sorted(topics), allow_auto_topic_creation=False)
        with kafka_errors("looking for topics", "Describe"):
            answer = await self._client._send_request(request)  # noqa: SLF001 - the client has no name for it
        found = answer.to_object()["topics"]
        return frozenset(each["topic"] for each in found if each["error_code"] == TopicAuthorizationFailedError.errno)

    async def partition_count(self, topic: str) -> int:
        """How many partitions a topic has now."""
        with kafka_errors(f"reading the partitions of topic {topic!r}"):
            described = await self._client.describe_topics([topic])
        if described[0]["error_code"] == TopicAuthorizationFailedError.errno:
            raise BrokerRefused(
                f"Kafka shows this process no topic {topic!r}: {missing([right('Read', 'topic', topic)])}"
            )
        return len(described[0]["partitions"])

    async def committed(self, group: str, topic: str) -> Mapping[int, CommittedOffset]:
        """The offsets that a group has committed for a topic, by partition."""
        found: dict[int, CommittedOffset] = {}
        with kafka_errors(f"reading the offsets of group {group!r}", name=group):
            # The client's own way takes a group that may not be read, or not yet, for one without offsets.
            answer = await self._ask_coordinator(group, OffsetFetchRequest(group, None))
            _raise_for(answer.error_code, group)
            for name, partitions in answer.topics:
                for partition, offset, metadata, code in partitions if name == topic else ():
                    _raise_for(code, topic)
                    if offset >= 0:
                        found[partition] = CommittedOffset(offset=offset, note=OffsetNote.parse(metadata))
        return found

    async def _ask_coordinator(self, group: str, request: object) -> Any:  # noqa: ANN401 - the client has no types
        coordinator = await self._client.find_coordinator(group)
        return await self._client._send_request(request, coordinator)  # noqa: SLF001 - the client has no name for it


def _raise_for(code: int, name: str) -> None:
    """Raise the error that an answer stands for, with what it is about."""
    if code:
        raise for_code(code)(name)


def _topics(settings: KafkaSettings) -> dict[str, dict[str, str]]:
    """The topics that we write to, with the settings that they need."""
    bounded = {"cleanup.policy": "delete", "retention.ms": _WEEK_MS, "max.message.bytes": _MESSAGE_BYTES}
    return {
        settings.updates_topic: bounded,
        settings.state_topic: {"cleanup.policy": "compact", "max.message.bytes": _MESSAGE_BYTES},
        settings.dead_letter_topic: bounded,
    }
