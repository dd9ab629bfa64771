import pytest

from graph_model.catalogue.document import parse_catalogue
from graph_model.catalogue.rules import Catalogue
from services.lookup.record_names import UnreadableRecord, read_record_name

CATALOGUE: Catalogue = parse_catalogue(
    """
version: 1
identifiers:
  email: {normalise: email, holders: few}
sources:
  crm: {file: "crm*", key: [id], columns: {email: {identifier: email}}}
  shop.orders: {file: "shop*", key: [shop, number], columns: {email: {identifier: email}}}
  shards: {topic_pattern: 'shard\\d', key: [id], columns: {email: {identifier: email}}}
""",
    "catalogue.yaml",
)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("crm[1]", "crm[1]"),
        ("crm:1", "crm[1]"),
        ('crm["1"]', "crm[1]"),
        ('crm["A-17"]', 'crm["A-17"]'),
        ("crm[A-17]", 'crm["A-17"]'),
        ("crm:a:b[c]", 'crm["a:b[c]"]'),
        ("crm:007", 'crm["007"]'),
        ("crm:1.0", "crm[1]"),
        ("crm[1.0]", "crm[1]"),
        ("crm[12345678901234567890]", 'crm["12345678901234567890"]'),
        ("crm:12345678901234567890", 'crm["12345678901234567890"]'),
        ('shards["shard1",1234567890123456789]', 'shards["shard1","1234567890123456789"]'),
        ('shop.orders["north",7]', 'shop.orders["north",7]'),
        ("shop.orders[north, 7]", 'shop.orders["north",7]'),
        ("shards[shard1,7]", 'shards["shard1",7]'),
    ],
)
def test_a_record_is_read_as_people_write_it(text: str, name: str) -> None:
    assert str(read_record_name(text, CATALOGUE)) == name


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("till[1]", "the catalogue has the sources crm, shards, shop.orders"),
        ("", "the catalogue has the sources"),
        ("crm[1,2]", "a key of crm has the parts id; found 2"),
        ("shop.orders:7", "a key of shop.orders has the parts shop, number; found 1"),
        ("shards[7]", "a key of shards has the parts topic, id; found 1"),
        ("crm[]", "a key of crm has the parts id; found 0"),
        ("crm:", "the key column 'id' of source 'crm' is empty"),
        ("crm[null]", "the key column 'id' of source 'crm' is null"),
        ("crm[true]", "the key column 'id' of source 'crm' is bool"),
        ("crm[1e30]", "the key column 'id' of source 'crm' is a number that is too long, or may have lost digits"),
        ("crm:8.96529E18", "the key column 'id' of source 'crm' is a number that has lost digits"),
        ("crm:\ud800", "the key column 'id' of source 'crm' is text that is not valid Unicode"),
        ("crm[\ud800]", "the key column 'id' of source 'crm' is text that is not valid Unicode"),
    ],
)
def test_what_names_no_record_is_refused_with_what_was_expected(text: str, reason: str) -> None:
    with pytest.raises(UnreadableRecord, match=reason.replace("[", r"\[")):
        read_record_name(text, CATALOGUE)
