"""Looks at signatures as Amazon Neptune does, by the published rules of Signature Version 4.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
"""

import hmac
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from typing import Final
from urllib.parse import quote

from aiohttp import web

_LATEST_SECONDS: Final = 300  #: how old a signature may be
_SIGNED: Final = re.compile(
    r"AWS4-HMAC-SHA256 Credential=(?P<key>[^/]+)/(?P<scope>[^,]+), *SignedHeaders=(?P<headers>[^,]+), *"
    r"Signature=(?P<signature>[0-9a-f]{64})"
)


@dataclass(frozen=True)
class Key:
    """What AWS has given to somebody."""

    secret: str
    token: str = ""  #: of temporary ones
    ends: float = float("inf")


@dataclass
class Keyring:
    """Who may come to a cluster with IAM authentication, and a role that gives out temporary keys."""

    region: str = "eu-west-1"
    keys: dict[str, Key] = field(default_factory=dict)
    ahead: float = 0.0  #: seconds that the clock of the cluster is ahead of ours
    taken: list[str] = field(default_factory=list)  #: the keys of those who were let in

    async def give(self, _request: web.Request) -> web.Response:
        """Give new keys for an hour, as a container asks for those of its role."""
        name = f"ASIA{len(self.keys)}"
        key = self.keys[name] = Key(f"secret of {name}", f"token of {name}", time.time() + 3_600)
        until = datetime.fromtimestamp(key.ends, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        return web.json_response(
            {"AccessKeyId": name, "SecretAccessKey": key.secret, "Token": key.token, "Expiration": until}
        )

    def end_all(self) -> None:
        """Let all keys be expired."""
        self.keys = {name: Key(key.secret, key.token, 0.0) for name, key in self.keys.items()}

    def refusal(self, request: web.Request) -> web.Response | None:
        """What Neptune answers where the signature is not good."""
        found = self._fault(request.method, request.path, request.headers)
        if not found:
            return None
        told = {"requestId": "0", "code": "AccessDeniedException", "detailedMessage": found}
        return web.json_response(told, status=403)

    def _fault(self, method: str, path: str, headers: Mapping[str, str]) -> str:
        signed = _SIGNED.fullmatch(headers.get("Authorization", ""))
        if signed is None:
            return "Missing Authentication Token"
        key, now = self.keys.get(signed["key"]), time.time() + self.ahead
        made = headers.get("X-Amz-Date", "")
        if key is None or key.ends < now or headers.get("X-Amz-Security-Token", "") != key.token:
            return "The security token included in the request is invalid or expired"
        if signed["scope"] != f"{made[:8]}/{self.region}/neptune-db/aws4_request":
            return "Credential should be scoped to a valid region"
        if abs(datetime.strptime(made, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC).timestamp() - now) > _LATEST_SECONDS:
            return "Signature expired"
        if _signature(signed, key, method, path, headers) != signed["signature"]:
            return "The request signature we calculated does not match the signature you provided"
        self.taken.append(signed["key"])
        return ""


def _signature(signed: re.Match[str], key: Key, method: str, path: str, headers: Mapping[str, str]) -> str:
    """The signature that a request should have; none where it leaves out what must be signed."""
    names = signed["headers"].split(";")
    if not {"host", "x-amz-date"} <= set(names):
        return ""
    lines = "".join(f"{name}:{' '.join(headers[name].split())}\n" for name in names)
    canonical = "\n".join([method, quote(path), "", lines, ";".join(names), sha256(b"").hexdigest()])
    date, scope = headers["X-Amz-Date"], signed["scope"]
    text = "\n".join(["AWS4-HMAC-SHA256", date, scope, sha256(canonical.encode()).hexdigest()])
    secret = f"AWS4{key.secret}".encode()
    for part in (*scope.split("/"), text):
        secret = hmac.digest(secret, part.encode(), "sha256")
    return secret.hex()
