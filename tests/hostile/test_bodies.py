"""Bodies of ten megabytes, sent to the real server: it answers all of them in bounded memory, and with little."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Final

import httpx
import pytest

from tests.acceptance.conftest import environment, make_shop
from tests.acceptance.serving import serving
from tests.hostile.process import MOST_MEMORY, largest_memory

SIZE: Final = 9_900_000
SMALL_ANSWER: Final = 16_384

SPLIT = f"/v1/profiles/{'0' * 32}/split"
SIGNED = b'"reason": "r", "author": "a"}'
ROW = b'{"source": "crm", "changes": [{"row": {"id": 1, '
VERDICT = b'{"judgement": "same", "records": [{"source": "crm", "key": ['
OTHER = b']}, {"source": "crm", "key": [1]}], '


def filled(head: bytes, part: bytes, tail: bytes) -> bytes:
    return head + b",".join([part] * (SIZE // (len(part) + 1))) + tail


def named(head: bytes, tail: bytes) -> bytes:
    return head + b",".join(b'"%x":1' % number for number in range(SIZE // 10)) + tail


#: What -> where it is sent, the body, and the statuses that it may be answered with.
BODIES: dict[str, tuple[str, Callable[[], bytes], set[int]]] = {
    "unknown fields": ("/v1/context", lambda: named(b"{", b"}"), {413}),
    "unknown fields of a change": (
        "/v1/changes",
        lambda: named(b'{"source": "crm", "changes": [{', b"}]}"),
        {413},
    ),
    "columns": ("/v1/changes", lambda: named(ROW, b"}}]}"), {413}),
    "one column again and again": ("/v1/changes", lambda: filled(ROW, b'"a":1', b"}}]}"), {413}),
    "changes": ("/v1/changes", lambda: filled(b'{"source": "crm", "changes": [', b"1", b"]}"), {413}),
    "empty records": (SPLIT, lambda: filled(b'{"groups": [[', b"{}", b"]], " + SIGNED), {413}),
    "empty groups": (SPLIT, lambda: filled(b'{"groups": [', b"[]", b"], " + SIGNED), {413}),
    "records": (
        SPLIT,
        lambda: filled(b'{"groups": [[', b'{"source": "crm", "key": [1]}', b"]], " + SIGNED),
        {413},
    ),
    "lists in a key": ("/v1/verdicts", lambda: filled(VERDICT, b"[]", OTHER + SIGNED), {413}),
    "a key of many parts": ("/v1/verdicts", lambda: filled(VERDICT, b"1", OTHER + SIGNED), {413}),
    "a long key": ("/v1/verdicts", lambda: VERDICT + b'"' + b'\\"' * 2_000_000 + b'"' + OTHER + SIGNED, {422}),
    "levels": ("/v1/context", lambda: b'{"identifier": ' + b"[" * (SIZE // 2) + b"]" * (SIZE // 2) + b"}", {413}),
    "levels of a row": ("/v1/changes", lambda: ROW + b'"note": ' + b"[" * (SIZE // 2) + b"]" * (SIZE // 2), {413}),
    "numbers of 100 000 digits": ("/v1/changes", lambda: filled(ROW + b'"note": [', b"7" * 100_000, b"]}}]}"), {200}),
    "a number of all digits": ("/v1/context", lambda: b'{"token_budget": ' + b"7" * SIZE + b"}", {422}),
    "a long name": ("/v1/context", lambda: b'{"' + b"x" * SIZE + b'": 1}', {422}),
    "no JSON": ("/v1/context", lambda: b'"' * SIZE, {400, 413}),
    "backslashes": ("/v1/context", lambda: b'"' + b"\\" * SIZE, {400}),
    "broken characters": ("/v1/context", lambda: b'{"identifier": "' + b"\xed\xa0\x80" * (SIZE // 3) + b'"}', {400}),
    "more than may come": ("/v1/changes", lambda: b" " * (SIZE + 1_000_000), {413}),
}


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[httpx.Client, Callable[[], int]]]:
    """A client of the server, and what tells the most memory that the server has had, in bytes."""
    with (
        serving(environment(make_shop(tmp_path_factory.mktemp("shop")))) as served,
        httpx.Client(base_url=served.address, timeout=60) as http,
    ):
        yield http, partial(largest_memory, served.process.pid)


@pytest.mark.parametrize("body", BODIES)
def test_the_answer_is_small_and_comes(shop: tuple[httpx.Client, Callable[[], int]], body: str) -> None:
    http, _ = shop
    path, made, statuses = BODIES[body]
    answer = http.post(path, content=made(), headers={"Content-Type": "application/json"})
    assert answer.status_code in statuses, answer.text[:500]
    assert len(answer.content) <= SMALL_ANSWER
    assert http.get("/healthz").status_code == 200


def test_all_of_them_took_little_memory(shop: tuple[httpx.Client, Callable[[], int]]) -> None:
    _, most = shop
    assert 0 < most() < MOST_MEMORY
