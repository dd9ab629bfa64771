"""What the real servers need from the machine, and what to install where it is missing."""

import os
import pwd
import re
import shutil
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from stack.errors import RequirementMissingError

LEAST_JAVA = 17


@dataclass(frozen=True, slots=True)
class Requirement:
    """A program that is not there: its name, and how to get it."""

    name: str
    install: str

    def __str__(self) -> str:
        return f"{self.name} ({self.install})"


JAVA = Requirement(f"Java {LEAST_JAVA} or newer", "apt-get install openjdk-17-jre-headless")
MAVEN = Requirement("Maven", "apt-get install maven")
POSTGRES = Requirement("the PostgreSQL server", "apt-get install postgresql")
POSTGRES_USER = Requirement("a system user postgres", "root may not run PostgreSQL; useradd --system postgres")


def java_version() -> int | None:
    """The major version of the `java` on the path; None when there is none that runs."""
    java = shutil.which("java")
    if java is None:
        return None
    # `java -version` answers on standard error, e.g.: openjdk version "17.0.15" 2025-04-15
    answer = subprocess.run([java, "-version"], capture_output=True, text=True, check=False)
    found = re.search(r'version "(\d+)', answer.stderr)
    return int(found.group(1)) if found else None


def postgres_binaries() -> Path | None:
    """The folder with `initdb` and `postgres`: the newest of the distribution's, else the one on the path."""
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=_major_version)
    if installed:
        return installed[-1].parent
    on_path = shutil.which("initdb")
    return Path(on_path).resolve().parent if on_path else None


def _major_version(initdb: Path) -> int:
    name = initdb.parent.parent.name
    return int(name) if name.isdecimal() else 0


def missing_for_gremlin() -> list[Requirement]:
    """What Gremlin Server needs as a local process and this machine lacks."""
    missing = []
    if (java_version() or 0) < LEAST_JAVA:
        missing.append(JAVA)
    if shutil.which("mvn") is None:
        missing.append(MAVEN)
    return missing


def missing_requirements() -> list[Requirement]:
    """What the whole stack needs and this machine lacks."""
    missing = missing_for_gremlin()
    if postgres_binaries() is None:
        missing.append(POSTGRES)
    if os.geteuid() == 0 and not _user_exists("postgres"):
        missing.append(POSTGRES_USER)
    return missing


def _user_exists(name: str) -> bool:
    return any(entry.pw_name == name for entry in pwd.getpwall())


def require(missing: Iterable[Requirement]) -> None:
    """Raises RequirementMissingError when anything is missing, naming all of it."""
    listed = ", ".join(str(requirement) for requirement in missing)
    if listed:
        raise RequirementMissingError(f"The stack needs what this machine does not have: {listed}.")
