"""Fetches the servers' jars with Maven: once, into a folder that several checkouts may share."""

import fcntl
import hashlib
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from stack.errors import PartFailedError
from stack.requirements import MAVEN, require
from stack.settings import CONFIGURATION

FILES = "files"
PLUGIN = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1"


@dataclass(frozen=True, slots=True)
class Artifact:
    """What one `config/NAME.pom.xml` names, brought here by a goal of Maven's dependency plugin."""

    name: str
    goal: str
    option: str

    @property
    def pom(self) -> Path:
        """The file that names the Maven coordinates."""
        return CONFIGURATION / f"{self.name}.pom.xml"

    def folder(self, cache: Path) -> Path:
        """Where the files are kept; named after the pom's content, so that a changed pom is fetched anew."""
        digest = hashlib.sha256(self.pom.read_bytes()).hexdigest()[:12]
        return cache / f"{self.name}-{digest}"


KAFKA = Artifact("kafka", "copy-dependencies", "-DincludeScope=runtime")
DEBEZIUM = Artifact("debezium", "unpack-dependencies", "-DexcludeTransitive=true")
GREMLIN_SERVER = Artifact("gremlin-server", "copy-dependencies", "-DincludeScope=runtime")
JANUSGRAPH = Artifact("janusgraph", "copy-dependencies", "-DincludeScope=runtime")
CASSANDRA = Artifact("cassandra", "copy-dependencies", "-DincludeScope=runtime")
#: What each graph of `StackSettings.graph` needs.
OF_GRAPHS: Final = {"tinkergraph": (GREMLIN_SERVER,), "janusgraph": (CASSANDRA, JANUSGRAPH)}


def fetch(artifact: Artifact, cache: Path) -> Path:
    """The folder with the artifact's files, fetched first when it is not there.

    A fetch that is broken off leaves nothing behind that a later one could take for whole.

    Raises:
        RequirementMissingError: Maven is not on the path.
        PartFailedError: Maven failed, with the end of what it said.
    """
    folder = artifact.folder(cache)
    if folder.is_dir():
        return folder
    require([] if shutil.which("mvn") else [MAVEN])
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / ".fetching").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # Maven's own folder does not keep two of them apart
        if not folder.is_dir():
            with tempfile.TemporaryDirectory(dir=cache, prefix=f".{artifact.name}-") as unfinished:
                _run_maven(artifact, Path(unfinished), cache / f"{artifact.name}.log")
                (Path(unfinished) / FILES).rename(folder)
    return folder


def _run_maven(artifact: Artifact, folder: Path, log: Path) -> None:
    command = [
        "mvn",
        "--batch-mode",
        "--file",
        str(artifact.pom),
        f"{PLUGIN}:{artifact.goal}",
        artifact.option,
    ]
    # Maven marks what it has unpacked, beside the pom unless told otherwise.
    places = [f"-DoutputDirectory={folder / FILES}", f"-DmarkersDirectory={folder / 'markers'}"]
    with log.open("wb") as output:
        done = subprocess.run(
            [*command, *places],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            check=False,
        )
    if done.returncode != 0:
        raise PartFailedError(f"Maven, fetching {artifact.name},", f"ended with code {done.returncode}", log)
