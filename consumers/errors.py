"""What can go wrong between us and Kafka.

BrokerTrouble
└── ConsumerError
    ├── KafkaNotConfigured   the settings do not say how to reach Kafka, or cannot be used
    ├── BrokerUnavailable    the broker does not answer: wait, then retry
    ├── LoginRefused         one of us does not trust the other: a password, an authority or a certificate is wrong
    ├── BrokerRefused        the broker answers no: somebody must change a right or a setting
    ├── MessageTooLarge      a topic does not take a message of this size: its setting must change
    ├── OffsetsRefused       the offsets do not fit the topic or the catalogue: it is held until somebody decides
    └── PartitionLost        the partition now belongs to another worker: stop, it redoes the rest
"""

from collections.abc import Sequence

from services.ingestion.claim import BrokerTrouble


class ConsumerError(BrokerTrouble):
    """Something between this process and Kafka did not work."""


class KafkaNotConfigured(ConsumerError):
    """The settings do not say how to reach Kafka, or what they name cannot be used."""


class BrokerUnavailable(ConsumerError):
    """The broker does not answer; waiting and trying again can help."""


class LoginRefused(ConsumerError):
    """The broker does not let us in, or is not the one that we trust; it stays so until somebody changes that."""


class BrokerRefused(ConsumerError):
    """The broker answers that this is not allowed; it stays so until somebody changes a right or a setting."""


class MessageTooLarge(ConsumerError):
    """The topic does not take a message of this size."""

    def __init__(self, topic: str, size: int, not_taken: Sequence[int]) -> None:
        """Say that a message of `size` bytes was not taken; by `not_taken`, which of those sent with it were not."""
        self.topic = topic
        self.size = size
        self.not_taken = not_taken
        super().__init__(
            f"topic {topic!r} does not take a message of {size} bytes; set its `max.message.bytes` above that "
            "(and `message.max.bytes` of the brokers, where it is less)"
        )


class OffsetsRefused(ConsumerError):
    """The offsets of the group do not fit the topic or the catalogue; nothing of it is read until somebody decides."""


class PartitionLost(ConsumerError):
    """The partition belongs to another worker now."""
