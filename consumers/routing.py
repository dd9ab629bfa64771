"""Which source of the catalogue a message belongs to. Several sources may share a topic."""

from functools import lru_cache
from typing import Final

from consumers.decoders.message import Message
from graph_model.catalogue.rules import Catalogue, MessageFormat, Source
from graph_model.errors import MessageRejected

#: So much of a name is told, in characters; names of topics are no longer.
_LONGEST_NAME: Final = 249


def find_source(catalogue: Catalogue, topic: str, *tables: str) -> Source:
    """Find the source of a topic, or of one table of a topic that carries several.

    Args:
        catalogue: all sources.
        topic: name of the topic.
        tables: what the table is called, where the message tells it: `schema.table` (for MySQL and MariaDB
            `database.table`), and before it `database.schema.table` where there are both; the longest that a source
            names counts.

    Raises:
        MessageRejected: no source takes this topic and table, or more than one does.
    """
    found = sources_of_topic(catalogue, topic)
    for table in tables:
        matches = [source for source in found if source.table == table]
        if matches:
            break
    else:
        matches = [source for source in found if source.table is None]
    if len(matches) == 1:
        return matches[0]
    # The message says both where it comes from a file.
    table, topic = (_named(tables[-1]) if tables else ""), _named(topic)
    where = f"table {table} of topic {topic}" if tables else f"topic {topic}"
    if not matches:
        raise MessageRejected(
            "map",
            f"{where} belongs to no source of the catalogue {catalogue.name}; add one for it",
        )
    names = ", ".join(sorted(source.name for source in matches))
    raise MessageRejected("map", f"{where} belongs to several sources ({names}); give them `table`, or other topics")


def _named(name: str) -> str:
    return repr(name) if len(name) <= _LONGEST_NAME else f"{name[:_LONGEST_NAME]!r}…"


def sources_of_topic(catalogue: Catalogue, topic: str) -> tuple[Source, ...]:
    """All sources that take messages of a topic."""
    return _found_before(catalogue, topic) if len(topic) <= _LONGEST_NAME else _sources_of_topic(catalogue, topic)


def _sources_of_topic(catalogue: Catalogue, topic: str) -> tuple[Source, ...]:
    return tuple(source for source in catalogue.sources.values() if source.matches_topic(topic))


_found_before: Final = lru_cache(maxsize=1_024)(_sources_of_topic)


def epoch_of_topic(catalogue: Catalogue, topic: str) -> int:
    """The life of a topic: the greatest that its sources name. One that no source takes has none."""
    return max(source.epoch for source in sources_of_topic(catalogue, topic))


def partition_writer(group: str, topic: str, partition: int) -> str:
    """The name under which the worker of a group that reads a partition writes; stores keep it, so it never changes."""
    return f"{group}/{topic}/{partition}"


def format_of_topic(catalogue: Catalogue, topic: str) -> MessageFormat:
    """How messages of a topic are written.

    Raises:
        MessageRejected: no source takes the topic, or its sources disagree.
    """
    formats = {source.format for source in sources_of_topic(catalogue, topic)}
    if len(formats) == 1:
        return formats.pop()
    expected = "no source" if not formats else f"sources of several formats ({', '.join(sorted(formats))})"
    raise MessageRejected("map", f"topic {topic!r} has {expected} in the catalogue {catalogue.name}; expected one")


def count_under(catalogue: Catalogue, message: Message) -> str:
    """The name that a message without a change is counted under: its source, or its topic if shared."""
    sources = sources_of_topic(catalogue, message.topic)
    return sources[0].name if len(sources) == 1 else message.topic
