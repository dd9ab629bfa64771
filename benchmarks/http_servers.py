"""What the benchmarks over HTTP ask: our API over invented customers of the shop, and the bare framework."""

import csv
import json
import os
import random
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.http_load import get, post
from stack.ports import Port, answers
from stack.process import wait_until

SHOP = Path(__file__).parent.parent / "examples" / "shop"
COMMAND = (sys.executable, "-c", "from cli.main import main; main()")

_CITIES = ("Brooklyn", "Austin", "Queens", "Portland", "Denver", "Madison")
_FIRST = ("Ann", "Elena", "Omar", "Wei", "Lucas", "Fatima", "Ingrid", "Kofi", "Marta", "Noor")
_LAST = ("Lee", "Suzuki", "Ahmed", "Garcia", "Novak", "Okafor", "Berg", "Rossi", "Haddad", "Kim")
_STARTED_WITHIN = 60.0


@dataclass(frozen=True, slots=True)
class Server:
    """A server that runs."""

    port: int
    pid: int

    def processor_seconds(self) -> float:
        """How long it has kept a core busy; only Linux tells."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def memory_bytes(self) -> int:
        """How much memory it holds; only Linux tells."""
        told = Path(f"/proc/{self.pid}/status").read_text().partition("VmRSS:")[2]
        return int(told.split()[0]) * 1024


def email_of(person: int) -> str:
    """The address that only this person has."""
    return f"person{person}@example.com"


def finding(person: int) -> str:
    """The request for the profiles of a person, by identifier."""
    return get(f"/v1/profiles?identifier=email:{email_of(person)}")


def asking(person: int, token_budget: int) -> str:
    """The request for a context of a person."""
    return post("/v1/context", {"identifier": f"email:{email_of(person)}", "token_budget": token_budget})


def write_people(folder: Path, numbers: Sequence[int], *, city: str = "") -> list[Path]:
    """Write files with three rows for each person, in three systems of the shop: the same ones in every run.

    Args:
        folder: where to write them.
        numbers: of the people.
        city: where all of them live; empty: here and there.
    """
    chosen = random.Random(11)  # noqa: S311 - invented data
    customers: list[list[object]] = []
    accounts: list[list[object]] = []
    requesters: list[list[object]] = []
    for person in numbers:
        first, last = chosen.choice(_FIRST), chosen.choice(_LAST)
        phone, born = f"+1212{5_550_000 + person % 10_000:07d}", f"19{50 + person % 50}-0{1 + person % 9}-11"
        lives = city or chosen.choice(_CITIES)
        at = f"2026-10-{1 + person % 28:02d}"
        customers.append(
            [person, f"{person:07d}", first, last, email_of(person), phone, born, lives, "11201", f"{at} 09:14:00"]
        )
        accounts.append([person, email_of(person), first, last, born, "11201", person % 40, f"{at}T10:00:00Z"])
        requesters.append([f"R-{person}", email_of(person), f"{first} {last}", "", "en", f"{at}T08:30:00Z"])
    return [
        _write_csv(
            folder / "crm.csv",
            "id,customer_number,first_name,last_name,email,phone,birth_date,city,postcode,updated_at",
            customers,
        ),
        _write_json_lines(
            folder / "web_shop.jsonl",
            "account_id,email,given_name,family_name,birth_date,zip,orders,updated_at",
            accounts,
        ),
        _write_csv(folder / "support_desk.csv", "requester_id,email,name,phone,language,last_contact_at", requesters),
    ]


def _write_csv(file: Path, names: str, rows: Sequence[Sequence[object]]) -> Path:
    with file.open("w", newline="") as opened:
        csv.writer(opened).writerows([names.split(","), *rows])
    return file


def _write_json_lines(file: Path, names: str, rows: Sequence[Sequence[object]]) -> Path:
    file.write_text("".join(json.dumps(dict(zip(names.split(","), row, strict=True))) + "\n" for row in rows))
    return file


def wiring(folder: Path) -> dict[str, str]:
    """The environment of the command over an embedded store in this folder."""
    return {
        **os.environ,
        "IDENTITY_GRAPH_CATALOGUE": str(SHOP / "catalogue.yaml"),
        "IDENTITY_GRAPH_STORE": f"sqlite:{folder / 'shop.sqlite'}",
    }


def ingest(files: Sequence[Path], environment: Mapping[str, str]) -> None:
    """Load files, and wait until they are."""
    subprocess.run([*COMMAND, "ingest", *map(str, files)], env=environment, check=True, capture_output=True)


@contextmanager
def api(environment: Mapping[str, str]) -> Iterator[Server]:
    """Our API."""
    port = Port.named("api", 0)
    with _served([*COMMAND, "serve", "--port", str(port.number)], environment, port, "/readyz") as server:
        yield server


@contextmanager
def bare_framework(answers_file: Path, ready_path: str) -> Iterator[Server]:
    """FastAPI alone, over a file of answers; see `benchmarks.bare_app`."""
    port = Port.named("bare", 0)
    command = [
        *(sys.executable, "-m", "uvicorn", "benchmarks.bare_app:app", "--port", str(port.number)),
        *("--loop", "uvloop", "--http", "httptools", "--no-access-log", "--log-level", "warning"),
    ]
    environment = {**os.environ, "BENCHMARK_ANSWERS": str(answers_file)}
    with _served(command, environment, port, ready_path) as server:
        yield server


@contextmanager
def _served(command: Sequence[str], environment: Mapping[str, str], port: Port, path: str) -> Iterator[Server]:
    with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            if not wait_until(lambda: answers(port, path), within=_STARTED_WITHIN):
                sys.exit(f"nothing answers at {port.address}{path}")
            yield Server(port.number, process.pid)
        finally:
            process.terminate()
