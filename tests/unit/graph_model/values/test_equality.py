import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph_model.values.equality import canonical_bytes


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_a_text_is_written_as_all_other_json_is(text: str) -> None:
    assert canonical_bytes(text) == orjson.dumps(text)
    assert canonical_bytes([text]) == b"[" + canonical_bytes(text) + b"]"


@pytest.mark.parametrize("value", ["\ud800", ["\ud800"], 2**64, object()])
def test_what_json_cannot_say_is_refused(value: object) -> None:
    with pytest.raises(TypeError):
        canonical_bytes(value)
