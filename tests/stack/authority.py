"""A certificate authority of a test's own, made with OpenSSL."""

import subprocess
from dataclasses import dataclass
from pathlib import Path

from stack.ports import HOST

_NEW_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256")


@dataclass(frozen=True, slots=True)
class Authority:
    """A certificate authority in a folder."""

    folder: Path

    @property
    def certificate(self) -> Path:
        return self.folder / "ca.pem"

    def found(self) -> "Authority":
        self.folder.mkdir(parents=True, exist_ok=True)
        files = ("-keyout", "ca.key", "-out", "ca.pem")
        openssl(self.folder, "req", "-x509", *_NEW_KEY, "-nodes", "-days", "2", "-subj", "/CN=tests", *files)
        return self

    def sign(
        self, name: str, *, password: str = "", days: int = 2, names: str = f"IP:{HOST},DNS:localhost"
    ) -> tuple[Path, Path]:
        """A certificate and its key, encrypted where there is a password; with -1 days it expired yesterday."""
        secrecy = ("-passout", f"pass:{password}") if password else ("-nodes",)
        subject = ("-subj", f"/CN={name}")
        openssl(self.folder, "req", *_NEW_KEY, *secrecy, *subject, "-keyout", f"{name}.key", "-out", f"{name}.csr")
        (self.folder / "names").write_text(f"subjectAltName={names}")
        signing = ("-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", str(days), "-extfile", "names")
        openssl(self.folder, "x509", "-req", "-in", f"{name}.csr", *signing, "-out", f"{name}.pem")
        return self.folder / f"{name}.pem", self.folder / f"{name}.key"


def openssl(folder: Path, *arguments: str, given: bytes = b"") -> bytes:
    """What OpenSSL answers."""
    done = subprocess.run(["openssl", *arguments], cwd=folder, capture_output=True, check=False, input=given)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout
