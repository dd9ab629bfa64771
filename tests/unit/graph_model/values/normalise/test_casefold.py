import pytest

from graph_model.values.normalise.plain import normalise_casefold


@pytest.mark.parametrize(
    ("received", "normal"),
    [
        ("AnnLee", "annlee"),
        (" ANN_LEE ", "ann_lee"),
        ("STRASSE", "strasse"),
        ("Straße", "strasse"),
        ("\uff21nn", "ann"),
        ("\ufb00", "ff"),
        ("ΣΑΣ", "σασ"),  # noqa: RUF001 Greek is what is tried
        ("0042", "0042"),
    ],
)
def test_case_and_width_do_not_count(received: str, normal: str) -> None:
    assert normalise_casefold(received) == normal


def test_accents_tell_values_apart() -> None:
    assert normalise_casefold("José") != normalise_casefold("Jose")
