import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph_model.values.equality import JsonValue
from graph_model.values.paths import astray_in, has_column, is_path, root_of, value_at, values_at

ROW: dict[str, JsonValue] = {
    "id": 1,
    "address": {"city": "Rome", "geo": {"lat": 41.9}},
    "contacts": [{"email": "a@x.org"}, {"email": None}, {"phone": "1"}, {"email": "b@x.org"}, 7],
    "tags": ["a", "b"],
    "traits.email": "literal@x.org",
    "traits": {"email": "nested@x.org"},
    "one": {"list": {"email": "c@x.org"}},
    "people": [{"email": ["a@x.org", "b@x.org"]}, {"email": "c@x.org"}, {"email": [["d@x.org"]]}],
    "pairs": [["a", "b"], ["c"]],
    "text": ' {"phones": [{"number": "+43 1 234567"}, {"number": "2"}], "id": 12345678901234567890, "in": "[1, 2]"}',
    "texts": ['{"email": "a@x.org"}', {"email": "b@x.org"}],
    "listed": '["a", "b"]',
    "street": "Main Street 5",
    "braces": "{not JSON}",
    "deep": '{"tree": ' + "[" * 300 + "]" * 300 + "}",
    "nan": '{"x": NaN}',
    "half": '{"x": "' + chr(0xD800) + '"}',
    "blank": " ",
    "marker": "NULL",
    "none": [],
}


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("id", 1),
        ("address.city", "Rome"),
        ("address.geo.lat", 41.9),
        ("address.street", None),
        ("id.city", None),
        ("nothing.city", None),
        ("contacts[].email", ["a@x.org", "b@x.org"]),
        ("contacts[].fax", None),
        ("tags[]", ["a", "b"]),
        ("one[].list[].email", ["c@x.org"]),
        ("traits.email", "literal@x.org"),
        ("contacts.email", None),
        ("people[].email", ["a@x.org", "b@x.org", "c@x.org", ["d@x.org"]]),
        ("pairs[]", ["a", "b", "c"]),
        ("text.phones[].number", ["+43 1 234567", "2"]),
        ("text.id", "12345678901234567890"),
        ("text.in", "[1, 2]"),
        ("text.in[]", [1, 2]),
        ("text.street", None),
        ("texts[].email", ["a@x.org", "b@x.org"]),
        ("listed[]", ["a", "b"]),
        ("listed[].x", None),
        ("street.name", None),
        ("street[]", ["Main Street 5"]),
        ("braces.x", None),
        ("deep.tree", None),
        ("nan.x", None),
        ("half.x", None),
    ],
)
def test_a_path_leads_to_what_lies_at_its_end(column: str, value: JsonValue) -> None:
    assert value_at(ROW, column) == value


def test_a_name_with_a_point_or_brackets_is_a_path() -> None:
    assert [is_path(name) for name in ("id", "a.b", "a[]")] == [False, True, True]
    assert [root_of(name) for name in ("id", "a.b", "a[].b")] == ["id", "a", "a"]
    assert [has_column(ROW, name) for name in ("id", "address.x", "contacts[].x", "fax.x")] == [True, True, True, False]


@pytest.mark.parametrize(
    ("column", "found"),
    [
        ("id.city", 1),
        ("contacts.email", []),
        ("street.name", "Main Street 5"),
        ("marker.x", "NULL"),
        ("braces.x", "{not JSON}"),
        ("nan.x", '{"x": NaN}'),
        ("deep.tree", '{"tree": ' + "[" * 31),
        ("address.city.name", "Rome"),
        ("address.street", None),
        ("address.street.name", None),
        ("nothing.city", None),
        ("blank.x", None),
        ("none.x", None),
        ("text.id", None),
    ],
)
def test_a_path_that_leads_into_what_has_no_members_says_so(column: str, found: JsonValue) -> None:
    assert astray_in(values_at(ROW, [column], frozenset({column}))[column]) == found
    assert astray_in(values_at(ROW, [column], frozenset())[column]) is None


def test_a_list_says_once_that_some_of_its_elements_have_no_members() -> None:
    found = values_at({"contacts": [7, {"email": "a@x.org"}, 8]}, ["contacts[].email"], frozenset({"contacts[].email"}))
    assert found == {"contacts[].email": ["a@x.org", {"leads into": 7}]}


def test_values_are_looked_up_only_for_paths_of_which_there_is_no_column() -> None:
    assert values_at(ROW, ["traits.email", "address.city"], frozenset()) == {"address.city": "Rome"}


_json = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=9)
    | st.sampled_from(['{"a": [1]}', "[[1]]", "{", "["]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("ab"), inner),
    max_leaves=9,
)


@given(
    row=st.dictionaries(st.sampled_from("ab"), _json), path=st.sampled_from(["a.b", "a[]", "a[].b", "a.b[].a", "b.a.b"])
)
def test_whatever_a_row_holds_a_path_is_followed_and_what_it_finds_is_the_same(
    row: dict[str, JsonValue], path: str
) -> None:
    plain, told = value_at(row, path), values_at(row, [path], frozenset({path}))[path]
    if isinstance(plain, list) and isinstance(told, list):
        assert [each for each in told if astray_in(each) is None] == plain
    else:
        assert told == plain or (plain is None and told is not None)
