"""An identity provider of a test's own: it gives tokens that a broker can check by their signature."""

import base64
import json
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs

from tests.stack.authority import openssl

CLIENT, SECRET, AUDIENCE, SCOPE = "tokens", "client-secret", "kafka", "graph"


@dataclass(frozen=True, slots=True)
class Signer:
    """Signs tokens; `keys` is what whoever checks them is given (RFC 7517)."""

    folder: Path

    @property
    def keys(self) -> Path:
        return self.folder / "keys.json"

    def found(self) -> "Signer":
        self.folder.mkdir(parents=True, exist_ok=True)
        openssl(self.folder, "genrsa", "-out", "signer.key", "2048")
        modulus = openssl(self.folder, "rsa", "-in", "signer.key", "-noout", "-modulus").decode().strip().split("=")[1]
        key = {
            "kty": "RSA",
            "kid": "tests",
            "alg": "RS256",
            "use": "sig",
            "e": "AQAB",
            "n": _plain(bytes.fromhex(modulus)),
        }
        self.keys.write_text(json.dumps({"keys": [key]}))
        return self

    def token(self, subject: str, seconds: float, audience: str = AUDIENCE) -> str:
        """A token that is valid for so long from now on (RFC 7519)."""
        now = int(time.time())
        said = {"sub": subject, "aud": audience, "iat": now, "exp": now + int(seconds), "scope": SCOPE}
        head = {"alg": "RS256", "typ": "JWT", "kid": "tests"}
        content = ".".join(_plain(json.dumps(part).encode()) for part in (head, said))
        signature = openssl(self.folder, "dgst", "-sha256", "-sign", "signer.key", given=content.encode())
        return f"{content}.{_plain(signature)}"


@dataclass(slots=True)
class TokenServer:
    """What it gives and to whom; may be changed while it runs."""

    signer: Signer
    url: str = ""
    secret: str = SECRET
    seconds: float = 300
    audience: str = AUDIENCE
    asked: list[dict[str, list[str]]] = field(default_factory=list)  #: the forms that were sent


@contextmanager
def serving_tokens(signer: Signer, identity: tuple[Path, Path] | None = None) -> Iterator[TokenServer]:
    """The provider, over HTTP on this machine; by TLS where it has a certificate and its key."""
    provider = TokenServer(signer)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:  # the server's name for it
            form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
            provider.asked.append(form)
            known = base64.b64encode(f"{CLIENT}:{provider.secret}".encode()).decode()
            if self.headers["Authorization"] != f"Basic {known}":
                self._answer(401, {"error": "invalid_client"})
            elif form.get("grant_type") != ["client_credentials"]:
                self._answer(400, {"error": "unsupported_grant_type"})
            else:
                token = signer.token(CLIENT, provider.seconds, provider.audience)
                self._answer(200, {"access_token": token, "token_type": "Bearer", "expires_in": provider.seconds})

        def _answer(self, status: int, said: dict[str, object]) -> None:
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(json.dumps(said).encode())

        def log_message(self, *args: object) -> None:  # the server's name for it
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    if identity is not None:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(*identity)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    provider.url = f"http{'s' if identity else ''}://127.0.0.1:{server.server_port}/token"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _plain(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()
