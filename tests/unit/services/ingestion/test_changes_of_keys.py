"""Verdicts follow a row whose key changes, in whatever order the two halves of the change arrive."""

from collections.abc import Awaitable, Callable, Sequence
from itertools import permutations
from pathlib import Path
from typing import TypeAlias

import pytest

from graph_model.records.record import Change
from graph_model.records.verdicts import Judgement, VerdictEntry
from services.ingestion.writer import Writer
from services.metrics import Metrics
from services.stewardship.decisions import Signature, Stewardship
from services.stewardship.verdict_look_up import RecordMoved
from services.stores.sqlite.store import SqliteStore
from tests.unit.services.people import CATALOGUE, Company

SAME, DIFFERENT = Judgement.SAME, Judgement.DIFFERENT

#: Which key has its turn, again and again.
Order: TypeAlias = tuple[str, ...]


def moved(company: Company, old: str, new: str, **row: str) -> tuple[Change, Change]:
    """The deletion of a row at its former key, and the row at its new one."""
    return company.change(old, moved_to=new), company.change(new, old, **row)


async def named(company: Company, entry: VerdictEntry) -> list[list[str]]:
    """The groups of a verdict as the ledger has it."""
    stored = (await company.store.read_verdicts([entry.verdict_id]))[entry.verdict_id]
    return [[f"{a.source}{a.key[1:-1]}" for a in group] for group in stored.entry.verdict.groups]


@pytest.mark.parametrize("order", [(0, 1), (1, 0)], ids=["deletion first", "new row first"])
@pytest.mark.parametrize("judgement", list(Judgement))
async def test_a_verdict_goes_with_the_row(company: Company, order: tuple[int, int], judgement: Judgement) -> None:
    shared = {"email_1": "x"} if judgement is DIFFERENT else {}
    await company.put("crm1", name="Ann", **shared)
    await company.put("shop1", name="Anne", **shared)
    entry = await company.decide(judgement, "crm1", "shop1")
    halves = moved(company, "crm1", "crm2", name="Ann", **shared)
    for half in order:
        await company.apply(halves[half])
    assert await company.profiles() == ([["crm2", "shop1"]] if judgement is SAME else [["crm2"], ["shop1"]])
    assert sorted(await named(company, entry)) == ([["crm2", "shop1"]] if judgement is SAME else [["crm2"], ["shop1"]])
    assert await company.is_sound()


async def test_a_row_that_takes_the_old_key_later_does_not_inherit(company: Company) -> None:
    await company.put("crm1", email_1="x")
    await company.put("shop1", email_1="x")
    await company.decide(DIFFERENT, "crm1", "shop1")
    await company.apply(*moved(company, "crm1", "crm2", phone_1="5"))
    await company.put("crm1", email_1="x")
    assert await company.profiles() == [["crm1", "shop1"], ["crm2"]]
    assert await company.is_sound()


async def test_a_row_that_is_deleted_and_loaded_again_does_inherit(company: Company) -> None:
    await company.put("crm1", email_1="x")
    await company.put("shop1", email_1="x")
    await company.decide(DIFFERENT, "crm1", "shop1")
    await company.put("crm1")
    await company.put("crm1", email_1="x")
    assert await company.profiles() == [["crm1"], ["shop1"]]


async def test_a_withdrawn_verdict_is_withdrawn_wherever_the_row_is(company: Company) -> None:
    await company.put("crm1", email_1="x")
    await company.put("shop1", email_1="x")
    entry = await company.decide(DIFFERENT, "crm1", "shop1")
    await company.apply(*moved(company, "crm1", "crm2", email_1="x"))
    await company.withdraw(entry)
    assert await company.profiles() == [["crm2", "shop1"]]
    assert await company.is_sound()


async def test_a_verdict_withdrawn_while_the_row_is_on_its_way_does_not_arrive_with_it(company: Company) -> None:
    await company.put("crm1", email_1="x")
    await company.put("shop1", email_1="x")
    entry = await company.decide(DIFFERENT, "crm1", "shop1")
    leaves, arrives = moved(company, "crm1", "crm2", email_1="x")
    await company.apply(leaves)
    await company.withdraw(entry)
    assert await company.is_sound()
    await company.apply(arrives)
    assert await company.profiles() == [["crm2", "shop1"]]
    assert await company.is_sound()


async def test_the_ledger_follows_a_row_that_comes_and_leaves_in_one_batch(company: Company) -> None:
    await company.put("crm1", email_1="x")
    await company.put("shop1", email_1="x")
    entry = await company.decide(DIFFERENT, "crm1", "shop1")
    leaves_1, arrives_2 = moved(company, "crm1", "crm2", email_1="x")
    leaves_2, arrives_3 = moved(company, "crm2", "crm3", email_1="x")
    await company.apply(leaves_1)
    await company.apply(arrives_2, leaves_2)
    await company.apply(arrives_3)
    assert await named(company, entry) == [["crm3"], ["shop1"]]
    assert await company.is_sound()


async def test_a_row_that_takes_the_key_of_a_deleted_one_inherits(company: Company) -> None:
    for name in ("crm1", "shop1", "crm5"):
        await company.put(name, email_1="x")
    await company.decide(DIFFERENT, "crm1", "shop1")
    await company.put("crm1")
    await company.apply(*moved(company, "crm5", "crm1", email_1="x"))
    assert await company.profiles() == [["crm1"], ["shop1"]]
    assert await company.is_sound()


async def test_a_mark_waits_for_its_row_while_another_one_is_still_at_its_new_key(company: Company) -> None:
    """The deletion of Ann's row arrives before that of Bo's row, whose key Ann's row takes."""
    await company.put("crm1", email_1="x")
    await company.put("crm2", phone_1="5")
    await company.put("shop1", email_1="x", phone_1="5")
    await company.decide(DIFFERENT, "crm1", "shop1")
    bo_leaves, bo_arrives = moved(company, "crm2", "crm3", phone_1="5")
    ann_leaves, ann_arrives = moved(company, "crm1", "crm2", email_1="x")
    await company.apply(ann_leaves)
    assert await company.profiles() == [["crm2", "shop1"]]
    for half in (bo_arrives, bo_leaves, ann_arrives):
        await company.apply(half)
    assert await company.profiles() == [["crm2"], ["crm3", "shop1"]]
    assert await company.is_sound()


async def in_every_order(
    tmp_path: Path, keys: Sequence[str], verify_one: Callable[[Company, Order], Awaitable[None]]
) -> None:
    """Try all orders in which keys can have their turns, each in a store of its own."""
    for number, order in enumerate(sorted(set(permutations(keys)))):
        store = await SqliteStore.open(tmp_path / f"{number}.sqlite", CATALOGUE.fingerprint)
        await verify_one(await Company.over(store), order)
        await store.close()


async def test_a_row_that_moves_twice_is_followed_in_every_order_of_its_keys(tmp_path: Path) -> None:
    """Each key lies on a partition of its own; only what happens to one key comes in order."""

    async def verify_one(company: Company, order: Order) -> None:
        await company.put("crm1", email_1="x")
        await company.put("shop1", email_1="x")
        entry = await company.decide(DIFFERENT, "crm1", "shop1")
        first, second = moved(company, "crm1", "crm2", email_1="x"), moved(company, "crm2", "crm3", email_1="x")
        of_keys = {"crm1": [first[0]], "crm2": [first[1], second[0]], "crm3": [second[1]]}
        for key in order:
            await company.apply(of_keys[key].pop(0))
        assert (order, await company.profiles()) == (order, [["crm3"], ["shop1"]])
        assert await named(company, entry) == [["crm3"], ["shop1"]]
        assert await company.is_sound()

    await in_every_order(tmp_path, ("crm1", "crm2", "crm2", "crm3"), verify_one)


async def test_rows_of_one_verdict_that_take_each_others_keys_keep_it_in_every_order(tmp_path: Path) -> None:
    """The row at crm1 takes the key of the one at crm2, which goes on to crm3."""

    async def verify_one(company: Company, order: Order) -> None:
        await company.put("crm1", email_1="x")
        await company.put("crm2", email_1="x")
        entry = await company.decide(DIFFERENT, "crm1", "crm2")
        leaves_2, arrives_3 = moved(company, "crm2", "crm3", email_1="x")
        leaves_1, arrives_2 = moved(company, "crm1", "crm2", email_1="x")
        of_keys = {"crm1": [leaves_1], "crm2": [leaves_2, arrives_2], "crm3": [arrives_3]}
        for key in order:
            await company.apply(of_keys[key].pop(0))
            assert await company.is_sound()
        assert (order, await company.profiles()) == (order, [["crm2"], ["crm3"]])
        assert await named(company, entry) == [["crm2"], ["crm3"]]

    await in_every_order(tmp_path, ("crm1", "crm2", "crm2", "crm3"), verify_one)


async def test_rows_of_one_verdict_that_change_their_keys_with_each_other_keep_it_in_every_order(
    tmp_path: Path,
) -> None:
    async def verify_one(company: Company, order: Order) -> None:
        await company.put("crm1", email_1="x")
        await company.put("crm2", email_1="x")
        entry = await company.decide(DIFFERENT, "crm1", "crm2")
        leaves_1, arrives_9 = moved(company, "crm1", "crm9", email_1="x")
        leaves_2, arrives_1 = moved(company, "crm2", "crm1", email_1="x")
        leaves_9, arrives_2 = moved(company, "crm9", "crm2", email_1="x")
        of_keys = {"crm1": [leaves_1, arrives_1], "crm2": [leaves_2, arrives_2], "crm9": [arrives_9, leaves_9]}
        for key in order:
            await company.apply(of_keys[key].pop(0))
        assert (order, await company.profiles()) == (order, [["crm1"], ["crm2"]])
        assert await named(company, entry) == [["crm2"], ["crm1"]]
        assert await company.is_sound()

    await in_every_order(tmp_path, ("crm1", "crm1", "crm2", "crm2", "crm9", "crm9"), verify_one)


async def test_a_row_whose_key_changes_back_keeps_its_verdict_in_every_order(tmp_path: Path) -> None:
    async def verify_one(company: Company, order: Order) -> None:
        await company.put("crm1", email_1="x")
        await company.put("shop1", email_1="x")
        entry = await company.decide(DIFFERENT, "crm1", "shop1")
        leaves_1, arrives_2 = moved(company, "crm1", "crm2", email_1="x")
        leaves_2, back_1 = moved(company, "crm2", "crm1", email_1="x")
        of_keys = {"crm1": [leaves_1, back_1], "crm2": [arrives_2, leaves_2]}
        for key in order:
            await company.apply(of_keys[key].pop(0))
        assert (order, await company.profiles()) == (order, [["crm1"], ["shop1"]])
        assert await named(company, entry) == [["crm1"], ["shop1"]]
        assert await company.is_sound()

    await in_every_order(tmp_path, ("crm1", "crm1", "crm2", "crm2"), verify_one)


async def test_two_rows_that_change_their_keys_with_each_other_keep_their_verdicts_in_every_order(
    tmp_path: Path,
) -> None:
    async def verify_one(company: Company, order: Order) -> None:
        await company.put("crm1", email_1="x")
        await company.put("crm2", phone_1="5")
        await company.put("shop1", email_1="x", phone_1="5")
        await company.decide(DIFFERENT, "crm1", "shop1")
        away, between = moved(company, "crm1", "crm9", email_1="x")
        leaves_2, arrives_1 = moved(company, "crm2", "crm1", phone_1="5")
        leaves_9, arrives_2 = moved(company, "crm9", "crm2", email_1="x")
        of_keys = {"crm1": [away, arrives_1], "crm2": [leaves_2, arrives_2], "crm9": [between, leaves_9]}
        for key in order:
            await company.apply(of_keys[key].pop(0))
        assert (order, await company.profiles()) == (order, [["crm1", "shop1"], ["crm2"]])
        assert await company.is_sound()

    await in_every_order(tmp_path, ("crm1", "crm1", "crm2", "crm2", "crm9", "crm9"), verify_one)


@pytest.fixture
def steward(company: Company) -> Stewardship:
    return Stewardship(
        company.store, CATALOGUE, Writer(company.store, CATALOGUE, "steward", metrics=Metrics(), publish=None)
    )


KIM = Signature(author="kim", reason="asked")


async def test_a_steward_who_names_a_former_key_speaks_of_the_row(company: Company, steward: Stewardship) -> None:
    await company.put("crm1", email_1="x")
    await company.put("shop1", email_1="x")
    await company.apply(*moved(company, "crm1", "crm2", email_1="x"))
    given = await steward.give(DIFFERENT, company.address("crm1"), company.address("shop1"), KIM)
    assert given.entry.verdict.records == (company.address("crm2"), company.address("shop1"))
    assert await company.profiles() == [["crm2"], ["shop1"]]


async def test_a_former_key_that_another_row_has_taken_still_leads_to_the_row(
    company: Company, steward: Stewardship
) -> None:
    await company.put("crm1", email_1="x")
    await company.put("shop1", email_1="x")
    await company.apply(*moved(company, "crm1", "crm2", email_1="x"))
    await company.apply(*moved(company, "crm2", "crm3", email_1="x"))
    await company.put("crm2", phone_1="9")
    given = await steward.give(DIFFERENT, company.address("crm1"), company.address("shop1"), KIM)
    assert given.entry.verdict.records == (company.address("crm3"), company.address("shop1"))


async def test_a_row_on_its_way_to_a_key_that_another_one_still_has_is_nobody_yet(
    company: Company, steward: Stewardship
) -> None:
    await company.put("crm1", email_1="x")
    await company.put("crm2", phone_1="9")
    await company.put("shop1", email_1="x")
    leaves, _ = moved(company, "crm1", "crm2", email_1="x")
    await company.apply(leaves)
    with pytest.raises(RecordMoved):
        await steward.give(DIFFERENT, company.address("crm1"), company.address("shop1"), KIM)


async def test_the_same_verdict_again_is_known_under_the_new_key(company: Company, steward: Stewardship) -> None:
    await company.put("crm1", email_1="x")
    await company.put("crm2", email_1="x")
    await company.decide(DIFFERENT, "crm1", "crm2")
    await company.apply(*moved(company, "crm1", "crm9", email_1="x"))
    again = await steward.give(DIFFERENT, company.address("crm9"), company.address("crm2"), KIM)
    assert not again.is_new


@pytest.mark.parametrize("order", [(0, 1), (1, 0)], ids=["deletion first", "new row first"])
async def test_a_row_that_comes_to_the_key_of_a_deleted_one_has_one_place_in_their_verdict(
    company: Company, order: tuple[int, int]
) -> None:
    for name in ("crm1", "crm4"):
        await company.put(name, email_1="x")
    entry = await company.decide(DIFFERENT, "crm1", "crm4")
    await company.put("crm1")
    halves = moved(company, "crm4", "crm1", email_1="x")
    await company.apply(halves[order[0]])
    places = [name for group in await named(company, entry) for name in group]
    assert len(places) == len(set(places))
    await company.apply(halves[order[1]])
    assert await named(company, entry) == [[], ["crm1"]]
    assert await company.is_sound()
