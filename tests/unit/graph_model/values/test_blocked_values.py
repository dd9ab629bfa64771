import pytest

from graph_model.values.blocked_values import BLOCKED_PATTERNS, BLOCKED_VALUES
from graph_model.values.identifiers import IdentifierKind

KIND = IdentifierKind(
    name="any",
    normalise=None,
    holder_limit=10,
    priority=50,
    blocked_values=BLOCKED_VALUES,
    blocked_patterns=BLOCKED_PATTERNS,
)


@pytest.mark.parametrize(
    "value",
    [
        "",
        "  ",
        "-",
        "?",
        "null",
        "NULL",
        '"null"',
        "undefined",
        "None",
        "NaN",
        "n/a",
        "N/A",
        "anonymous",
        "Guest",
        "unknown",
        "test",
        "[object Object]",
        "true",
        "False",
        "empty",
        "0",
        "0000000000",
        "000-00-0000",
        "+0 (000) 000-0000",
        "-1",
        "00000000-0000-0000-0000-000000000000",
        "ffffffff-ffff-ffff-ffff-ffffffffffff",
        "noreply@shop.com",
        "no-reply@shop.com",
        "NoReply+4711@shop.com",
        "donotreply@shop.com",
        "do-not-reply@shop.com",
        "test@test.com",
        "test@example.com",
        "null@shop.com",
        "no-email@shop.com",
    ],
)
def test_values_that_identify_nobody_are_blocked(value: str) -> None:
    assert KIND.is_blocked(value)


@pytest.mark.parametrize(
    "value",
    [
        "ann.lee@example.com",
        "tester@test.com",
        "guest.room@example.com",
        "noreply",
        "annoreply@example.com",
        "10",
        "000-00-0001",
        "0a",
        "nullmann",
        "李",
        "+12125550123",
        "00000000-0000-0000-0000-000000000001",
    ],
)
def test_values_that_only_look_alike_are_not(value: str) -> None:
    assert not KIND.is_blocked(value)


def test_the_list_is_casefolded_as_the_values_compared_with_it_are() -> None:
    assert {value.strip().casefold() for value in BLOCKED_VALUES} == BLOCKED_VALUES
