"""How long readers wait while another process ingests into the same store at full speed, beside a store at rest.

Requests come at a fixed rate whatever happens, and count from when they were planned.
"""

import asyncio
import sqlite3
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.figures import ROUNDS, Figure, Goal, Sense
from benchmarks.http_load import Answered, Load, loaded
from benchmarks.http_servers import COMMAND, Server, api, asking, finding, ingest, wiring, write_people
from stack.process import wait_until

PEOPLE = 2_000
INGESTED = 40_000  #: people in the files that are ingested meanwhile: more than there is time for
PER_SECOND = 200.0
CONNECTIONS = 32
SECONDS = 5.0
WARM_UP_SECONDS = 1.0
TOKEN_BUDGET = 1_000

_STARTED_WITHIN = 30.0


async def measure() -> list[Figure]:
    """The 99th percentile of profiles and of contexts, while ingesting and at rest, in each round."""
    return await asyncio.to_thread(_measure)


def _measure() -> list[Figure]:
    with TemporaryDirectory() as name:
        folder = Path(name)
        environment = wiring(folder)
        ingest(write_people(folder, range(PEOPLE)), environment)
        operations = {
            "GET /v1/profiles?identifier=": list(map(finding, range(PEOPLE))),
            "POST /v1/context": [asking(person, TOKEN_BUDGET) for person in range(PEOPLE)],
        }
        with api(environment) as server:
            at_rest: list[list[Answered]] = []
            while_ingesting: list[list[Answered]] = []
            for number in range(ROUNDS):
                at_rest.append([_answered(server, requests) for requests in operations.values()])
                first = PEOPLE + number * INGESTED
                with _ingesting(folder, range(first, first + INGESTED), environment) as is_ingesting:
                    while_ingesting.append([_answered(server, requests) for requests in operations.values()])
                    if not is_ingesting():
                        raise RuntimeError("the ingest ended before the reads did; let it have more people")
    return [
        Figure(
            what=f"{operation} at {PER_SECOND:.0f}/s while another process ingests, p99",
            unit="ms",
            ours=tuple(answered[place].slowest for answered in while_ingesting),
            raw=tuple(answered[place].slowest for answered in at_rest),
            raw_limit="the same requests at the same rate while nothing is ingested",
            goal=Goal(Sense.RATIO_AT_MOST, 3.0),
        )
        for place, operation in enumerate(operations)
    ]


def _answered(server: Server, requests: Sequence[str]) -> Answered:
    return loaded(
        Load(
            port=server.port,
            requests=requests,
            connections=CONNECTIONS,
            seconds=SECONDS,
            warm_up_seconds=WARM_UP_SECONDS,
            rate=PER_SECOND,
        )
    )


@contextmanager
def _ingesting(folder: Path, people: range, environment: Mapping[str, str]) -> Iterator[Callable[[], bool]]:
    """Ingest in another process; gives what tells whether it still does."""
    files = write_people(folder, people)
    before = _records(folder)
    with subprocess.Popen(
        [*COMMAND, "ingest", *map(str, files)],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        try:
            if not wait_until(lambda: _records(folder) > before, within=_STARTED_WITHIN):
                raise RuntimeError("the ingest has not begun")
            yield lambda: process.poll() is None
        finally:
            process.terminate()


def _records(folder: Path) -> int:
    with closing(sqlite3.connect(folder / "shop.sqlite")) as connection:
        (newest,) = connection.execute("SELECT coalesce(max(id), 0) FROM record").fetchone()
        return int(newest)
