"""Whatever is sent to the server, it answers at once, in few words, and goes on. A new place is a line in `PLACES`."""

from collections.abc import Callable
from urllib.parse import quote

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.hostile.conftest import Server
from tests.hostile.http_client import Answer, raw, sent
from tests.hostile.inputs import BODIES, TEXTS, VALUES
from tests.hostile.process import COLUMNS, LARGEST_ANSWER, MOST_SECONDS

JSON = (b"Content-Type", b"application/json")
ENDPOINTS = {
    "changes": b"/v1/changes",
    "context": b"/v1/context",
    "verdicts": b"/v1/verdicts",
    "split": b"/v1/profiles/019aa5b1c2d37e4f8a9b0c1d2e3f4a5b/split",
}


def posted(server: Server, target: bytes, document: object) -> Answer:
    return sent(server.address, "POST", target, [JSON], orjson.dumps(document))


def got(server: Server, target: str, *headers: tuple[bytes, bytes]) -> Answer:
    return sent(server.address, "GET", target.encode(), headers)


def header(text: str) -> bytes:
    """As much of a text as one line of a header may hold."""
    return text.replace("\r", "").replace("\n", "").replace("\0", "").encode()[:60_000]


def changed(server: Server, row: dict[str, object]) -> Answer:
    return posted(server, b"/v1/changes", {"source": "crm", "changes": [{"row": row}]})


def verdict(server: Server, **said: object) -> Answer:
    records = [{"source": "crm", "key": ["ann"]}, {"source": "crm", "key": ["bob"]}]
    document = {"judgement": "same", "reason": "asked", "author": "kim", "records": records}
    return posted(server, b"/v1/verdicts", document | said)


PLACES: dict[str, Callable[[Server, str], Answer]] = {
    "every column": lambda server, text: changed(server, {"id": 1, **dict.fromkeys(COLUMNS, text)}),
    "every column, again": lambda server, text: changed(server, {"id": 1, **dict.fromkeys(COLUMNS, f"{text} ")}),
    "the key of a row": lambda server, text: changed(server, {"id": text, "name": "Bob"}),
    "the name of a column": lambda server, text: changed(server, {"id": 2, text: 1}),
    "the name of a source": lambda server, text: posted(server, b"/v1/changes", {"source": text, "changes": []}),
    "the name of a field": lambda server, text: posted(server, b"/v1/changes", {text: 1}),
    "an identifier in a body": lambda server, text: posted(server, b"/v1/context", {"identifier": f"email:{text}"}),
    "a profile in a body": lambda server, text: posted(server, b"/v1/context", {"profile_id": text}),
    "a reason": lambda server, text: verdict(server, reason=text),
    "an author": lambda server, text: verdict(server, author=text),
    "the key of a record": lambda server, text: verdict(
        server, records=[{"source": "crm", "key": [text]}, {"source": text, "key": [1]}]
    ),
    "an identifier in a query": lambda server, text: got(
        server, f"/v1/profiles?identifier=card:{quote(text[:20_000])}"
    ),
    "a parameter of another name": lambda server, text: got(server, f"/v1/profiles?{quote(text[:20_000])}=1"),
    "records in a query": lambda server, text: got(
        server, f"/v1/explain?record=crm:{quote(text[:10_000])}&record={quote(text[:10_000])}"
    ),
    "a path": lambda server, text: got(server, f"/v1/profiles/{quote(text[:20_000], safe='')}"),
    "the path of a record": lambda server, text: got(server, f"/v1/records/crm/{quote(text[:20_000], safe='')}"),
    "an address that is none": lambda server, text: got(server, f"/{quote(text[:20_000])}"),
    "the header Accept": lambda server, text: sent(
        server.address,
        "POST",
        b"/v1/context",
        [JSON, (b"Accept", header(text))],
        b'{"identifier":"email:ann@example.com"}',
    ),
    "the header Authorization": lambda server, text: got(server, "/v1/verdicts", (b"Authorization", header(text))),
    "the header If-None-Match": lambda server, text: got(
        server, "/v1/profiles/019aa5b1c2d37e4f8a9b0c1d2e3f4a5b", (b"If-None-Match", header(text))
    ),
    "the header Content-Type": lambda server, text: sent(
        server.address, "POST", b"/v1/changes", [(b"Content-Type", header(text))], b"{}"
    ),
    "the header Host": lambda server, text: got(server, "/docs/", (b"X-Forwarded-Host", header(text))),
    "the place to go on from": lambda server, text: got(server, f"/v1/profile-updates?after=x{quote(text[:20_000])}"),
    "the header Last-Event-ID": lambda server, text: got(
        server, "/v1/profile-updates", (b"Last-Event-ID", b"x" + header(text))
    ),
}


def require_bounded(answer: Answer) -> None:
    assert answer.status in range(200, 500), answer.head[:500]
    assert answer.seconds < MOST_SECONDS
    assert len(answer.body) <= LARGEST_ANSWER
    assert len(answer.head) <= LARGEST_ANSWER
    assert b"Traceback" not in answer.body


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES)
def test_a_hostile_text_is_answered_at_once(server: Server, place: Callable[[Server, str], Answer], text: str) -> None:
    require_bounded(place(server, text))


@pytest.mark.parametrize("value", VALUES.values(), ids=VALUES)
def test_a_hostile_value_in_every_column_is_answered_at_once(server: Server, value: object) -> None:
    require_bounded(changed(server, {"id": 3, **dict.fromkeys(COLUMNS, value)}))
    require_bounded(changed(server, {"id": value}))


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
@pytest.mark.parametrize("target", ENDPOINTS.values(), ids=ENDPOINTS)
def test_a_hostile_body_is_refused_at_once(server: Server, target: bytes, body: bytes) -> None:
    answer = sent(server.address, "POST", target, [JSON], body)
    require_bounded(answer)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.binary(max_size=2_000), target=st.sampled_from([*ENDPOINTS.values()]))
def test_whatever_bytes_a_body_has_they_are_answered(server: Server, content: bytes, target: bytes) -> None:
    require_bounded(sent(server.address, "POST", target, [JSON], content))


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.binary(min_size=1, max_size=500))
def test_whatever_bytes_are_sent_the_server_goes_on(server: Server, content: bytes) -> None:
    answer = raw(server.address, content + b"\r\n\r\n", patience=0.5)
    assert answer.status in (0, *range(200, 500))  # it may say nothing to what is no request
    assert answer.seconds < MOST_SECONDS
