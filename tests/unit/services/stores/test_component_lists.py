"""How stores write which profiles make a component, however many they are."""

from collections.abc import Callable, Sequence

import pytest

from services.stores.gremlin.documents import component_document, read_component
from services.stores.sqlite.packing import pack_component, unpack_component


def through_sqlite(component: Sequence[str]) -> tuple[str, ...]:
    return unpack_component(pack_component("", component))


def through_gremlin(component: Sequence[str]) -> tuple[str, ...]:
    return read_component(component_document(component))


both_stores = pytest.mark.parametrize("through", [through_sqlite, through_gremlin])


@both_stores
@pytest.mark.parametrize("size", [1, 2, 15, 16, 17, 500])
def test_the_ids_of_a_component_are_read_as_they_were_written(
    through: Callable[[Sequence[str]], tuple[str, ...]], size: int
) -> None:
    packable = [f"{number:032x}" for number in range(size)]
    other = [f"profile {number}" for number in range(size)]
    assert through(packable) == tuple(packable)
    assert through(other) == tuple(other)
    assert through([*packable, *other]) == (*packable, *other)


@both_stores
def test_profiles_of_a_large_component_share_what_was_read(
    through: Callable[[Sequence[str]], tuple[str, ...]],
) -> None:
    large = [f"{number:032x}" for number in range(500)]
    assert through(large) is through(large)
