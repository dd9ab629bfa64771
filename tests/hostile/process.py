"""The real processes, and what they take of the machine."""

import re
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.acceptance.conftest import COMMAND, environment

#: Bounds of every reaction, wide enough for a busy machine of two cores.
MOST_SECONDS: Final = 10.0
MOST_MEMORY: Final = 600_000_000  #: bytes of a process; one that serves nothing takes some 150 000 000
LARGEST_ANSWER: Final = 64_000  #: bytes

CATALOGUE: Final = """\
version: 1
identifiers:
  email: {normalise: email, holders: 3}
  phone: {normalise: phone, region: US}
  card: {normalise: exact, blocked_patterns: ["^x+y$"]}
  host: {normalise: casefold}
  number: {normalise: digits}
  born: {normalise: date}
  tag: {normalise: name}
traits:
  name: text
  day: date
  at: timestamp
  count: integer
  amount: number
  flag: boolean
sources:
  crm:
    TOPIC
    file: "crm*.*"
    key: [id]
    columns:
      email: {identifier: email}
      phone: {identifier: phone, region: {column: country}}
      card: {identifier: card}
      host: {identifier: host}
      number: {identifier: number}
      born: {identifier: born}
      tag: {identifier: tag, separator: ";"}
      name: {trait: name}
      day: {trait: day}
      at: {trait: at, read: {time: "%d.%m.%Y %H:%M"}}
      count: {trait: count}
      amount: {trait: amount, read: {decimal: ","}}
      flag: {trait: flag}
"""
COLUMNS: Final = (
    "email", "phone", "country", "card", "host", "number", "born", "tag", "name", "day", "at", "count", "amount",
    "flag",
)  # fmt: skip


def make_folder(folder: Path, topic: str = "") -> Path:
    """Put the catalogue into a folder; its source is fed by files and HTTP, and by a topic where there is one."""
    (folder / "catalogue.yaml").write_text(CATALOGUE.replace("    TOPIC\n", f"    topic: {topic}\n" if topic else ""))
    return folder


@dataclass(frozen=True, slots=True)
class Ran:
    """A command that has ended."""

    code: int
    said: str
    seconds: float
    memory: int  #: bytes at its largest

    def require_bounded(self) -> None:
        assert "Traceback" not in self.said
        assert self.code in range(126)
        assert self.seconds < MOST_SECONDS * 3  # several inputs at once, and starting takes a second
        assert self.memory < MOST_MEMORY


def ran(folder: Path, *arguments: str, variables: Mapping[str, str] | None = None) -> Ran:
    """Run the command to its end."""
    output = folder / "output"
    began, memory = time.monotonic(), 0
    with output.open("wb") as stream:
        process = subprocess.Popen(
            [COMMAND, *arguments],
            cwd=folder,
            env={**environment(folder), **(variables or {})},
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=stream,
        )
        while process.poll() is None:
            memory = largest_memory(process.pid) or memory
            time.sleep(0.02)
    return Ran(process.returncode, output.read_bytes().decode(errors="replace"), time.monotonic() - began, memory)


def largest_memory(pid: int) -> int:
    """The most that a process has had of the machine's memory since it began, in bytes; 0 where it has ended."""
    found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    return 0 if found is None else int(found[1]) * 1_024


def require_clean(folder: Path) -> None:
    """What is stored contradicts itself nowhere."""
    done = ran(folder, "verify")
    assert done.code == 0, done.said
