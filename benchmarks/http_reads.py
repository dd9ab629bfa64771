"""Profile and context over HTTP, beside the bare framework; load comes from wrk, 16 connections."""

import asyncio
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx

from benchmarks.figures import Figure, Goal, Sense
from stack.ports import Port, answers
from stack.process import wait_until

CONNECTIONS = 16
SECONDS = 5
ROUNDS = 3
SHOP = Path(__file__).parent.parent / "examples" / "shop"
HERO = "email:ann.lee@example.com"
CONTEXT = {"identifier": HERO, "token_budget": 1000}


async def measure() -> list[Figure]:
    """Requests per second and p99, medians of three rounds, the bare framework in each round."""
    return await asyncio.to_thread(_measure)


def _measure() -> list[Figure]:
    if shutil.which("wrk") is None:
        sys.exit("the HTTP benchmark needs wrk: install the package `wrk`")
    with TemporaryDirectory() as folder:
        environment = _environment(Path(folder))
        _run("ingest", *(str(file) for file in sorted((SHOP / "data").iterdir())), environment=environment)
        port = Port.named("api", 0)
        api = {**environment, "IDENTITY_GRAPH_PORT": str(port.number)}
        with _server([_command(), "serve"], api, port, "/readyz"):
            found = httpx.get(f"http://{port.address}/v1/profiles", params={"identifier": HERO}).json()
            profile = found["profiles"][0]
            bare_port = Port.named("bare", 0)
            bare = [
                *(sys.executable, "-m", "uvicorn", "benchmarks.bare_app:app", "--port", str(bare_port.number)),
                *("--loop", "uvloop", "--http", "httptools", "--no-access-log", "--log-level", "warning"),
            ]
            body_bytes = str(len(json.dumps(profile)))
            with _server(bare, {**os.environ, "BENCHMARK_BODY_BYTES": body_bytes}, bare_port, "/bare"):
                return _figures(
                    f"http://{port.address}",
                    f"http://{bare_port.address}/bare",
                    profile["profile_id"],
                    Path(folder),
                )


def _figures(api: str, bare: str, profile_id: str, folder: Path) -> list[Figure]:
    script = folder / "context.lua"
    script.write_text(
        f"wrk.method = 'POST'; wrk.body = '{json.dumps(CONTEXT)}'; wrk.headers['Content-Type'] = 'application/json'"
    )
    rounds = [
        {
            "raw": _load(bare),
            "profile": _load(f"{api}/v1/profiles/{profile_id}"),
            "identifier": _load(f"{api}/v1/profiles?identifier={HERO}"),
            "context": _load(f"{api}/v1/context", "--script", str(script)),
        }
        for _ in range(ROUNDS)
    ]

    wanted = {
        "profile": ("GET /v1/profiles/{id}", Goal(Sense.RATIO_AT_LEAST, 0.85), None),
        "identifier": ("GET /v1/profiles?identifier=", Goal(Sense.RATIO_AT_LEAST, 0.75), None),
        "context": ("POST /v1/context, 1000 tokens", Goal(Sense.RATIO_AT_LEAST, 0.60), Goal(Sense.AT_MOST, 10)),
    }
    figures = []
    for name, (what, rate, slowest) in wanted.items():
        for place, measure, unit, goal in ((0, "", "req/s", rate), (1, ", p99", "ms", slowest)):
            figures.append(
                Figure(
                    what=f"{what}{measure}",
                    unit=unit,
                    ours=tuple(measured[name][place] for measured in rounds),
                    raw=tuple(measured["raw"][place] for measured in rounds),
                    raw_limit="the bare framework answering with the same number of bytes",
                    goal=goal,
                )
            )
    return figures


def _load(url: str, *options: str) -> tuple[float, float]:
    """Requests per second and the 99th percentile in milliseconds."""
    said = subprocess.run(
        ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{SECONDS}s", "--latency", *options, url],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    if "Non-2xx" in said:
        sys.exit(f"{url} answered with errors:\n{said}")
    slowest, unit = re.search(r"99%\s+([\d.]+)(us|ms|s)", said).groups()  # type: ignore[union-attr]
    requests = re.search(r"Requests/sec:\s+([\d.]+)", said).group(1)  # type: ignore[union-attr]
    return float(requests), float(slowest) * {"us": 0.001, "ms": 1, "s": 1000}[unit]


def _environment(folder: Path) -> dict[str, str]:
    return {
        **os.environ,
        "IDENTITY_GRAPH_CATALOGUE": str(SHOP / "catalogue.yaml"),
        "IDENTITY_GRAPH_STORE": f"sqlite:{folder / 'shop.sqlite'}",
    }


def _command() -> str:
    return str(Path(sys.executable).parent / "identity-graph")


def _run(*arguments: str, environment: Mapping[str, str]) -> None:
    subprocess.run([_command(), *arguments], env=environment, check=True, capture_output=True)


@contextmanager
def _server(command: list[str], environment: Mapping[str, str], port: Port, path: str) -> Iterator[None]:
    with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            if not wait_until(lambda: answers(port, path), within=60):
                sys.exit(f"nothing answers at {port.address}{path}")
            yield
        finally:
            process.terminate()
