"""A broker that lets in only whom it knows: by password on one port, by certificate on another."""

import subprocess
from dataclasses import dataclass
from pathlib import Path

from stack.kafka import KafkaBroker
from stack.ports import HOST, Port

USER, PASSWORD = "reader", "open-sesame"


@dataclass(frozen=True, slots=True)
class Authority:
    """A certificate authority of a test's own, in a folder."""

    folder: Path

    @property
    def certificate(self) -> Path:
        return self.folder / "ca.pem"

    def found(self) -> "Authority":
        self.folder.mkdir(parents=True, exist_ok=True)
        _openssl(
            self.folder,
            "req",
            "-x509",
            "-newkey",
            "rsa:2048",
            "-nodes",
            "-days",
            "2",
            "-subj",
            "/CN=tests",
            "-keyout",
            "ca.key",
            "-out",
            "ca.pem",
        )
        return self

    def sign(self, name: str, *, password: str = "") -> tuple[Path, Path]:
        """A certificate for this machine and its key, encrypted where there is a password."""
        secrecy = ["-passout", f"pass:{password}"] if password else ["-nodes"]
        _openssl(
            self.folder,
            "req",
            "-newkey",
            "rsa:2048",
            *secrecy,
            "-subj",
            f"/CN={name}",
            "-keyout",
            f"{name}.key",
            "-out",
            f"{name}.csr",
        )
        (self.folder / "san").write_text(f"subjectAltName=IP:{HOST},DNS:localhost")
        _openssl(
            self.folder,
            "x509",
            "-req",
            "-in",
            f"{name}.csr",
            "-CA",
            "ca.pem",
            "-CAkey",
            "ca.key",
            "-CAcreateserial",
            "-days",
            "2",
            "-extfile",
            "san",
            "-out",
            f"{name}.pem",
        )
        return self.folder / f"{name}.pem", self.folder / f"{name}.key"


class GuardedBroker(KafkaBroker):
    """Open to everybody on its usual port; by password on `by_password`, by certificate on `by_certificate`."""

    def __init__(self, folder: Path, cache: Path) -> None:
        super().__init__(folder, cache)
        taken = {self.port.number, self.controller_port.number}
        self.by_password = _port_beside(taken)
        self.by_certificate = _port_beside(taken)
        self.password = PASSWORD  #: of `USER`, from the next start on
        self.authority = Authority(folder / "authority").found()
        certificate, key = self.authority.sign("broker")
        self._identity = folder / "broker.pem"
        self._identity.write_text(key.read_text() + certificate.read_text())

    def _addresses(self) -> str:
        broker, controller = f"PLAINTEXT://{self.port.address}", f"CONTROLLER://{self.controller_port.address}"
        further = f"SASL_PLAINTEXT://{self.by_password.address},SSL://{self.by_certificate.address}"
        login = "org.apache.kafka.common.security.plain.PlainLoginModule"
        return (
            f"listeners={broker},{controller},{further}\n"
            f"advertised.listeners={broker},{further}\n"
            "listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,"
            "SASL_PLAINTEXT:SASL_PLAINTEXT,SSL:SSL\n"
            f"controller.quorum.bootstrap.servers={self.controller_port.address}\n"
            f"log.dirs={self.folder / 'data'}\n"
            "sasl.enabled.mechanisms=PLAIN\n"
            f"listener.name.sasl_plaintext.plain.sasl.jaas.config={login} required "
            f'user_{USER}="{self.password}";\n'
            f"ssl.keystore.type=PEM\nssl.keystore.location={self._identity}\n"
            f"ssl.truststore.type=PEM\nssl.truststore.location={self.authority.certificate}\n"
            "listener.name.ssl.ssl.client.auth=required\n"
            "authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer\n"
            "allow.everyone.if.no.acl.found=true\nsuper.users=User:ANONYMOUS\n"
        )


def _port_beside(taken: set[int]) -> Port:
    """A free port that is none of those, which are free as yet, too; it is one of them from now on."""
    while (port := Port.named("kafka", 0)).number in taken:
        pass
    taken.add(port.number)
    return port


def _openssl(folder: Path, *arguments: str) -> None:
    done = subprocess.run(["openssl", *arguments], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
