"""A request is bounded before anything works on it, and no answer is larger than what it is about."""

import json
from collections.abc import AsyncIterator, Callable

import orjson
import pytest

from api.body_limits import MOST_LEVELS, MOST_STRUCTURE, require_bounded, require_few_parts
from api.errors import BodyTooLarge

from .conftest import ANN, Service
from .loop_watch import watched_loop

JSON = {"Content-Type": "application/json"}
SPLIT = f"/v1/profiles/{'0' * 32}/split"
SIGNED = {"reason": "r", "author": "a"}
MOST_VALUES = 100_000


@pytest.mark.parametrize(
    ("body", "values"), [(b"1", 1), (b"[]", 2), (b'{"a": 1, "b": [2, 3]}', 5), (b'["[[[,,,", "\\"[,", "\\\\"]', 4)]
)
def test_values_are_counted_outside_texts(body: bytes, values: int) -> None:
    require_bounded(body, values)
    with pytest.raises(BodyTooLarge, match=rf"has {values:,} JSON values; expected at most {values - 1:,}"):
        require_bounded(body, values - 1)


@pytest.mark.parametrize("text", ['"', "\\", '\\"', 'a"', "[,", "\\\\\\"])
def test_texts_of_many_slices_are_no_values(text: str) -> None:
    for shift in range(3):
        require_bounded(orjson.dumps(["x" * shift, text * 100_000]), 4)


@pytest.mark.parametrize(
    ("opening", "closing", "levels"), [(b"[", b"]", 1), (b'{"a":', b"}", 1), (b'[{"[{":', b"}]", 2)]
)
def test_a_body_that_is_nested_too_deeply_is_refused_with_how_deep_it_is(
    opening: bytes, closing: bytes, levels: int
) -> None:
    deepest = MOST_LEVELS // levels
    require_bounded(opening * deepest + b"1" + closing * deepest, MOST_VALUES)
    with pytest.raises(BodyTooLarge, match=rf"nested {levels * (deepest + 1)} levels deep; expected at most 500"):
        require_bounded(opening * (deepest + 1) + b"1" + closing * (deepest + 1), MOST_VALUES)


def test_many_objects_beside_each_other_are_not_deep() -> None:
    require_bounded(orjson.dumps([{"row": {"id": number}} for number in range(1_000)]), MOST_VALUES)


def test_what_only_closes_is_left_to_the_reader() -> None:
    require_bounded(b"]" * 1_000_000, MOST_VALUES)


def test_columns_of_rows_are_no_parts() -> None:
    require_few_parts({"changes": [{"row": dict.fromkeys(map(str, range(2 * MOST_STRUCTURE)), 1)}]})
    with pytest.raises(BodyTooLarge, match=r"20,001 values outside the columns of rows; expected at most 10,000"):
        require_few_parts(dict.fromkeys(map(str, range(2 * MOST_STRUCTURE)), 1))


async def test_a_body_of_too_many_bytes_is_a_413_problem_that_says_how_many(service: Service) -> None:
    for content in (b" " * 10_485_761, _pieces(10_485_761)):
        answer = await service.http.post("/v1/changes", content=content, headers=JSON)
        assert (answer.status_code, answer.json()["type"]) == (413, "urn:identity-graph:problem:body-too-large")
        assert "10,485,761 bytes" in answer.json()["detail"]
        assert "at most 10,485,760 (IDENTITY_GRAPH_MAX_BODY_BYTES)" in answer.json()["detail"]


async def _pieces(size: int) -> AsyncIterator[bytes]:
    for start in range(0, size, 1_000_000):
        yield b" " * min(1_000_000, size - start)


HOSTILE: dict[str, tuple[str, Callable[[], bytes]]] = {
    "unknown fields": ("/v1/context", lambda: orjson.dumps({str(n): 1 for n in range(80_000)})),
    "unknown fields of a change": (
        "/v1/changes",
        lambda: orjson.dumps({"source": "crm", "changes": [{str(n): 1 for n in range(80_000)}]}),
    ),
    "empty records": (SPLIT, lambda: orjson.dumps({"groups": [[{}] * 3_000_000], **SIGNED})),
    "empty groups": (SPLIT, lambda: orjson.dumps({"groups": [[]] * 3_000_000, **SIGNED})),
    "parts of a key": (
        "/v1/verdicts",
        lambda: orjson.dumps({"judgement": "same", "records": [{"source": "crm", "key": [1] * 3_000_000}], **SIGNED}),
    ),
    "levels": ("/v1/changes", lambda: b'{"source": "crm", "changes": ' + b"[" * 60_000 + b"]" * 60_000 + b"}"),
    "members of one name": ("/v1/changes", lambda: b'{"source": "crm", ' + b'"a": 1, ' * 1_000_000 + b'"b": 1}'),
}


@pytest.mark.parametrize("hostile", HOSTILE)
async def test_a_body_that_holds_too_much_is_a_small_413_problem(service: Service, hostile: str) -> None:
    path, made = HOSTILE[hostile]
    answer = await service.http.post(path, content=made(), headers=JSON)
    assert (answer.status_code, answer.json()["type"]) == (413, "urn:identity-graph:problem:body-too-large")
    assert len(answer.content) < 1_000


async def test_the_first_faults_of_many_are_told_with_how_many_there_are(service: Service) -> None:
    answer = await service.http.post("/v1/context", json={f"field_{number}": 1 for number in range(5_000)})
    problem = answer.json()
    assert answer.status_code == 422
    assert (len(problem["errors"]), problem["errors_total"]) == (20, 5_000)
    assert problem["detail"].endswith("; and 4,980 more")


async def test_a_long_name_is_told_by_its_beginning(service: Service) -> None:
    answer = await service.http.post("/v1/context", json={"x" * 4_000_000: 1})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"].startswith("body.xxx")
    assert len(answer.content) < 2_000


@pytest.mark.parametrize(
    ("record", "told"),
    [
        ({"source": "crm", "key": ["x" * 4_000_000]}, "has 4,000,000 characters; expected at most 1,000"),
        ({"source": "x" * 4_000_000, "key": [1]}, "at most 1000 characters, found 4,000,000"),
        ({"source": "crm", "key": [1] * 1_000}, "at most 32 items after validation, not 1000"),
        ({"source": "crm", "key": [None]}, "a text or number is expected"),
        ({"source": "crm", "key": [True]}, "a text or number is expected"),
    ],
)
async def test_a_record_that_is_too_long_is_told_with_its_length(
    service: Service, record: dict[str, object], told: str
) -> None:
    sent = {"judgement": "same", "records": [record, {"source": "crm", "key": [1]}], **SIGNED}
    answer = await service.http.post("/v1/verdicts", json=sent)
    assert (answer.status_code, answer.json()["errors_total"]) == (422, 1)
    assert told in answer.json()["detail"]


async def test_an_unknown_field_of_a_record_in_a_group_is_told_with_those_that_are_expected(service: Service) -> None:
    answer = await service.http.post(SPLIT, json={"groups": [[{"source": "crm", "key": [1], "x": {"y": 1}}]], **SIGNED})
    assert answer.json()["errors"] == [
        {"field": "body.groups.0.0.x", "problem": "unknown field; expected one of: source, key"}
    ]


async def test_records_that_a_split_names_wrongly_are_counted(service: Service) -> None:
    await service.send("crm", ANN)
    profile_id = await service.profile_id("email:ann@example.com")
    named = [{"source": "crm", "key": [number]} for number in range(2_000)]
    answer = await service.http.post(f"/v1/profiles/{profile_id}/split", json={"groups": [named, []], **SIGNED})
    assert answer.json()["type"] == "urn:identity-graph:problem:wrong-groups"
    assert "and 1,979 more" in answer.json()["detail"]
    assert len(answer.content) < 1_000


async def test_numbers_beyond_64_bits_are_keys_everywhere(service: Service) -> None:
    key = f"[{2**64}]"
    pair = f'{{"source": "crm", "key": {key}}}, {{"source": "crm", "key": [1]}}'
    body = f'{{"judgement": "same", "records": [{pair}], "reason": "r", "author": "a"}}'
    answer = await service.http.post("/v1/verdicts", content=body, headers=JSON)
    assert (answer.status_code, answer.json()["record"]) == (404, {"source": "crm", "key": [str(2**64)]})


async def test_a_number_that_python_does_not_read_is_a_problem_of_the_caller(service: Service) -> None:
    body = f'{{"identifier": "email:a@example.com", "token_budget": {"9" * 100_000}}}'
    answer = await service.http.post("/v1/context", content=body, headers=JSON)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "body.token_budget")


async def test_a_large_body_keeps_nobody_waiting(service: Service) -> None:
    rows = [{"row": {"id": number, "note": "x" * 5_000}} for number in range(1_000)]
    body = json.dumps({"source": "nobody", "changes": rows}).encode()
    told = []
    for _ in range(10):  # one good one is enough: other work on the machine only ever makes them worse
        async with watched_loop() as watch:
            assert (await service.http.post("/v1/changes", content=body, headers=JSON)).status_code == 422
        told.append(watch.longest_call)
        if watch.longest_call <= 0.025:
            return
    pytest.fail(f"longest calls {told}")
