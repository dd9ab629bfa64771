"""Names the right that a broker misses, as `kafka-acls` takes it."""

from collections.abc import Iterable
from typing import Final, Literal, TypeAlias

from aiokafka.errors import (
    ClusterAuthorizationFailedError,
    GroupAuthorizationFailedError,
    KafkaError,
    TopicAuthorizationFailedError,
    TransactionalIdAuthorizationFailed,
)

#: What may be asked of a broker; `Read` and `Write` include `Describe`.
Operation: TypeAlias = Literal["Read", "Write", "Create", "Describe"]

NOT_ALLOWED: Final = (
    ClusterAuthorizationFailedError,
    GroupAuthorizationFailedError,
    TopicAuthorizationFailedError,
    TransactionalIdAuthorizationFailed,
)
#: Since Kafka 2.8 whoever may write to any topic may do it idempotently.
_IDEMPOTENT_WRITE: Final = (
    "missing `--operation Write` on the topics that are written to, or, before Kafka 2.8, `--operation IdempotentWrite "
    "--cluster`"
)


def right(operation: Operation, kind: Literal["topic", "group"], name: str) -> str:
    """A right, as options of `kafka-acls`."""
    return f"--operation {operation} --{kind} {name}"


def missing(rights: Iterable[str]) -> str:
    """That rights are missing, and how they are given."""
    return (
        f"missing {' and '.join(f'`{each}`' for each in rights)}: grant it with `kafka-acls --add` to the principal "
        "that this process is known as"
    )


def missing_right(error: KafkaError, operation: Operation, name: str) -> str:
    """What is missing where a broker has answered with one of `NOT_ALLOWED`.

    Args:
        error: the answer; most hold the name of the topic or of the group.
        operation: what was asked of a topic.
        name: the topic or the group, where it is known.
    """
    if isinstance(error, GroupAuthorizationFailedError):
        return missing([right("Read", "group", _named(error, name)[0])])
    if isinstance(error, TopicAuthorizationFailedError):
        return missing(right(operation, "topic", topic) for topic in _named(error, name))
    if isinstance(error, ClusterAuthorizationFailedError):
        return _IDEMPOTENT_WRITE if operation == "Write" else missing([f"--operation {operation} --cluster"])
    return missing([f"--operation Write --transactional-id {_named(error, name)[0]}"])


def _named(error: KafkaError, name: str) -> list[str]:
    """The names that it is about: the client gives one, or a set of them."""
    given = error.args[0] if error.args else ""
    if name or isinstance(given, str):
        return [name or given or "NAME"]
    return sorted(map(str, given))
