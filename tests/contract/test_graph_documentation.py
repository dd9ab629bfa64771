"""The questions in docs/graph.md are answered by a real server as the text says."""

import re
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from graph_model.records.record import RecordAddress
from graph_model.records.tasks import ReResolve
from graph_model.records.verdicts import Judgement, Verdict, VerdictEntry, Withdrawal
from graph_model.resolution.hubs import BUCKETS, bucket_of
from services.stores.gremlin.store import GremlinStore
from services.stores.port.plan import Plan, VerdictWrite
from tests.contract.builders import (
    FINGERPRINT,
    OBSERVED_AT,
    email,
    plan,
    record,
    record_revision,
    step,
    tombstone,
    write_bucket,
    write_identifier,
    write_profile,
    write_record,
    write_task,
)
from tests.contract.conftest import empty_graph

pytestmark = pytest.mark.gremlin

PAGE = Path(__file__).parents[2] / "docs/graph.md"
CRM, WEB, DESK = (RecordAddress.of(source, [key]) for source, key in (("crm", 1), ("web", 7), ("desk", "T-9")))
TILL = email("till")
AT_THE_TILL = [RecordAddress.of("shop", [number]) for number in range(3)]


@pytest.fixture
async def url(gremlin_url: str) -> AsyncIterator[str]:
    """A graph with something of everything."""
    await empty_graph(gremlin_url)
    store = await GremlinStore.open(gremlin_url, FINGERPRINT)
    outbox = await store.claim_outbox("tests")
    await store.commit(ann_and_what_was_said_of_her(), outbox)
    await store.commit(shoppers_at_one_till(), outbox)
    revision = await record_revision(store, DESK)
    await store.commit(plan(records=[write_record(tombstone(DESK), "p1", expected=revision)]), outbox)
    yield gremlin_url
    await store.close()


def ann_and_what_was_said_of_her() -> Plan:
    """Three sources know Ann; a steward has joined two records, and took back that two differ."""
    return plan(
        records=[
            write_record(record(CRM), "p1", [email("ann"), email("lee")]),
            write_record(record(WEB), "p1", [email("ann")]),
            write_record(record(DESK), "p1"),
        ],
        identifiers=[write_identifier(email("ann"), 2), write_identifier(email("lee"), 1)],
        profiles=[write_profile("p1", version=2)],
        verdicts=(
            said("v1", CRM, DESK, Judgement.SAME),
            said("v2", CRM, WEB, Judgement.DIFFERENT, Withdrawal(author="bob", withdrawn_at=OBSERVED_AT)),
        ),
        history=(step("p1", 2), step("p1", 1)),
        tasks=(write_task("t1", ReResolve()),),
    )


def said(
    verdict_id: str, low: RecordAddress, high: RecordAddress, judgement: Judgement, withdrawal: Withdrawal | None = None
) -> VerdictWrite:
    verdict = Verdict.pair(judgement, low, high, verdict_id)
    entry = VerdictEntry(verdict=verdict, reason="seen", author="ann", given_at=OBSERVED_AT, withdrawal=withdrawal)
    return VerdictWrite(entry=entry, expected=None)


def shoppers_at_one_till() -> Plan:
    """A hub, though a small one."""
    counts = Counter(map(bucket_of, AT_THE_TILL))
    return plan(
        records=[write_record(record(at), f"shopper{at.key}", [TILL]) for at in AT_THE_TILL],
        identifiers=[write_identifier(TILL, 0, is_hub=True)],
        profiles=[write_profile(f"shopper{at.key}") for at in AT_THE_TILL],
        buckets=tuple(write_bucket(TILL, number, counts[number]) for number in range(BUCKETS)),
        hubs=frozenset({TILL}),
    )


def questions() -> list[str]:
    return re.findall(r"```groovy\n(.*?)```", PAGE.read_text(), flags=re.DOTALL)


async def ask(url: str, script: str) -> list[Any]:
    """Run a script as a console does, over HTTP."""
    typed = {"Accept": "application/vnd.gremlin-v3.0+json"}
    async with (
        aiohttp.ClientSession() as session,
        session.post(url.replace("ws:", "http:"), json={"gremlin": script}, headers=typed) as response,
    ):
        answer = await response.json(content_type=None)
    rows: list[Any] = plain(answer["result"]["data"])
    return rows


def plain(value: Any) -> Any:  # noqa: ANN401 - JSON
    """GraphSON without its types."""
    if isinstance(value, dict) and "@type" in value:
        inner = value["@value"]
        if value["@type"] == "g:Map":
            return {plain(key): plain(item) for key, item in zip(inner[::2], inner[1::2], strict=True)}
        return plain(inner)
    return [plain(item) for item in value] if isinstance(value, list) else value


ANSWERS = [
    ["p1"],
    [
        {
            "source": "crm",
            "key": "[1]",
            "carries": ["identifier:email:ann@example.com", "identifier:email:lee@example.com"],
        },
        {"source": "web", "key": "[7]", "carries": ["identifier:email:ann@example.com"]},
    ],
    ["identifier:email:ann@example.com"],
    [
        {"kind": "email", "value": "till@example.com", "holders": 3},
        {"kind": "email", "value": "ann@example.com", "holders": 2},
        {"kind": "email", "value": "lee@example.com", "holders": 1},
    ],
    [{"source": "desk", "key": '["T-9"]', "profile": ["p1"]}],
    [
        {"judgement": "same", "author": "ann", "in_force": True, "other": "record:desk%5B%22T%2D9%22%5D"},
        {"judgement": "different", "author": "ann", "in_force": False, "other": "record:web%5B7%5D"},
    ],
    [step("p1", version).document.decode() for version in (1, 2)],
    ["t1"],
]


async def test_every_question_gets_its_answer(url: str) -> None:
    answers = [await ask(url, question) for question in questions()]
    assert answers == ANSWERS


async def test_every_label_and_property_of_the_graph_is_documented(url: str) -> None:
    documented = set(re.findall(r"`(\w+)`", PAGE.read_text()))
    labels = await ask(url, "g.V().label().dedup()") + await ask(url, "g.E().label().dedup()")
    properties = await ask(url, "g.V().properties().key().dedup()")
    assert {*labels, *properties} <= documented
