"""A broker that lets in only whom it knows, in the ways that companies use, and gives nobody more than was granted."""

from dataclasses import dataclass
from pathlib import Path

from stack.kafka import KafkaBroker
from stack.ports import Port
from tests.stack.authority import Authority
from tests.stack.tokens import AUDIENCE, Signer

#: By password, where it is sent as it is.
USER, PASSWORD = "reader", "open-sesame"
#: By password, where it is proven by SCRAM; `limited` has the rights that a test grants it.
KNOWN = {"member": "member-secret", "limited": "limited-secret"}
_LOGIN = "org.apache.kafka.common.security"


@dataclass(frozen=True, slots=True)
class Listener:
    """One door: how it is secured, where it is, and what else the broker is told about it."""

    name: str
    protocol: str
    port: Port
    settings: tuple[str, ...] = ()

    @property
    def address(self) -> str:
        return self.port.address

    @property
    def lines(self) -> tuple[str, ...]:
        return tuple(f"listener.name.{self.name.lower()}.{setting}" for setting in self.settings)


class SecuredBroker(KafkaBroker):
    """Open to everybody, who may do everything, on its usual port; the other doors are attributes.

    Whoever comes in by another door may do nothing until it is granted.
    """

    def __init__(self, folder: Path, cache: Path) -> None:
        super().__init__(folder, cache)
        self._taken = {self.port.number, self.controller_port.number}
        self.password = PASSWORD  #: of `USER`, from the next start on
        self.authority = Authority(folder / "authority").found()
        self.signer = Signer(folder / "signer").found()
        self.by_password = self._door("SASL_PLAINTEXT", "SASL_PLAINTEXT", "sasl.enabled.mechanisms=PLAIN")
        self.by_certificate = self._door("SSL", "SSL", "ssl.client.auth=required")
        scram = "scram.ScramLoginModule required;"
        self.by_scram = self._door(
            "SCRAM",
            "SASL_SSL",
            "sasl.enabled.mechanisms=SCRAM-SHA-256,SCRAM-SHA-512,PLAIN",
            *(f"scram-sha-{size}.sasl.jaas.config={_LOGIN}.{scram}" for size in (256, 512)),
        )
        # Sessions that have lasted for so long are ended, as managed brokers do.
        self.by_token = self._door("TOKEN", "SASL_SSL", *self._tokens(), "connections.max.reauth.ms=4000")
        self.expired = self._door("EXPIRED", "SSL", f"ssl.keystore.location={self._identity('expired', days=-1)}")
        self.elsewhere = self._door(
            "ELSEWHERE", "SSL", f"ssl.keystore.location={self._identity('elsewhere', names='DNS:broker.example.com')}"
        )

    @property
    def doors(self) -> tuple[Listener, ...]:
        return (self.by_password, self.by_certificate, self.by_scram, self.by_token, self.expired, self.elsewhere)

    def _door(self, name: str, protocol: str, *settings: str) -> Listener:
        while (port := Port.named("kafka", 0)).number in self._taken:
            pass  # a free port, but one of ours that is free as yet
        self._taken.add(port.number)
        return Listener(name, protocol, port, settings)

    def _identity(self, name: str, *, days: int = 2, names: str = "") -> Path:
        certificate, key = self.authority.sign(name, days=days, **({"names": names} if names else {}))
        identity = self.folder / f"{name}-identity.pem"
        identity.write_text(key.read_text() + certificate.read_text())
        return identity

    def _tokens(self) -> tuple[str, ...]:
        return (
            "sasl.enabled.mechanisms=OAUTHBEARER",
            f"oauthbearer.sasl.jaas.config={_LOGIN}.oauthbearer.OAuthBearerLoginModule required;",
            f"oauthbearer.sasl.server.callback.handler.class={_LOGIN}.oauthbearer.OAuthBearerValidatorCallbackHandler",
        )

    @property
    def java_options(self) -> tuple[str, ...]:
        return (f"-Dorg.apache.kafka.sasl.oauthbearer.allowed.urls={self.signer.keys.as_uri()}",)

    @property
    def format_options(self) -> tuple[str, ...]:
        users = ((name, password, size) for name, password in KNOWN.items() for size in (256, 512))
        found = (("--add-scram", f"SCRAM-SHA-{size}=[name={name},password={word}]") for name, word, size in users)
        return tuple(part for option in found for part in option)

    def _addresses(self) -> str:
        open_door, controller = f"PLAINTEXT://{self.port.address}", f"CONTROLLER://{self.controller_port.address}"
        further = ",".join(f"{door.name}://{door.address}" for door in self.doors)
        protocols = ",".join(f"{door.name}:{door.protocol}" for door in self.doors)
        users = f'user_{USER}="{self.password}"'
        lines = (
            f"listeners={open_door},{controller},{further}",
            f"advertised.listeners={open_door},{further}",
            f"listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,{protocols}",
            f"controller.quorum.bootstrap.servers={self.controller_port.address}",
            f"log.dirs={self.folder / 'data'}",
            *(
                f"listener.name.{door}.plain.sasl.jaas.config={_LOGIN}.plain.PlainLoginModule required {users};"
                for door in ("sasl_plaintext", "scram")
            ),
            "ssl.keystore.type=PEM",
            f"ssl.keystore.location={self._identity('broker')}",
            "ssl.truststore.type=PEM",
            f"ssl.truststore.location={self.authority.certificate}",
            *(line for door in self.doors for line in door.lines),
            f"sasl.oauthbearer.jwt.validator.class={_LOGIN}.oauthbearer.BrokerJwtValidator",
            f"sasl.oauthbearer.jwks.endpoint.url={self.signer.keys.as_uri()}",
            f"sasl.oauthbearer.expected.audience={AUDIENCE}",
            "authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer",
            "super.users=User:ANONYMOUS",
        )
        return "".join(f"{line}\n" for line in lines)
