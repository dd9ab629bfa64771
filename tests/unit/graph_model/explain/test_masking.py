import pytest

from graph_model.explain.masking import Visibility, mask
from graph_model.records.record import RecordAddress
from tests.unit.graph_model.resolution.evidence_worlds import CATALOGUE

PERSONAL = RecordAddress.of("list", ["ann.lee@example.com"])


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("ann.lee@example.com", "a***.l***@e***.c***"),
        ("+12125550142", "+1***"),
        ('["lee","1984-03-07"]', '["l***","1***-0***-0***"]'),
        ("Müller_Straße", "M***_S***"),
        ("", ""),
    ],
)
def test_the_first_character_of_each_part_stays(text: str, masked: str) -> None:
    assert mask(text) == masked


def test_a_reader_with_the_right_sees_values() -> None:
    assert Visibility.of(CATALOGUE, may_see_values=True).value("ann@x.org") == "ann@x.org"


def test_a_key_that_is_an_identifier_is_masked() -> None:
    assert Visibility.of(CATALOGUE, may_see_values=False).name(PERSONAL) == 'list["a***.l***@e***.c***"]'
    assert Visibility.of(CATALOGUE, may_see_values=True).key(PERSONAL) == ["ann.lee@example.com"]


def test_a_key_that_is_nobodys_data_is_shown() -> None:
    assert Visibility.of(CATALOGUE, may_see_values=False).name(RecordAddress.of("crm", ["A-17"])) == 'crm["A-17"]'
