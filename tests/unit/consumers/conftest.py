"""Messages as a real connector wrote them, and a catalogue of the tables they come from."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import orjson
import pytest

from consumers.decoders.message import Message
from graph_model.catalogue.rules import Catalogue, Column, MessageFormat, Source, Trait
from graph_model.values.trait_values import TraitType

CAPTURES = Path(__file__).parents[2] / "captures"

Captured: TypeAlias = Callable[..., Message]


@pytest.fixture
def captured() -> Captured:
    """Read a captured message as it lay in its topic."""

    def read(name: str, topic: str = "customers", folder: str = "debezium_postgres") -> Message:
        stored = orjson.loads((CAPTURES / folder / f"{name}.json").read_bytes())
        key, value = stored["key"], stored["value"]
        return Message(
            topic=topic,
            offset=7,
            timestamp=1_795_259_999_999,
            key=None if key is None else orjson.dumps(key),
            value=None if value is None else orjson.dumps(value),
            headers=tuple((header, orjson.dumps(content)) for header, content in stored["headers"]),
        )

    return read


@pytest.fixture
def catalogue() -> Catalogue:
    """Three captured tables on one shared topic, one on its own, and a topic of plain rows."""
    sources = (
        source("customer", topic="customers", table="crm.customer", columns=_CUSTOMER_COLUMNS),
        source("account", topic="customers", table="crm.account", key=("account_no", "bank"), columns=("memo",)),
        source("visit", topic="customers", table="crm.visit", key=("customer_id", "page"), columns=("page",)),
        source("default_name", topic="capcrm.crm.customer", columns=_CUSTOMER_COLUMNS),
        source("people", topic="people", message_format="rows", columns=("name",)),
        source("pairs", topic="pairs", message_format="rows", key=("a", "b"), columns=("name",)),
    )
    return Catalogue(
        name="catalogue.yaml",
        kinds={},
        traits=dict.fromkeys((*_CUSTOMER_COLUMNS, "memo", "page", "name"), Trait(TraitType.TEXT)),
        sources={each.name: each for each in sources},
        fingerprint="f",
    )


_CUSTOMER_COLUMNS = ("first_name", "email", "note", "tags", "birth_date")


def source(
    name: str,
    *,
    topic: str,
    table: str | None = None,
    key: tuple[str, ...] = ("id",),
    columns: tuple[str, ...] = (),
    message_format: MessageFormat = "debezium",
) -> Source:
    return Source(
        name=name,
        format=message_format,
        topic=topic,
        topic_pattern=None,
        table=table,
        file=None,
        key=key,
        event_time=None,
        version=None,
        epoch=3,
        meanings=tuple(Column(name=column, identifier=None, trait=column) for column in columns),
        rank=0,
    )
