"""What a principal may do on a broker that gives nobody more than was granted, in the words of `kafka-acls`."""

import asyncio
import shlex
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.protocol.admin import CreateAclsRequest, DeleteAclsRequest, DescribeAclsRequest

_KINDS: Final = {"topic": 2, "group": 3, "cluster": 4, "transactional-id": 5}
_OPERATIONS: Final = {"All": 2, "Read": 3, "Write": 4, "Create": 5, "Describe": 8, "IdempotentWrite": 12}
_PATTERNS: Final = {"any": 1, "literal": 3, "prefixed": 4}
_DENY, _ALLOW = 2, 3
_ANY: Final = 1
_CLUSTER: Final = "kafka-cluster"


@dataclass(frozen=True, slots=True)
class Right:
    """One operation on one resource; or, by the pattern `prefixed`, on all whose names begin so."""

    operation: str
    kind: str
    name: str
    pattern: str = "literal"

    @classmethod
    def parse(cls, options: str) -> "Right":
        """Read it from options like `--operation Read --topic people`."""
        words = shlex.split(options)
        given: dict[str, str] = {}
        while words:
            option = words.pop(0).removeprefix("--")
            given[option] = words.pop(0) if option != "cluster" else _CLUSTER
        operation, pattern = given.pop("operation"), given.pop("resource-pattern-type", "literal")
        ((kind, name),) = given.items()
        return cls(operation, kind, name, pattern)

    def __str__(self) -> str:
        """As it was read."""
        return f"--operation {self.operation} --{self.kind}" + ("" if self.kind == "cluster" else f" {self.name}")


ALL: Final = (Right("All", "topic", "*"), Right("All", "group", "*"), Right("All", "cluster", _CLUSTER))


async def grant(bootstrap_servers: str, user: str, rights: Iterable[Right], *, deny: bool = False) -> None:
    """Allow, or deny, a user something; it holds once this returns."""
    async with _admin(bootstrap_servers) as admin:
        for right in rights:
            resource = (_KINDS[right.kind], right.name, _PATTERNS[right.pattern])
            said = (f"User:{user}", "*", _OPERATIONS[right.operation], _DENY if deny else _ALLOW)
            answer = await admin._send_request(CreateAclsRequest(*resource, *said))
            assert [code for code, _ in answer.creation_responses] == [0], right
            while not await _told(admin, *resource, *said):  # noqa: ASYNC110 - the broker tells nobody
                await asyncio.sleep(0.01)


async def take_all(bootstrap_servers: str, user: str) -> None:
    """Leave a user nothing that was granted or denied; it holds once this returns."""
    async with _admin(bootstrap_servers) as admin:
        anything = (_ANY, None, _ANY, f"User:{user}", None, _ANY, _ANY)
        await admin._send_request(DeleteAclsRequest(*anything))
        while await _told(admin, *anything):  # noqa: ASYNC110 - likewise
            await asyncio.sleep(0.01)


async def _told(admin: AIOKafkaAdminClient, *wanted: object) -> bool:
    """Whether the broker goes by something of that kind by now."""
    return bool((await admin._send_request(DescribeAclsRequest(*wanted))).resources)


@asynccontextmanager
async def _admin(bootstrap_servers: str) -> AsyncIterator[AIOKafkaAdminClient]:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap_servers)
    await admin.start()
    try:
        yield admin
    finally:
        await admin.close()
