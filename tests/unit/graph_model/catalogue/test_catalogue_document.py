import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph_model.catalogue.document import catalogue_warnings, parse_catalogue
from graph_model.catalogue.rules import TimeColumn
from graph_model.errors import CatalogueError
from graph_model.values.trait_values import TraitType

CATALOGUE = """\
version: 1
identifiers:
  email: {normalise: email, holders: few, priority: 90}
  phone: {normalise: phone, region: US, holders: few, priority: 60}
  national_id:
    normalise: digits
    exclusive: true
    priority: 100
    blocked: ["111-11-1111"]
    blocked_patterns: ["^9{5,}"]
  person:
    composite:
      - {trait: family_name, normalise: name}
      - {trait: birth_date, normalise: date}
traits: {family_name: text, birth_date: date}
sources:
  crm:
    topic: shop.crm.customers
    format: debezium
    key: [tenant, id]
    event_time: updated_at
    columns:
      email: {identifier: email}
      phone: {identifier: phone}
      ssn: {identifier: national_id}
      name: {trait: family_name}
      born: {trait: birth_date}
  shop:
    file: "shop*.csv"
    version: rev
    key: [id]
    columns:
      contact: {identifier: email}
"""


def problems(text: str) -> list[str]:
    with pytest.raises(CatalogueError) as refused:
        parse_catalogue(text, "catalogue.yaml")
    return list(refused.value.problems)


def changed(old: str, new: str) -> str:
    assert CATALOGUE.count(old) == 1
    return CATALOGUE.replace(old, new)


def test_identifier_kinds_are_ready_to_use() -> None:
    kinds = parse_catalogue(CATALOGUE, "catalogue.yaml").kinds

    email, phone, national_id = kinds["email"], kinds["phone"], kinds["national_id"]
    assert (email.holder_limit, email.value_limit, email.priority) == (10, None, 90)
    assert phone.normalise is not None
    assert phone.normalise("(212) 555-0123") == "+12125550123"
    assert (national_id.value_limit, national_id.priority) == (1, 100)


def test_a_composite_kind_normalises_each_part() -> None:
    person = parse_catalogue(CATALOGUE, "catalogue.yaml").kinds["person"]

    assert person.normalise is None
    assert [(part.trait, part.normalise("7 Mar")) for part in person.parts] == [
        ("family_name", "7 mar"),
        ("birth_date", None),
    ]


def test_sources_keep_their_order_and_their_columns() -> None:
    catalogue = parse_catalogue(CATALOGUE, "catalogue.yaml")

    crm, shop = catalogue.sources.values()
    assert (crm.name, crm.rank, crm.format, crm.key, crm.epoch) == ("crm", 0, "debezium", ("tenant", "id"), 1)
    assert crm.identifiers == (("email", "email"), ("phone", "phone"), ("ssn", "national_id"))
    assert crm.traits == (("name", "family_name"), ("born", "birth_date"))
    assert (shop.rank, shop.format, shop.file, shop.version) == (1, "rows", "shop*.csv", TimeColumn("rev"))


def test_traits_keep_their_order_and_types() -> None:
    traits = parse_catalogue(CATALOGUE, "catalogue.yaml").traits

    assert {name: trait.type for name, trait in traits.items()} == {
        "family_name": TraitType.TEXT,
        "birth_date": TraitType.DATE,
    }
    assert list(traits) == ["family_name", "birth_date"]


@pytest.mark.parametrize(("written", "limit"), [("one", 1), ("few", 10), ("many", 100), ("250", 250)])
def test_holders_are_words_or_numbers(written: str, limit: int) -> None:
    text = changed("normalise: email, holders: few", f"normalise: email, holders: {written}")

    assert parse_catalogue(text, "catalogue.yaml").kinds["email"].holder_limit == limit


@pytest.mark.parametrize(
    ("written", "limit"),
    [("values: 3", 3), ("values: 1", 1), ("exclusive: true, values: 1", 1), ("exclusive: false, values: 2", 2)],
)
def test_how_many_values_a_person_may_have_is_a_number_or_exclusive(written: str, limit: int) -> None:
    text = changed("holders: few, priority: 90", f"{written}, priority: 90")

    assert parse_catalogue(text, "catalogue.yaml").kinds["email"].value_limit == limit


def test_a_trait_may_be_exclusive() -> None:
    catalogue = parse_catalogue(changed("birth_date: date}", "birth_date: {type: date, exclusive: true}}"), "c")

    assert catalogue.exclusive_traits == {"birth_date"}
    assert [trait.type for trait in catalogue.traits.values()] == [TraitType.TEXT, TraitType.DATE]


def test_a_trait_with_a_type_in_a_mapping_is_not_exclusive_by_itself() -> None:
    catalogue = parse_catalogue(changed("birth_date: date}", "birth_date: {type: date}}"), "c")

    assert catalogue.exclusive_traits == frozenset()


def test_a_source_is_trusted_fully_unless_said_otherwise() -> None:
    catalogue = parse_catalogue(changed("version: rev", "version: rev\n    trust: 40"), "c")

    assert {name: source.trust for name, source in catalogue.sources.items()} == {"crm": 100, "shop": 40}


@pytest.mark.parametrize("value", ["111-11-1111", "111111111", "999990001", "0", "N/A", "null"])
def test_blocked_values_are_the_built_in_ones_and_the_user_s_as_written_and_normalised(value: str) -> None:
    assert parse_catalogue(CATALOGUE, "catalogue.yaml").kinds["national_id"].is_blocked(value)


def test_a_topic_pattern_matches_whole_topic_names() -> None:
    text = changed("topic: shop.crm.customers", r"topic_pattern: 'shard\d+\.customers'")
    crm = parse_catalogue(text, "catalogue.yaml").sources["crm"]

    assert crm.matches_topic("shard12.customers")
    assert not crm.matches_topic("shard12.customers.archive")


def test_no_pattern_keeps_the_check_or_a_value_waiting() -> None:
    text = changed('"^9{5,}"', r'"^(\\d+[- ]?)+$"').replace("topic: shop.crm.customers", "topic_pattern: '(a+)+$'")
    text = text.replace('    file: "shop*.csv"', f"    topic: {'a' * 200}!\n    format: debezium")
    kind = parse_catalogue(text, "catalogue.yaml").kinds["national_id"]

    assert not kind.is_blocked("1" * 10_000 + "x")
    assert kind.is_blocked("123-45")


def test_two_tables_may_share_a_topic() -> None:
    text = changed("topic: shop.crm.customers", "topic: all\n    table: crm.customers")
    text = text.replace('    file: "shop*.csv"', "    topic: all\n    format: debezium\n    table: shop.users")

    assert set(parse_catalogue(text, "catalogue.yaml").sources) == {"crm", "shop"}


FAULTS = [
    ("an unknown key", "key: [id]\n", "keys: [id]\n", "sources.shop.keys", "did you mean 'key'?"),
    ("an unknown top-level key", "traits:", "trait:", "trait", "did you mean 'traits'?"),
    ("a wrong type", "key: [id]", "key: id", "sources.shop.key", "found 'id'; expected a list"),
    ("a number for text", "contact: {identifier: email}", "contact: {identifier: 5}",
     "sources.shop.columns.contact.identifier", "found the number 5; expected text"),
    ("text for a boolean", "exclusive: true", "exclusive: yes",
     "identifiers.national_id.exclusive", "found 'yes'; expected true or false"),
    ("text for a number", "priority: 100", "priority: high",
     "identifiers.national_id.priority", "found 'high'; expected a whole number"),
    ("an unquoted number to block", '["111-11-1111"]', "[000000000]",
     "identifiers.national_id.blocked[0]", "put it in quotes"),
    ("an unknown version", "version: 1\n", "version: 2\n", "version", "found the number 2; expected 1"),
    ("an unknown normaliser", "normalise: digits", "normalise: digit",
     "identifiers.national_id.normalise", "did you mean 'digits'?"),
    ("a kind never normalised", "normalise: digits\n    ", "",
     "identifiers.national_id", "is never normalised"),
    ("both ways of making a kind", "composite:\n", "normalise: exact\n    composite:\n",
     "identifiers.person.normalise", "beside `composite`"),
    ("an unknown trait type", "family_name: text", "family_name: txt",
     "traits.family_name", "did you mean 'text'?"),
    ("an undeclared kind", "contact: {identifier: email}", "contact: {identifier: emial}",
     "sources.shop.columns.contact.identifier", "did you mean 'email'?"),
    ("an undeclared trait", "{trait: family_name}\n      born", "{trait: famly_name}\n      born",
     "sources.crm.columns.name.trait", "did you mean 'family_name'?"),
    ("a column of a composite kind", "contact: {identifier: email}", "contact: {identifier: person}",
     "sources.shop.columns.contact.identifier", "found the composite kind 'person'"),
    ("a column that says nothing", "contact: {identifier: email}", "contact: {}",
     "sources.shop.columns.contact", "says nothing"),
    ("an undeclared trait in a composite", "{trait: family_name, normalise", "{trait: surname, normalise",
     "identifiers.person.composite[0].trait", "'surname', which is not declared"),
    ("a trait twice in a composite", "{trait: birth_date, normalise: date}", "{trait: family_name}",
     "identifiers.person.composite[1].trait", "a second time"),
    ("a composite of one", "\n      - {trait: birth_date, normalise: date}", "",
     "identifiers.person.composite", "found a list of 1"),
    ("a composite that no source has", "      born: {trait: birth_date}\n", "",
     "identifiers.person", "no source has all traits that it is made of"),
    ("a kind that no column carries", "      ssn: {identifier: national_id}\n", "",
     "identifiers.national_id", "no column of any source carries it"),
    ("a bad pattern", '"^9{5,}"', '"^9("',
     "identifiers.national_id.blocked_patterns[0]", "expected a regular expression"),
    ("a pattern that looks around", '"^9{5,}"', '"^9(?!8)"',
     "identifiers.national_id.blocked_patterns[0]", "without `(?!`: write what stands around it"),
    ("a topic pattern that looks back", "topic: shop.crm.customers", "topic_pattern: '(a|b)\\1'",
     "sources.crm.topic_pattern", "without `\\1`: write what is repeated out"),
    ("a bad topic pattern", "topic: shop.crm.customers", "topic_pattern: '['",
     "sources.crm.topic_pattern", "expected a regular expression"),
    ("an unknown region", "region: US", "region: us", "identifiers.phone.region", "did you mean 'US'?"),
    ("a region without phones", "normalise: digits", "normalise: digits\n    region: US",
     "identifiers.national_id.region", "only where `normalise` is phone"),
    ("holders in other words", "holders: few, priority: 90", "holders: lots, priority: 90",
     "identifiers.email.holders", "found 'lots'; expected one, few, many"),
    ("no holders at all", "holders: few, priority: 90", "holders: 0, priority: 90",
     "identifiers.email.holders", "found the number 0; expected one, few, many"),
    ("more holders than a profile has records", "holders: few, priority: 90", "holders: 1001, priority: 90",
     "identifiers.email.holders", "found the number 1001; expected one, few, many or a whole number from 1 to 1000"),
    ("no values at all", "holders: few, priority: 90", "values: 0, priority: 90",
     "identifiers.email.values", "found the number 0; expected at least 1"),
    ("several values of an exclusive kind", "exclusive: true", "exclusive: true\n    values: 2",
     "identifiers.national_id.values", "found 2 beside `exclusive: true`; expected only one of them"),
    ("one value of a kind that is not exclusive", "exclusive: true", "exclusive: false\n    values: 1",
     "identifiers.national_id.values", "found 1 beside `exclusive: false`"),
    ("a negative priority", "priority: 100", "priority: -1",
     "identifiers.national_id.priority", "found the number -1; expected at least 0"),
    ("a trait without a type", "birth_date: date}", "birth_date: {exclusive: true}}",
     "traits.birth_date", "the key 'type' is missing"),
    ("an unknown type in a mapping", "birth_date: date}", "birth_date: {type: dat}}",
     "traits.birth_date.type", "did you mean 'date'?"),
    ("an unknown key of a trait", "birth_date: date}", "birth_date: {type: date, exclusiv: true}}",
     "traits.birth_date.exclusiv", "did you mean 'exclusive'?"),
    ("a trait without anything", "birth_date: date}", "birth_date: }",
     "traits.birth_date", "found nothing; expected one of text, date"),
    ("more trust than full", "version: rev", "trust: 101",
     "sources.shop.trust", "found the number 101; expected at most 100"),
    ("less trust than none", "version: rev", "trust: -1", "sources.shop.trust", "expected at least 0"),
    ("no key", "    key: [id]\n", "", "sources.shop.key", "no key column is named"),
    ("an empty key", "key: [id]", "key: []", "sources.shop.key", "no key column is named"),
    ("a key column twice", "key: [tenant, id]", "key: [id, id]", "sources.crm.key[1]", "a second time"),
    ("no columns", "    columns:\n      contact: {identifier: email}\n", "",
     "sources.shop.columns", "no column is named"),
    ("topic and pattern", "topic: shop.crm.customers", "topic: a\n    topic_pattern: b",
     "sources.crm.topic_pattern", "beside `topic`"),
    ("Debezium without a topic", "    topic: shop.crm.customers\n", "", "sources.crm.topic", "expected `topic` or"),
    ("a table of plain rows", "version: rev", "table: a.b",
     "sources.shop.table", "only with `format: debezium`"),
    ("a shared topic", 'file: "shop*.csv"', "topic: shop.crm.customers\n    format: debezium",
     "sources.shop.topic", "as in the source 'crm'"),
    ("two formats in one topic", 'file: "shop*.csv"', "topic: shop.crm.customers",
     "sources.shop.format", "found 'rows'; expected 'debezium'"),
    ("an epoch before the first", "version: rev", "epoch: 0", "sources.shop.epoch", "expected at least 1"),
    ("a name with a colon",
     "  email: {norm", '  "e:mail": {norm', "identifiers.e:mail", "expected a name that begins"),
    ("the same key twice", "    version: rev\n", "    version: rev\n    version: at\n", "sources.shop.version",
     "a second time (first on line 30)"),
    ("the same source twice", "  shop:\n", "  crm:\n", "sources.crm", "a second time"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "path", "message"), [fault[1:] for fault in FAULTS], ids=[f[0] for f in FAULTS])
def test_a_fault_is_told_with_its_path_and_what_was_expected(old: str, new: str, path: str, message: str) -> None:
    found = [problem for problem in problems(changed(old, new)) if re.match(rf"line \d+: {re.escape(path)}: ", problem)]

    assert len(found) == 1
    assert message in found[0]


def test_the_line_is_that_of_the_faulty_key() -> None:
    assert problems(changed("exclusive: true", "exclusiv: true"))[0].startswith(
        "line 7: identifiers.national_id.exclusiv: found an unknown key; expected one of"
    )


def test_the_error_names_the_file() -> None:
    with pytest.raises(CatalogueError, match=r"^shop/catalogue\.yaml: the catalogue has 1 problem:"):
        parse_catalogue(changed("key: [id]", "key: []"), "shop/catalogue.yaml")


def test_all_faults_of_shape_and_meaning_are_told_at_once_in_the_order_of_the_file() -> None:
    text = CATALOGUE.replace("region: US", "regoin: US").replace("key: [tenant, id]", "key: 5")
    text = text.replace("{identifier: phone}", "{identifier: fone}").replace("rev", "rev\n    version: at")
    text = text.replace('"^9{5,}"', '"("')

    assert [problem.split(":")[1].strip() for problem in problems(text)] == [
        "identifiers.phone.regoin",
        "identifiers.national_id.blocked_patterns[0]",
        "sources.crm.key",
        "sources.crm.columns.phone.identifier",
        "sources.shop.version",
    ]


def test_a_fault_that_only_follows_from_another_one_is_not_told() -> None:
    misspelt_topic = changed("topic: shop.crm.customers", "topci: shop.crm.customers")

    assert len(problems(misspelt_topic)) == 1


def test_a_section_that_cannot_be_read_is_the_only_fault() -> None:
    assert [problem.split(";")[0] for problem in problems(changed("traits: {", "trait: {"))] == [
        "line 15: trait: found an unknown key"
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "line 1: the file is empty"),
        ("# only a comment\n", "line 1: the file is empty"),
        ("- crm\n", "line 1: found a list; expected a mapping"),
        ("version: 1\nidentifiers: [\n", "line 3: is not valid YAML"),
        ("version: 1\n\tsources: {}\n", "line 2: is not valid YAML"),
        ("version: 1\x00", "line 1: is not valid YAML"),
        ("[" * 2_000, "line 1: is not valid YAML: it is nested too deeply"),
    ],
)
def test_text_that_is_no_catalogue_at_all_is_refused(text: str, message: str) -> None:
    assert problems(text)[0].startswith(message)


def test_a_catalogue_without_sources_and_identifiers_is_refused() -> None:
    assert problems("version: 1\n") == [
        "line 1: identifiers: no identifier kind is declared; expected at least one",
        "line 1: sources: no source is declared; expected at least one",
    ]


def sharing(first: str, second: str) -> str:
    """A catalogue with two sources whose topics and the like are these."""
    columns = "key: [id], columns: {mail: {identifier: email}}"
    return (
        "version: 1\nidentifiers:\n  email: {normalise: email, holders: few, priority: 90}\nsources:\n"
        f"  one: {{{first}, {columns}}}\n  two: {{{second}, {columns}}}\n"
    )


def test_sources_that_share_a_topic_have_one_epoch() -> None:
    shared = "topic: t, format: debezium"
    (problem,) = problems(sharing(f"{shared}, table: a.b, epoch: 2", f"{shared}, table: a.c, epoch: 3"))
    assert "sources.two.epoch: found 3; expected 2, as in 'one'" in problem


def test_a_topic_that_a_pattern_of_another_source_matches_too_is_refused() -> None:
    (problem,) = problems(sharing("topic: shard1", "topic_pattern: 'shard[0-9]+'"))
    assert "sources.one.topic: found 'shard1', which the `topic_pattern` of 'two' matches, too" in problem


@pytest.mark.parametrize("table", ["", ", table: shop.users"], ids=["same table", "tables of their own"])
def test_a_topic_under_a_pattern_of_another_format_is_refused(table: str) -> None:
    (problem,) = problems(sharing("topic: shard1", f"topic_pattern: 'shard[0-9]+', format: debezium{table}"))
    assert (
        "sources.one.topic: found 'shard1', which the `topic_pattern` of 'two' matches, too, and 'one' is "
        "`format: rows`, 'two' `format: debezium`; expected one format for all messages of a topic" in problem
    )


def test_equal_patterns_of_two_formats_are_refused() -> None:
    pattern = "topic_pattern: 'shard[0-9]+'"
    (problem,) = problems(sharing(f"{pattern}, format: debezium, table: a.b", pattern))
    assert "sources.two.format: found 'rows'; expected 'debezium', as in 'one' of the same topic" in problem


def test_a_table_of_its_own_may_be_picked_from_topics_of_a_pattern() -> None:
    shared = "format: debezium"
    named = f"topic: shard1, {shared}, table: a.b"
    parse_catalogue(sharing(named, f"topic_pattern: 'shard[0-9]+', {shared}"), "catalogue.yaml")


def test_holders_above_a_hundred_are_warned_of() -> None:
    text = changed("holders: few, priority: 90", "holders: 101, priority: 90")

    assert [warning.split(":")[0] for warning in catalogue_warnings(parse_catalogue(text, "c"))] == [
        "identifiers.email"
    ]


def test_a_source_without_log_and_version_column_is_warned_of() -> None:
    (warning,) = catalogue_warnings(parse_catalogue(changed("    version: rev\n", ""), "c"))

    assert warning.startswith("sources.shop: ")
    assert "files loaded later win, even if their rows are older" in warning


def test_a_trait_that_no_column_carries_is_warned_of() -> None:
    text = changed("birth_date: date}", "birth_date: date, city: text}")

    assert catalogue_warnings(parse_catalogue(text, "c")) == ("traits.city: no column carries it",)


def test_a_catalogue_without_oddities_has_no_warnings() -> None:
    assert catalogue_warnings(parse_catalogue(CATALOGUE, "c")) == ()


@given(
    line=st.integers(0, CATALOGUE.count("\n") - 1),
    replacement=st.one_of(
        st.just(None),
        st.sampled_from(["  x", "x: {a: [1]}", "  crm: 5", "    - [", "[]", "  email:"]),
        st.text(max_size=20),
    ),
)
def test_a_damaged_catalogue_is_read_or_refused_with_reasons(line: int, replacement: str | None) -> None:
    lines = CATALOGUE.splitlines()
    lines[line : line + 1] = [] if replacement is None else [replacement]
    try:
        parse_catalogue("\n".join(lines), "catalogue.yaml")
    except CatalogueError as error:
        assert error.problems  # noqa: PT017 a damage may leave the catalogue usable
