from datetime import date

import pytest

from graph_model.values.blocked_values import (
    ANY_BLOCKED_PATTERN,
    BLOCKED_ADDRESS_PATTERNS,
    BLOCKED_BIRTH_DATES,
    BLOCKED_VALUES,
    ROLE_MAILBOXES,
)
from graph_model.values.identifiers import IdentifierKind

KIND = IdentifierKind(
    name="any",
    normalise=None,
    holder_limit=10,
    priority=50,
    blocked_values=BLOCKED_VALUES,
    blocked_patterns=(ANY_BLOCKED_PATTERN,),
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


@pytest.mark.parametrize(
    "address",
    [
        "asdf@asdf.com", "asdf@gmail.com", "qwerty@mail.example.org", "qwertz@web.example.org", "12345@shop.com",
        "aaa@aaa.com", "aaaa@shop.com", "x@x.com", "a@b.com", "foo@bar.com", "abc@abc.com", "asd@asd.de", "no@no.com",
        "kein@kein.de", "test@shop.com", "test123@shop.com", "test.user@shop.com", "testing@testing.com",
    ],
)  # fmt: skip
def test_what_people_type_to_get_on_is_no_address_of_anybody(address: str) -> None:
    assert any(pattern.search(address) for pattern in BLOCKED_ADDRESS_PATTERNS)


@pytest.mark.parametrize(
    "address",
    [
        "smith@smith.com", "ann@ann.org", "jo@jo.com", "asd@firm.com", "max.test@firm.com", "tester@test.com",
        "qwerty.lee@firm.com", "lee@asdf.com", "anna@firm.com", "abby@firm.com", "1984@firm.com", "info.lee@firm.com",
        "ann@test.com", "testa@firm.com", "aaron@aaron.com",
    ],
)  # fmt: skip
def test_an_address_of_somebody_is_not_taken_for_one(address: str) -> None:
    assert not any(pattern.search(address) for pattern in BLOCKED_ADDRESS_PATTERNS)
    assert address.partition("@")[0] not in ROLE_MAILBOXES


def test_mailboxes_of_roles_are_written_as_normal_forms_are() -> None:
    assert {mailbox.strip().casefold() for mailbox in ROLE_MAILBOXES} == ROLE_MAILBOXES
    assert {
        "info", "sales", "support", "office", "contact", "admin", "billing", "kontakt", "vertrieb", "contacto",
        "accueil", "ventas", "vendas", "vendite", "verkoop", "biuro", "kefu", "toiawase", "abuse", "hostmaster",
    } <= ROLE_MAILBOXES  # fmt: skip


@pytest.mark.parametrize("name", ["ola", "dev", "ann", "lee", "bok", "rh", "me", "max"])
def test_first_names_and_initials_are_no_roles(name: str) -> None:
    assert name not in ROLE_MAILBOXES


def test_days_that_stand_for_an_unknown_one_are_days() -> None:
    assert {date.fromisoformat(day).isoformat() for day in BLOCKED_BIRTH_DATES} == BLOCKED_BIRTH_DATES
    assert {"1900-01-01", "1970-01-01", "1899-12-30", "0001-01-01", "1753-01-01"} <= BLOCKED_BIRTH_DATES


@pytest.mark.parametrize("day", ["1980-01-01", "1990-01-01", "2000-01-01", "1984-03-07"])
def test_a_day_on_which_many_living_people_were_born_is_not_blocked(day: str) -> None:
    assert day not in BLOCKED_BIRTH_DATES
