import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph_model.values.normalise.several import looks_like_several


@pytest.mark.parametrize(
    "cell",
    [
        "212-555-0142 / 917-555-0119",
        "2125550142,9175550119",
        "2125550142;9175550119",
        "030 123456 oder 0172 1234567",
        "+12125550142 +19175550119",
        "+12125550142\n+19175550119",
        "ann@example.com, bob@example.com",
        "ann@example.com bob@example.com",
        "Ann <ann@example.com>; Bob <bob@example.com>",
        '["ann@example.com","bob@example.com"]',
    ],
)
def test_a_cell_of_several_values_is_known(cell: str) -> None:
    assert looks_like_several(cell)


@pytest.mark.parametrize(
    "cell",
    [
        "",
        "(212) 555-0142",
        "0171/1234567",
        "212-555-0142 x12",
        "555-0123",
        "ann@@example.com",
        "ann@example.com ANN@example.com",
    ],
)
def test_one_value_is_not_several(cell: str) -> None:
    assert not looks_like_several(cell)


@given(st.text())
def test_every_text_is_several_or_not(cell: str) -> None:
    assert looks_like_several(cell) in {True, False}
