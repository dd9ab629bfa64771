import pytest

from graph_model.values.normalise.phone import normalise_phone


@pytest.mark.parametrize(
    ("received", "region", "normal"),
    [
        ("(212) 555-0123", "US", "+12125550123"),
        ("+1 212 555 0123", "US", "+12125550123"),
        ("1-212-555-0123", "US", "+12125550123"),
        ("212.555.0123", "US", "+12125550123"),
        ("2125550123 ext. 12", "US", "+12125550123;ext=12"),
        ("tel:+1-212-555-0123", None, "+12125550123"),
        ("0011 44 20 7946 0018", "AU", "+442079460018"),
        ("020 7946 0018", "GB", "+442079460018"),
        ("+44 (0)20 7946 0018", "US", "+442079460018"),
        ("\u202a+1 212 555 0123\u202c", "US", "+12125550123"),
        ("٢١٢٥٥٥٠١٢٣", "US", "+12125550123"),
        ("+39 06 698 12345", None, "+390669812345"),
    ],
)
def test_spellings_of_one_number_become_one(received: str, region: str | None, normal: str) -> None:
    assert normalise_phone(received, region) == normal


@pytest.mark.parametrize(
    ("received", "region"),
    [
        ("555-0123", "US"),
        ("1234567890", "US"),
        ("0000000000", "US"),
        ("12", "US"),
        ("ask for Ann", "US"),
        ("+999 123 456", "US"),
        ("+1 212 555 0123 4567", "US"),
        ("(212) 555-0123", None),
    ],
)
def test_what_cannot_be_a_full_number_is_refused(received: str, region: str | None) -> None:
    assert normalise_phone(received, region) is None
