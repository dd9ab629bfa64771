"""Which engine serves a graph: it decides how it is asked, and what may be relied on.

Amazon Neptune tells of itself at `/status` of the host and port of its endpoint:
https://docs.aws.amazon.com/neptune/latest/userguide/access-graph-status.html
"""

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Final
from urllib.parse import urlsplit

import aiohttp

from services.stores.port.errors import StoreError
from services.stores.port.protocols import Guarantees

#: Neptune speaks TinkerPop 3.7 from then on, which the writes need.
OLDEST_NEPTUNE: Final = (1, 3, 2, 0)
AUTO: Final = "auto"  #: the setting that leaves it to us
_STATUS_SECONDS: Final = 2.0
#: By its name a cluster is recognised also where it does not tell everybody of itself.
_NEPTUNE_HOSTS: Final = (".neptune.amazonaws.com", ".neptune.amazonaws.com.cn")


class Engine(StrEnum):
    """What serves a graph."""

    GREMLIN_SERVER = "gremlin-server"  #: with a TinkerTransactionGraph
    NEPTUNE = "neptune"  #: Amazon Neptune

    @property
    def guarantees(self) -> Guarantees:
        """What a store on this engine promises."""
        if self is Engine.NEPTUNE:
            # Each request is a transaction, which locks what it reads in order to write; commits are on disk.
            return Guarantees(
                guarded_commits="safe", durable=True, rows_per_commit=ROWS_PER_NEPTUNE_COMMIT, first_load=False
            )
        # Of a TinkerTransactionGraph: nothing is lost by races, everything by a restart.
        return Guarantees(guarded_commits="safe", durable=False, rows_per_commit=ROWS_PER_COMMIT)


#: A new row with its identifiers, profile, history and edges writes some forty labels and properties, and a request to
#: Neptune should have 200 (`chained_size`).
ROWS_PER_NEPTUNE_COMMIT: Final = 5
#: Servers take messages of some size only.
ROWS_PER_COMMIT: Final = 500


async def recognise(url: str, wanted: str = AUTO) -> Engine:
    """Find out which engine answers at `url`.

    Args:
        url: of the endpoint, `ws://…` or `wss://…`.
        wanted: what the settings say that it is (an `Engine`), or `AUTO`: that is to be found out. Whoever does not
            tell, counts as a Gremlin Server.

    Raises:
        StoreError: a Neptune cluster cannot be used, or was expected and is none; the message says why.
    """
    if wanted == Engine.GREMLIN_SERVER:
        return Engine.GREMLIN_SERVER
    status = await _read_status(url)
    if "dbEngineVersion" in status:
        _require_usable(status)
        return Engine.NEPTUNE
    host = urlsplit(url).hostname or ""
    if host.endswith(_NEPTUNE_HOSTS) or status.get("code") == "AccessDeniedException":
        return Engine.NEPTUNE
    if wanted == Engine.NEPTUNE:
        # What is written for Neptune relies on its locks, and another engine would lose commits without a word.
        raise StoreError(
            f"IDENTITY_GRAPH_STORE_ENGINE is `neptune`, but {host} does not answer `/status` as Amazon Neptune does. "
            "Look whether the address is that of a cluster, or set it to `auto`"
        )
    return Engine.GREMLIN_SERVER


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


async def _read_status(url: str) -> Mapping[str, Any]:
    """What the host says of itself; nothing where it does not speak of that."""
    endpoint = urlsplit(url)
    address = f"{'https' if endpoint.scheme == 'wss' else 'http'}://{endpoint.netloc}/status"
    try:
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=_STATUS_SECONDS)) as session,
            session.get(address) as response,
        ):
            status = await response.json(content_type=None)
    except (aiohttp.ClientError, OSError, TimeoutError, ValueError):
        return {}
    return status if isinstance(status, dict) else {}
