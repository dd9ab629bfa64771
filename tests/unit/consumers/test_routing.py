"""Which source a message goes to."""

from collections.abc import Callable

import pytest

from consumers.decoders import decode
from consumers.decoders.message import Message
from consumers.routing import count_under, find_source, format_of_topic
from graph_model.catalogue.rules import Catalogue
from graph_model.errors import MessageRejected


def test_a_topic_of_several_tables_is_told_apart_by_table(catalogue: Catalogue) -> None:
    assert find_source(catalogue, "customers", "crm.account").name == "account"


def test_a_topic_of_one_source_takes_every_table(catalogue: Catalogue) -> None:
    assert find_source(catalogue, "capcrm.crm.customer", "crm.customer_2").name == "default_name"


def test_a_shared_topic_needs_a_table(catalogue: Catalogue) -> None:
    with pytest.raises(MessageRejected, match="belongs to no source"):
        find_source(catalogue, "customers")


def test_a_topic_without_source_has_no_format(catalogue: Catalogue) -> None:
    with pytest.raises(MessageRejected, match="no source"):
        format_of_topic(catalogue, "elsewhere")


@pytest.mark.parametrize(("name", "topic"), [("c", "customers"), ("unwrap_c", "people")])
def test_a_message_is_decoded_by_the_format_of_its_topic(
    name: str, topic: str, captured: Callable[..., Message], catalogue: Catalogue
) -> None:
    assert len(decode(captured(name, topic=topic), catalogue)) == 1


@pytest.mark.parametrize(("topic", "name"), [("people", "people"), ("customers", "customers")])
def test_a_message_without_change_counts_for_its_source_or_its_shared_topic(
    topic: str, name: str, captured: Callable[..., Message], catalogue: Catalogue
) -> None:
    assert count_under(catalogue, captured("tombstone", topic=topic)) == name
