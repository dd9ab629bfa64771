"""What was measured, when and where: kept as JSON, suite by suite, so that one can be measured anew alone."""

import os
import platform
import sqlite3
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, TypeAlias

import msgspec

from benchmarks.figures import Figure

#: Kept with the program; `docs/performance.md` is written from it.
KEPT: Final = Path(__file__).parent / "results.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """Where something was measured; only ratios of one run compare with those of another machine."""

    cores: int
    processor: str
    memory_gib: int
    system: str
    python: str
    sqlite: str

    @classmethod
    def this_one(cls) -> "Machine":
        """The machine that we run on."""
        return cls(
            cores=os.cpu_count() or 1,
            processor=_processor(),
            memory_gib=round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30),
            system=f"{platform.system()} {platform.release().partition('-')[0]}",
            python=platform.python_version(),
            sqlite=sqlite3.sqlite_version,
        )

    def __str__(self) -> str:
        return (
            f"{self.cores} cores ({self.processor}), {self.memory_gib} GiB, {self.system}, Python {self.python}, "
            f"SQLite {self.sqlite}"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """The figures of one suite."""

    machine: Machine
    day: str  #: in UTC, `2026-11-29`
    commit: str  #: of this program; empty where that is not known
    figures: tuple[Figure, ...]

    @classmethod
    def taken_now(cls, figures: list[Figure]) -> "Measurement":
        """Figures that were just measured here."""
        day = datetime.now(UTC).date().isoformat()
        return cls(machine=Machine.this_one(), day=day, commit=_commit(), figures=tuple(figures))


Results: TypeAlias = Mapping[str, Measurement]


def read_results(file: Path) -> Results:
    """What a file keeps; nothing where there is none."""
    return msgspec.json.decode(file.read_bytes(), type=dict[str, Measurement]) if file.exists() else {}


def write_results(file: Path, results: Results) -> None:
    """Keep results in a file."""
    file.write_bytes(msgspec.json.format(msgspec.json.encode(results), indent=2) + b"\n")


def _processor() -> str:
    information = Path("/proc/cpuinfo")
    lines = information.read_text().splitlines() if information.exists() else []
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, platform.machine())


def _commit() -> str:
    command = ["git", "describe", "--always", "--dirty", "--exclude", "*"]
    try:
        done = subprocess.run(command, cwd=KEPT.parent, capture_output=True, text=True, check=False)
    except OSError:
        return ""
    return done.stdout.strip()
