from hypothesis import given
from hypothesis import strategies as st

from services.context.text import prompt_value
from services.context.tokens import count_tokens


def test_a_count_is_that_of_the_o200k_encoding() -> None:
    assert count_tokens("hello world") == 2
    assert count_tokens("") == 0


def test_a_special_token_is_counted_as_the_text_that_it_is() -> None:
    assert count_tokens("<|endoftext|>") > 1


@given(st.lists(st.text().map(prompt_value).map(lambda value: value[0]).filter(bool), min_size=1))
def test_counts_of_pieces_cut_before_spaces_and_after_lines_add_up(values: list[str]) -> None:
    pieces = [piece for value in values for piece in ("- name:", f" {value}", " [crm, 2026-11-20, today]\n")]
    assert sum(map(count_tokens, pieces)) == count_tokens("".join(pieces))


@given(st.integers(1, 10**7), st.integers(1, 10**7))
def test_a_smaller_number_never_takes_more_tokens(one: int, other: int) -> None:
    low, high = sorted((one, other))
    assert count_tokens(f"space: {low}\n") <= count_tokens(f"space: {high}\n")
