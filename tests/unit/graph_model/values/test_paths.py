import pytest

from graph_model.values.equality import JsonValue
from graph_model.values.paths import has_column, is_path, root_of, value_at

ROW: dict[str, JsonValue] = {
    "id": 1,
    "address": {"city": "Rome", "geo": {"lat": 41.9}},
    "contacts": [{"email": "a@x.org"}, {"email": None}, {"phone": "1"}, {"email": "b@x.org"}, 7],
    "tags": ["a", "b"],
    "traits.email": "literal@x.org",
    "traits": {"email": "nested@x.org"},
    "one": {"list": {"email": "c@x.org"}},
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
    ],
)
def test_a_path_leads_to_what_lies_at_its_end(column: str, value: JsonValue) -> None:
    assert value_at(ROW, column) == value


def test_a_name_with_a_point_or_brackets_is_a_path() -> None:
    assert [is_path(name) for name in ("id", "a.b", "a[]")] == [False, True, True]
    assert [root_of(name) for name in ("id", "a.b", "a[].b")] == ["id", "a", "a"]
    assert [has_column(ROW, name) for name in ("id", "address.x", "contacts[].x", "fax.x")] == [True, True, True, False]
