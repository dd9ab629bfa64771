"""The ledger keeps every verdict, withdrawn ones included, and nobody overwrites what another has just changed."""

from collections.abc import Mapping
from dataclasses import replace

import pytest
from msgspec import structs

from graph_model.records.verdicts import Judgement, Withdrawal
from services.stores.port.protocols import Outbox, Store
from tests.contract.builders import (
    OBSERVED_AT,
    address,
    person,
    plan,
    record,
    record_revision,
    verdict,
    verdict_entry,
    write_record,
    write_verdict,
)
from tests.contract.refusals import assert_refused_without_trace, outcomes

WITHDRAWN = Withdrawal(author="Zoë", withdrawn_at=OBSERVED_AT + 100)


async def ledger_revision(store: Store, verdict_id: str) -> str:
    return (await store.read_verdicts([verdict_id]))[verdict_id].revision


@pytest.mark.parametrize("withdrawal", [None, WITHDRAWN], ids=["in force", "withdrawn"])
@pytest.mark.parametrize("judgement", list(Judgement))
async def test_an_entry_is_read_back_as_written(
    store: Store, outbox: Outbox, judgement: Judgement, withdrawal: Withdrawal | None
) -> None:
    entry = replace(
        verdict_entry(1, withdrawal=withdrawal),
        verdict=verdict(1, judgement=judgement),
        reason='told me on the phone: "李小龍"\n🦀',
    )
    await store.commit(plan(verdicts=(write_verdict(entry),)), outbox)
    assert (await store.read_verdicts(["v001"]))["v001"].entry == entry


async def test_unknown_verdicts_are_left_out(store: Store, outbox: Outbox) -> None:
    await store.commit(plan(verdicts=(write_verdict(verdict_entry(1)),)), outbox)
    assert list(await store.read_verdicts(["v001", "v002"])) == ["v001"]


async def test_a_withdrawal_replaces_the_entry(store: Store, outbox: Outbox) -> None:
    await store.commit(plan(verdicts=(write_verdict(verdict_entry(1)),)), outbox)
    withdrawn = verdict_entry(1, withdrawal=WITHDRAWN)
    expected = await ledger_revision(store, "v001")
    await store.commit(plan(verdicts=(write_verdict(withdrawn, expected=expected),)), outbox)
    assert [entry async for entry in store.scan_verdicts()] == [withdrawn]


async def test_a_verdict_is_written_with_the_records_that_it_is_about(store: Store, outbox: Outbox) -> None:
    await store.commit(person(1), outbox)
    await store.commit(person(2), outbox)
    entry = verdict_entry(1)
    judged = [structs.replace(record(at), marks=(mark,)) for at, mark in entry.verdict.marks]
    writes = [
        write_record(one, f"p{number}", expected=await record_revision(store, address(number)), edges_changed=False)
        for number, one in enumerate(judged, start=1)
    ]
    await store.commit(plan(records=writes, verdicts=(write_verdict(entry),)), outbox)
    assert (await store.read_components(["p1", "p2"])).records == {one.address: one for one in judged}
    assert set(await store.read_verdicts(["v001"])) == {"v001"}


async def test_a_stale_revision_of_a_verdict_is_refused(store: Store, outbox: Outbox) -> None:
    await store.commit(plan(verdicts=(write_verdict(verdict_entry(1)),)), outbox)
    stale = await ledger_revision(store, "v001")
    withdrawn = write_verdict(verdict_entry(1, withdrawal=WITHDRAWN), expected=stale)
    await store.commit(plan(verdicts=(withdrawn,)), outbox)
    await assert_refused_without_trace(store, outbox, plan(verdicts=(withdrawn,)))


async def test_a_verdict_that_must_not_exist_and_does_is_refused(store: Store, outbox: Outbox) -> None:
    await store.commit(plan(verdicts=(write_verdict(verdict_entry(1)),)), outbox)
    await assert_refused_without_trace(store, outbox, plan(verdicts=(write_verdict(verdict_entry(1)),)))


async def test_a_verdict_that_must_exist_and_does_not_is_refused(store: Store, outbox: Outbox) -> None:
    await store.commit(plan(verdicts=(write_verdict(verdict_entry(1)),)), outbox)
    expected = await ledger_revision(store, "v001")
    await assert_refused_without_trace(
        store, outbox, plan(verdicts=(write_verdict(verdict_entry(2), expected=expected),))
    )


async def test_of_two_that_withdraw_one_verdict_exactly_one_wins(store: Store) -> None:
    claims = [await store.claim_outbox(name) for name in ("first", "second")]
    for number in range(10):
        entry = verdict_entry(number)
        await store.commit(plan(verdicts=(write_verdict(entry),)), claims[0])
        expected = await ledger_revision(store, entry.verdict_id)
        withdrawn: Mapping[str, Withdrawal] = {
            name: Withdrawal(author=name, withdrawn_at=OBSERVED_AT) for name in ("first", "second")
        }
        plans = [
            plan(verdicts=(write_verdict(replace(entry, withdrawal=withdrawal), expected=expected),))
            for withdrawal in withdrawn.values()
        ]
        accepted = await outcomes([store.commit(one, claim) for one, claim in zip(plans, claims, strict=True)])
        assert accepted.count(True) == 1
        stored = (await store.read_verdicts([entry.verdict_id]))[entry.verdict_id]
        assert stored.entry == plans[accepted.index(True)].verdicts[0].entry
