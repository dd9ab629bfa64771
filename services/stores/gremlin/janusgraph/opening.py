"""Which graphs of JanusGraph can hold the law, read from each before it is used.

JanusGraph promises little by itself. Where the properties that guard commits are not locked, or a commit can be torn,
or a read can miss what a quorum has written, commits are lost without a word: such a graph is refused.
https://docs.janusgraph.org/v1.1/advanced-topics/eventual-consistency/
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from services.stores.gremlin.engines import Endpoint, Engine, recognise
from services.stores.gremlin.janusgraph.faults import JanusGraphFault
from services.stores.gremlin.janusgraph.schema import BINDINGS, KEYS, LOCKED, SCHEMA, script
from services.stores.gremlin.socket import Credentials, GremlinSocket, g
from services.stores.port.errors import CommitConflict, StoreError

#: The changes of one commit that must reach Cassandra in one batch: more than any commit has.
LEAST_BUFFER: Final = 1_000_000
_QUORUMS: Final = frozenset({"QUORUM", "EACH_QUORUM", "ALL"})
_ENGINES: Final = {"cql": Engine.JANUSGRAPH, "inmemory": Engine.JANUSGRAPH_IN_MEMORY}


async def served_by(url: str, wanted: str, credentials: Credentials) -> Endpoint:
    """Find out which engine answers at `url`, and that it can hold the law; see `recognise`.

    A JanusGraph is looked for also where the settings say that this is a Gremlin Server: it answers like one, and would
    lose commits without a word.

    Raises:
        StoreUnavailable: nothing answers there.
        StoreError: what answers cannot be used; the message says why.
    """
    endpoint = await recognise(url, wanted, credentials.aws_region)
    if endpoint.engine is Engine.GREMLIN_SERVER:
        return Endpoint(url, await _recognise_janusgraph(url, credentials))
    return endpoint


async def _recognise_janusgraph(url: str, credentials: Credentials) -> Engine:
    """Tell a JanusGraph from a Gremlin Server with another graph; an empty JanusGraph is given its schema.

    Raises:
        StoreUnavailable: nothing answers there.
        StoreError: it is a JanusGraph that cannot hold the law; the message says why.
    """
    socket = await GremlinSocket.open(url, credentials)
    try:
        if not await _is_janusgraph(socket):
            return Engine.GREMLIN_SERVER
        facts = await _facts(socket)
        if set(facts["lacking"]) >= set(LOCKED):  # nobody has written here, nor made a schema
            require_settings(facts)
            await _make_schema(socket)
            facts = await _facts(socket)
        require_settings(facts)
        require_schema(facts)
        return _ENGINES[facts["backend"]]
    finally:
        await socket.close()


def require_settings(facts: Mapping[str, Any]) -> None:
    """Make sure that the server is set up so that commits hold.

    Raises:
        StoreError: it is not; the message names the setting.
    """
    for is_wrong, found, expected in _SETTINGS:
        if is_wrong(facts):
            raise StoreError(
                f"this is JanusGraph {found.format(**facts)}. Set {expected} in the properties of its graph, and start "
                "it again (docs/janusgraph.md)"
            )


def require_schema(facts: Mapping[str, Any]) -> None:
    """Make sure that what guards commits is locked.

    Raises:
        StoreError: it is not; the message names the property.
    """
    if facts["unlocked"]:
        names = ", ".join(f"`{name}`" for name in facts["unlocked"])
        raise StoreError(
            f"in the schema of this JanusGraph {names} has no consistency LOCK, and of two commits at the same time "
            "one would be lost without a word. Use an empty graph, which is given its schema when it is opened, or set "
            "LOCK while nobody writes (docs/janusgraph.md)"
        )
    lacking = ", ".join(
        [f"`{name}`" for name in facts["lacking"]] + [f"the unique, locked index `{i}`" for i in facts["unsound"]]
    )
    if lacking:
        raise StoreError(
            f"the schema of this JanusGraph lacks {lacking}. Use an empty graph, which is given its schema when it is "
            "opened (docs/janusgraph.md)"
        )


async def _is_janusgraph(socket: GremlinSocket) -> bool:
    """Ask for a vertex with an id that no graph holds: JanusGraph alone refuses to look for it."""
    try:
        await socket.submit(g.V("").values("rev"))
    except JanusGraphFault:
        return True
    return False


async def _facts(socket: GremlinSocket) -> Mapping[str, Any]:
    try:
        answer = await socket.run_script(script("facts"), {**BINDINGS, "names": list(KEYS)})
    except CommitConflict:
        raise
    except StoreError as error:
        raise StoreError(
            f"this JanusGraph does not tell whether it locks `rev`, without which commits would be lost: {error}. Let "
            "its server run scripts (`scriptEngines: gremlin-groovy`), and serve the graph as `g` (docs/janusgraph.md)"
        ) from error
    facts: Mapping[str, Any] = answer[0]
    return facts


async def _make_schema(socket: GremlinSocket) -> None:
    await socket.run_script(script("schema"), SCHEMA)


#: What must not be, in order; how it is told; what to set instead.
_SETTINGS: Final[tuple[tuple[Callable[[Mapping[str, Any]], bool], str, str], ...]] = (
    (
        lambda facts: facts["backend"] not in _ENGINES,
        "over `{backend}`; `cql` (Cassandra) or, for trials, `inmemory` is expected, as nothing else was tried",
        "`storage.backend=cql`",
    ),
    (
        lambda facts: not facts["string_ids"],
        "without ids of our own, by which each vertex is found",
        "`graph.set-vertex-id=true` and `graph.allow-custom-vid-types=true` on a graph that was never opened",
    ),
    (
        lambda facts: facts["batch_loading"],
        "with `storage.batch-loading`, which takes no locks, so that commits would be lost",
        "`storage.batch-loading=false`",
    ),
    (
        lambda facts: facts["backend"] == "cql" and not {facts["read_level"], facts["write_level"]} <= _QUORUMS,
        "that reads at {read_level} and writes at {write_level}; QUORUM is expected, else commits miss each other",
        "`storage.cql.read-consistency-level=QUORUM` and `storage.cql.write-consistency-level=QUORUM`",
    ),
    (
        lambda facts: facts["backend"] == "cql" and facts["atomic"] != "true",
        "that writes a commit in many batches, of which a failure would leave some",
        "`storage.cql.atomic-batch-mutate=true`",
    ),
    (
        lambda facts: facts["backend"] == "cql" and facts["buffer_size"] < LEAST_BUFFER,
        "that cuts a commit after {buffer_size} changes, so that a failure would leave a part of it",
        f"`storage.buffer-size={LEAST_BUFFER}`",
    ),
)
