"""Profiles and contexts over HTTP, beside the bare framework that answers with one row of SQLite of the same bytes.

Each request is about another person, of more people than the service keeps answers of, so that nothing is cached.
"""

import asyncio
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx

from benchmarks.figures import ROUNDS, Figure, Goal, Sense
from benchmarks.http_load import Answered, Load, get, loaded
from benchmarks.http_servers import Server, api, asking, bare_framework, email_of, finding, ingest, wiring, write_people

PEOPLE = 2_000
CONNECTIONS = 16
SECONDS = 3.0
WARM_UP_SECONDS = 0.5
TOKEN_BUDGET = 1_000
RAW_LIMIT = "FastAPI alone that answers with one row of SQLite of the same bytes"


@dataclass(frozen=True, slots=True)
class _Operation:
    """What is asked for, and of whom."""

    name: str
    requests: Sequence[str]
    raw: Sequence[str]  #: requests to the bare framework, for the same bytes
    must: float  #: part of the raw limit


@dataclass(frozen=True, slots=True)
class _Measured:
    """One side of a round."""

    answered: Answered
    per_core_second: float  #: requests for each second that the server kept a core busy


async def measure() -> list[Figure]:
    """Requests per second and p99 of each operation, ours and raw in each round."""
    return await asyncio.to_thread(_measure)


def _measure() -> list[Figure]:
    with TemporaryDirectory() as name:
        folder = Path(name)
        environment = wiring(folder)
        ingest(write_people(folder, range(PEOPLE)), environment)
        with api(environment) as ours:
            operations = _operations(ours, folder / "answers.sqlite")
            with bare_framework(folder / "answers.sqlite", "/rows/profile-0") as raw:
                rounds = [
                    [(_measured(ours, each.requests), _measured(raw, each.raw)) for each in operations]
                    for _ in range(ROUNDS)
                ]
    return [
        figure
        for operation, measured in zip(operations, zip(*rounds, strict=True), strict=True)
        for figure in _figures(operation, measured)
    ]


def _operations(server: Server, answers_file: Path) -> list[_Operation]:
    """Ask everything once, and keep the answers for the bare framework."""
    people = range(PEOPLE)
    with (
        _answers(answers_file) as keep,
        httpx.Client(base_url=f"http://127.0.0.1:{server.port}", trust_env=False) as client,
    ):
        reading = []
        for person in people:
            identifier = f"email:{email_of(person)}"
            found = client.get("/v1/profiles", params={"identifier": identifier})
            profile_id = found.json()["profiles"][0]["profile_id"]
            context = client.post("/v1/context", json={"identifier": identifier, "token_budget": TOKEN_BUDGET})
            reading.append(get(f"/v1/profiles/{profile_id}"))
            keep.executemany(
                "INSERT INTO answer VALUES (?, ?)",
                [
                    (f"profile-{person}", client.get(f"/v1/profiles/{profile_id}").content),
                    (f"list-{person}", found.content),
                    (f"context-{person}", context.content),
                ],
            )

    def raw(kind: str) -> list[str]:
        return [get(f"/rows/{kind}-{person}") for person in people]

    contexts = [asking(person, TOKEN_BUDGET) for person in people]
    return [
        _Operation("GET /v1/profiles/{id}", reading, raw("profile"), 0.85),
        _Operation("GET /v1/profiles?identifier=", list(map(finding, people)), raw("list"), 0.75),
        _Operation(f"POST /v1/context, {TOKEN_BUDGET} tokens, nobody twice", contexts, raw("context"), 0.60),
    ]


@contextmanager
def _answers(file: Path) -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(file)
    connection.execute("CREATE TABLE answer (key TEXT PRIMARY KEY, body BLOB NOT NULL)")
    with connection:
        yield connection
    connection.close()


def _measured(server: Server, requests: Sequence[str]) -> _Measured:
    began = server.processor_seconds()
    answered = loaded(
        Load(
            port=server.port,
            requests=requests,
            connections=CONNECTIONS,
            seconds=SECONDS,
            warm_up_seconds=WARM_UP_SECONDS,
        )
    )
    return _Measured(answered, answered.asked / (server.processor_seconds() - began))


def _figures(operation: _Operation, rounds: Sequence[tuple[_Measured, _Measured]]) -> list[Figure]:
    """The figures of an operation, from its rounds, ours and raw.

    What a second of a core is enough for is what the goal is held to: unlike requests per second, other work of the
    machine does not change it.
    """

    def figure(what: str, unit: str, value: Callable[[_Measured], float], goal: Goal | None = None) -> Figure:
        ours, raw = ([value(side) for side in sides] for sides in zip(*rounds, strict=True))
        return Figure(what=what, unit=unit, ours=tuple(ours), raw=tuple(raw), raw_limit=RAW_LIMIT, goal=goal)

    must = Goal(Sense.RATIO_AT_LEAST, operation.must)
    return [
        figure(f"{operation.name}, per second of a core", "requests", lambda side: side.per_core_second, must),
        figure(f"{operation.name}, {CONNECTIONS} connections", "req/s", lambda side: side.answered.per_second),
        figure(f"{operation.name}, p99", "ms", lambda side: side.answered.slowest),
    ]
