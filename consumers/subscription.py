"""Which topics of a cluster a worker reads: those that the catalogue names, and those that its patterns match."""

from typing import Any, NamedTuple

from aiokafka import AIOKafkaConsumer

from consumers.errors import KafkaNotConfigured
from graph_model.catalogue.rules import Catalogue


class Subscription(NamedTuple):
    """The topics of a catalogue; ones that appear later are found as well."""

    catalogue: Catalogue

    @classmethod
    def of(cls, catalogue: Catalogue) -> "Subscription":
        """The topics of a catalogue.

        Raises:
            KafkaNotConfigured: no source has any.
        """
        if all(source.topic is None and source.topic_pattern is None for source in catalogue.sources.values()):
            raise KafkaNotConfigured(
                f"no source of the catalogue {catalogue.name} has a `topic` or `topic_pattern`; there is nothing to "
                "consume"
            )
        return cls(catalogue)

    def match(self, topic: str) -> bool:
        """Tell whether a topic is one of them; called by the client, of every topic of the cluster."""
        return any(source.matches_topic(topic) for source in self.catalogue.sources.values())

    def give(self, consumer: AIOKafkaConsumer, listener: Any) -> None:  # noqa: ANN401 - the client has no types
        """Subscribe a consumer to them.

        Its own `subscribe` compiles a pattern with `re`, which names of topics can keep busy for ever; these two calls
        are all that it does beside that.
        """
        consumer._subscription.subscribe_pattern(pattern=self, listener=listener)  # noqa: SLF001 - see above
        consumer._client.set_topics([])  # noqa: SLF001 - see above
