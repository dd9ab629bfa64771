"""Which engine serves a graph: it decides how it is asked, and what may be relied on.

Amazon Neptune tells of itself at `/status` of the host and port of its endpoint:
https://docs.aws.amazon.com/neptune/latest/userguide/access-graph-status.html
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final
from urllib.parse import urlsplit

import aiohttp
import orjson

from services.stores.gremlin.opening_faults import require_address
from services.stores.gremlin.signing import Signer
from services.stores.gremlin.socket import NEAR, Upkeep
from services.stores.port.errors import StoreError, StoreUnavailable
from services.stores.port.protocols import Guarantees

#: Neptune speaks TinkerPop 3.7 from then on, which the writes need.
OLDEST_NEPTUNE: Final = (1, 3, 2, 0)
AUTO: Final = "auto"  #: the setting that leaves it to us
_STATUS_SECONDS: Final = 2.0
_FORBIDDEN: Final = 403
#: By its name a cluster is recognised also where it does not answer.
_NEPTUNE_HOSTS: Final = (".neptune.amazonaws.com", ".neptune.amazonaws.com.cn")


class Engine(StrEnum):
    """What serves a graph."""

    GREMLIN_SERVER = "gremlin-server"  #: with a TinkerTransactionGraph
    NEPTUNE = "neptune"  #: Amazon Neptune
    JANUSGRAPH = "janusgraph"  #: over Cassandra
    JANUSGRAPH_IN_MEMORY = "janusgraph-inmemory"  #: for trials

    @property
    def guarantees(self) -> Guarantees:
        """What a store on this engine promises."""
        if self is Engine.NEPTUNE:
            # Each request is a transaction, which locks what it reads in order to write; commits are on disk.
            return Guarantees(guarded_commits="safe", durable=True, rows_per_commit=ROWS_PER_NEPTUNE_COMMIT)
        if self in JANUSGRAPHS:
            # Locks and one batch per commit, which are looked for before the graph is used.
            return Guarantees(
                guarded_commits="safe", durable=self is Engine.JANUSGRAPH, rows_per_commit=ROWS_PER_JANUSGRAPH_COMMIT
            )
        # Of a TinkerTransactionGraph: nothing is lost by races, everything by a restart.
        return Guarantees(guarded_commits="safe", durable=False, rows_per_commit=ROWS_PER_COMMIT)


#: Neptune closes a connection that was idle for 20 minutes, or a little later, and with IAM authentication every one
#: after 10 days: https://docs.aws.amazon.com/neptune/latest/userguide/best-practices-gremlin-java-close-connections.html
#: An instance that scales may need 20 seconds to answer a ping, which is sent after two looks:
#: https://docs.aws.amazon.com/neptune/latest/userguide/best-practices-gremlin-heartbeat-serverless.html
NEPTUNE_UPKEEP: Final = Upkeep(
    look_seconds=5.0, silent_looks=6, oldest_seconds=9 * 24 * 3_600.0, idle_seconds=19 * 60.0
)
#: A new row with its identifiers, profile, history and edges writes some forty labels and properties, and a request to
#: Neptune should have 200 (`chained_size`).
ROWS_PER_NEPTUNE_COMMIT: Final = 5
JANUSGRAPHS: Final = frozenset({Engine.JANUSGRAPH, Engine.JANUSGRAPH_IN_MEMORY})
#: Of a new row some ten vertices are locked one after the other, and a request should be done within seconds.
ROWS_PER_JANUSGRAPH_COMMIT: Final = 50
#: Servers take messages of some size only.
ROWS_PER_COMMIT: Final = 500


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a graph is served."""

    url: str  #: `ws://…` or `wss://…`
    engine: Engine
    signer: Signer | None = None  #: for a cluster that wants to know who asks

    @property
    def upkeep(self) -> Upkeep:
        """How a connection to it is kept."""
        return NEPTUNE_UPKEEP if self.engine is Engine.NEPTUNE else NEAR


async def recognise(url: str, wanted: str = AUTO, aws_region: str = "") -> Endpoint:
    """Find out which engine answers at `url`.

    Args:
        url: of the endpoint, `ws://…` or `wss://…`.
        wanted: what the settings say that it is (an `Engine`), or `AUTO`: that is to be found out. Whoever does not
            tell, counts as a Gremlin Server.
        aws_region: see `Signer.of`.

    Raises:
        StoreUnavailable: a Neptune cluster does not answer, or (`AccessRefused`) not to us.
        StoreError: a Neptune cluster cannot be used, or was expected and is none; the message says why.
    """
    require_address(url)
    if wanted == Engine.GREMLIN_SERVER:
        return Endpoint(url, Engine.GREMLIN_SERVER)
    host = urlsplit(url).hostname or ""
    is_named = host.endswith(_NEPTUNE_HOSTS)
    told, signer = await _read_status(url), None
    if told.http == _FORBIDDEN and (is_named or "code" in told.status):
        signer = Signer.of(url, aws_region)
        told = await _read_status(url, signer)
        if told.http == _FORBIDDEN:
            raise signer.refusal(url, told.http)
    if "dbEngineVersion" in told.status:
        _require_usable(told.status)
        return Endpoint(url, Engine.NEPTUNE, signer)
    if is_named or (wanted == Engine.NEPTUNE and told.http is None):
        found = "nothing" if told.http is None else f"HTTP status {told.http}"
        raise StoreUnavailable(
            f"Amazon Neptune at {host} answers `/status` with {found}. Look whether the cluster is available, and "
            "whether its security group and network let this machine in; or at the address, IDENTITY_GRAPH_STORE"
        )
    if wanted == Engine.NEPTUNE:
        # What is written for Neptune relies on its locks, and another engine would lose commits without a word.
        raise StoreError(
            f"IDENTITY_GRAPH_STORE_ENGINE is `neptune`, but {host} does not answer `/status` as Amazon Neptune does. "
            "Look whether the address is that of a cluster, or set it to `auto`"
        )
    return Endpoint(url, Engine.GREMLIN_SERVER)


def _require_usable(status: Mapping[str, Any]) -> None:
    version = str(status["dbEngineVersion"])
    numbers = tuple(int(number) for number in re.findall(r"\d+", version)[:4])
    if numbers < OLDEST_NEPTUNE:
        raise StoreError(
            f"this is Amazon Neptune {version}; 1.3.2.0 or later is expected, since the writes need TinkerPop 3.7. "
            "Upgrade the engine of the cluster"
        )
    if status.get("role") == "reader":
        raise StoreError(
            "this is a reader of an Amazon Neptune cluster, and nothing can be written there. Name the cluster "
            "endpoint (`….cluster-….neptune.amazonaws.com`, without `-ro`) with IDENTITY_GRAPH_STORE"
        )


@dataclass(frozen=True, slots=True)
class _Told:
    """What a host says of itself."""

    http: int | None  #: status code; None: it does not answer
    status: Mapping[str, Any]  #: nothing where it does not speak of that


async def _read_status(url: str, signer: Signer | None = None) -> _Told:
    endpoint = urlsplit(url)
    address = f"{'https' if endpoint.scheme == 'wss' else 'http'}://{endpoint.netloc}/status"
    headers = {} if signer is None else await signer.headers(address)
    try:
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=_STATUS_SECONDS)) as session,
            session.get(address, headers=headers) as response,
        ):
            http, text = response.status, await response.read()
    except (aiohttp.ClientError, OSError, TimeoutError):
        return _Told(None, {})
    try:
        status = orjson.loads(text)
    except orjson.JSONDecodeError:
        return _Told(http, {})
    return _Told(http, status if isinstance(status, dict) else {})
