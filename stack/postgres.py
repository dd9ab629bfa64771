"""A PostgreSQL server with logical decoding and a data folder of its own, never run as root."""

import os
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from stack.errors import PartFailedError, RequirementMissingError, StackError
from stack.ports import HOST, Port
from stack.process import Command
from stack.requirements import POSTGRES, postgres_binaries
from stack.server import Server

USER = "postgres"
PASSWORD = "postgres"  # noqa: S105 - a throw-away server that only this machine reaches
DATABASE = "shop"
# Not by the socket in the file system, which two servers would share.
OPTIONS = ("-c", f"listen_addresses={HOST}", "-c", "unix_socket_directories=", "-c", "wal_level=logical")


class PostgresServer(Server):
    """A server with one empty database, `shop`."""

    part = "PostgreSQL"

    def __init__(self, folder: Path, *, port: int = 0) -> None:
        self.port = Port.named("postgres", port)
        super().__init__(folder, self.port)
        binaries = postgres_binaries()
        if binaries is None:
            raise RequirementMissingError(f"{self.part}: this machine lacks {POSTGRES}.")
        self.binaries = binaries
        self.home: Path | None = None

    @property
    def uri(self) -> str:
        """The address of the database, as `psql` and most drivers take it."""
        return f"postgresql://{USER}:{PASSWORD}@{self.port.address}/{DATABASE}"

    @property
    def psql(self) -> tuple[str, ...]:
        """The command line of a `psql` that is connected, quiet, and stops at the first error."""
        options = ("--no-psqlrc", "--quiet", "--no-align", "--tuples-only", "--set=ON_ERROR_STOP=1")
        return (str(self.binaries / "psql"), *options, self.uri)

    @property
    def leftovers(self) -> tuple[Path, ...]:
        """The data, which stands outside the folder when root starts the server."""
        return () if self.home is None or self.home.is_relative_to(self.folder) else (self.home,)

    def describe(self) -> str:
        """Where it is reached, for a person."""
        return self.uri

    def wait(self) -> None:
        """Waits as Server.wait() does, and makes the database when the server is new."""
        super().wait()
        databases = self.run_sql("SELECT datname FROM pg_database", database=USER).splitlines()
        if DATABASE not in databases:
            self.run_sql(f"CREATE DATABASE {DATABASE}", database=USER)

    def prepare(self) -> Command:
        """Makes the data folder when it is new."""
        if self.home is None:
            self.home = self._new_home()
        data = self.home / "data"
        if not (data / "PG_VERSION").exists():
            self._initialise(self.home, data)
        server = (str(self.binaries / "postgres"), "-D", str(data), "-p", str(self.port.number))
        # SIGINT is PostgreSQL's fast shutdown: it does not wait for clients to leave.
        return Command((*server, *OPTIONS), self.home, user=_system_user(), stop_signal=signal.SIGINT)

    def is_ready(self) -> bool:
        """Whether it takes connections."""
        asked = [str(self.binaries / "pg_isready"), "--quiet", f"--host={HOST}", f"--port={self.port.number}"]
        return subprocess.run(asked, check=False).returncode == 0

    def run_sql(self, sql: str, *, database: str = DATABASE) -> str:
        """Runs statements in one `psql` and returns what it printed: a line per row, `|` between columns.

        Raises:
            StackError: a statement failed; those before it are in force.
        """
        uri = self.uri.removesuffix(DATABASE) + database
        done = subprocess.run([*self.psql[:-1], uri], input=sql, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise StackError(f"{self.part} refused a statement: {done.stderr.strip()}")
        return done.stdout.strip()

    def _new_home(self) -> Path:
        user = _system_user()
        if user is None:
            home = self.folder / "home"
            home.mkdir(exist_ok=True)
            return home
        # Root may have its checkout where the system user cannot go.
        home = Path(tempfile.mkdtemp(prefix="identity-graph-postgres-"))
        shutil.chown(home, user, user)
        return home

    def _initialise(self, home: Path, data: Path) -> None:
        user = _system_user()
        password = home / "password"
        password.write_text(PASSWORD)
        if user:
            shutil.chown(password, user, user)
        options = ["--auth=scram-sha-256", "--encoding=UTF8", "--locale=C", "--no-sync", "--no-instructions"]
        privileges: dict[str, Any] = {"user": user, "group": user, "extra_groups": []} if user else {}
        with self.log.open("wb") as output:
            done = subprocess.run(
                [
                    str(self.binaries / "initdb"),
                    f"--username={USER}",
                    f"--pwfile={password}",
                    *options,
                    str(data),
                ],
                cwd=home,
                stdout=output,
                stderr=subprocess.STDOUT,
                check=False,
                **privileges,
            )
        if done.returncode != 0:
            shutil.rmtree(home)
            raise PartFailedError(self.part, "could not make its data folder", self.log)


def _system_user() -> str | None:
    """The user that the server runs as, where it must not be the one who starts it."""
    return "postgres" if os.geteuid() == 0 else None
