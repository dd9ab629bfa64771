"""A store remembers which one it is, and what it was built with."""

import asyncio

import pytest

from services.stores.port.errors import CatalogueChanged
from services.stores.port.protocols import Store
from tests.contract.builders import FINGERPRINT, person
from tests.contract.conftest import Reopen


async def test_a_store_keeps_its_id_when_it_is_opened_again(store: Store, reopen: Reopen) -> None:
    assert (await reopen()).store_id == store.store_id


async def test_a_store_opened_again_has_what_was_written(store: Store, reopen: Reopen) -> None:
    await store.commit(person(1, "ann"), await store.claim_outbox("tests"))
    assert await (await reopen()).read_profile("p1") is not None


async def test_a_catalogue_of_another_meaning_is_refused(store: Store, reopen: Reopen) -> None:
    with pytest.raises(CatalogueChanged, match=FINGERPRINT[:12]):
        await reopen("0" * 64)


async def test_many_that_make_the_store_at_once_make_one(reopen: Reopen) -> None:
    opened = await asyncio.gather(*(reopen() for _ in range(5)))
    assert len({store.store_id for store in opened}) == 1


async def test_an_outbox_of_another_kind_of_store_is_refused(store: Store) -> None:
    with pytest.raises(TypeError, match="claimed from this store"):
        await store.commit(person(1), object())  # type: ignore[arg-type]
