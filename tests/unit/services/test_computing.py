"""The garbage collector waits for a batch, and for no longer."""

import asyncio
import gc
from collections.abc import Iterator

import pytest

from services import computing
from services.computing import collecting_later


@pytest.fixture(autouse=True)
def collecting() -> Iterator[None]:
    yield
    gc.enable()


async def test_the_collector_waits_for_the_outermost_batch() -> None:
    with collecting_later():
        with collecting_later():
            assert not gc.isenabled()
        assert not gc.isenabled()
    assert gc.isenabled()


async def test_the_collector_goes_on_after_a_batch_that_failed() -> None:
    with pytest.raises(LookupError), collecting_later():
        raise LookupError
    assert gc.isenabled()


async def test_the_collector_does_not_wait_for_a_batch_that_does_not_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(computing, "MOST_SECONDS_UNCOLLECTED", 0.0)
    with collecting_later():
        assert not gc.isenabled()
        await asyncio.sleep(0.01)
        assert gc.isenabled()
    assert gc.isenabled()


async def test_a_collector_that_is_not_wanted_stays_away() -> None:
    gc.disable()
    with collecting_later():
        pass
    assert not gc.isenabled()
