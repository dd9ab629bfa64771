"""The ground that a fault is tried on: topics, a group and a store of one test's own, on the real servers."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import orjson
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.protocol.group import LeaveGroupRequest

from graph_model.catalogue.rules import Catalogue
from services.maintenance.verification.verify import verify
from services.settings import Settings
from services.stores.opening import open_store
from services.stores.port.protocols import Store
from stack.kafka import KafkaBroker
from tests.faults.ambush import Point
from tests.faults.crowd import Step, crowd_catalogue, crowd_text, partition, resolved_at_once
from tests.faults.killed_worker import Orders
from tests.faults.subscriber import check_what_was_told
from tests.stack.worker_world import World, eventually, settled

PARTITIONS = 2
BATCH_SIZE = 20


class WorkerProcess:
    """A worker in a process of its own, on its way into an ambush."""

    def __init__(self, orders: Orders, environment: dict[str, str], log: Path) -> None:
        self._log = log
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.faults.killed_worker", orders.to_json()],
                env={**os.environ, **environment},
                stdout=output,
                stderr=output,
            )

    @property
    def was_killed(self) -> bool:
        """Whether it has come to its point, which kills it; it must not end in any other way."""
        ended = self._process.poll()
        assert ended in (None, -signal.SIGKILL), self._log.read_text()
        return ended is not None

    async def until_killed(self) -> None:
        """Wait until it has come to its point, which kills it."""

        async def was_killed() -> bool:
            return self.was_killed

        await eventually(was_killed)

    async def until_stalled(self) -> None:
        """Wait until it has come to its point, which must have stopped it for the time being."""

        async def is_stalled() -> bool:
            return self._is_stalled()

        await eventually(is_stalled)

    def _is_stalled(self) -> bool:
        found = os.waitid(os.P_PID, self._process.pid, os.WSTOPPED | os.WEXITED | os.WNOHANG | os.WNOWAIT)
        assert found is None or found.si_code == os.CLD_STOPPED, self._log.read_text()
        return found is not None

    def wake(self) -> None:
        """Let it go on."""
        self._process.send_signal(signal.SIGCONT)

    async def finish(self) -> None:
        """Let it end as it would when told to, which must succeed."""
        self._process.terminate()
        assert await asyncio.to_thread(self._process.wait, 60) == 0, self._log.read_text()

    def kill(self) -> None:
        """End it at once; does nothing when it has ended."""
        self._process.kill()
        self._process.wait()


@dataclass(frozen=True, slots=True)
class Ground(World):
    """A world whose rows are a crowd and whose store may be a graph."""

    url: str = ""  #: of a Gremlin Server; empty: an SQLite file

    def catalogue(self, epoch: int = 1) -> Catalogue:  # noqa: ARG002 - its topics are never made anew
        return crowd_catalogue(self.people)

    def settings(self, store: str = "graph", port: int = 0) -> Settings:
        made = World.settings(self, store, port)
        kafka = made.kafka.model_copy(update={"batch_size": BATCH_SIZE})
        return made.model_copy(update={"kafka": kafka, "store": self.url or made.store})

    @property
    def tally(self) -> Path:
        """What the ambushed workers count."""
        return self.folder / "tally"

    @asynccontextmanager
    async def ambushed(
        self, point: Point, visit: int, *, hit: signal.Signals = signal.SIGKILL, fault_seed: int | None = None
    ) -> AsyncIterator[WorkerProcess]:
        """A worker that gets a signal when it comes to a point for the n-th time; killed at the end of the block."""
        orders = Orders(point=point, visit=visit, signal=hit, tally=str(self.tally), fault_seed=fault_seed)
        worker = WorkerProcess(orders, self._environment(), self.folder / "worker.log")
        try:
            yield worker
        finally:
            worker.kill()

    def _environment(self) -> dict[str, str]:
        catalogue = self.folder / "catalogue.yaml"
        catalogue.write_text(crowd_text(self.people))
        settings = self.settings()
        kafka = {f"KAFKA_{name.upper()}": getattr(settings.kafka, name) for name in settings.kafka.model_fields_set}
        wiring = {"CATALOGUE": catalogue, "STORE": settings.store, "CONSUMER_PORT": 0, **kafka}
        return {f"IDENTITY_GRAPH_{name}": str(value) for name, value in wiring.items()}

    async def send(self, steps: Iterable[Step]) -> None:
        """Produce changes of rows; a row stays on its partition."""
        await self.produce(
            [
                (self.people, str(key).encode(), None if row is None else orjson.dumps({"id": key, **row}))
                for key, row in steps
            ]
        )

    async def expel(self) -> None:
        """Tell the group that its members are gone, which it would find out by itself after 20 seconds."""
        admin = AIOKafkaAdminClient(bootstrap_servers=self.broker.bootstrap_servers)
        await admin.start()
        try:
            coordinator = await admin.find_coordinator(self.name)
            for member in await self._members(admin):
                await admin._send_request(LeaveGroupRequest(self.name, member), coordinator)
        finally:
            await admin.close()

    async def until_members(self, count: int) -> None:
        """Wait until the group has so many members, and each has its partitions."""
        admin = AIOKafkaAdminClient(bootstrap_servers=self.broker.bootstrap_servers)
        await admin.start()

        async def are_there() -> bool:
            return len(await self._members(admin, state="Stable")) == count

        try:
            await eventually(are_there)
        finally:
            await admin.close()

    async def _members(self, admin: AIOKafkaAdminClient, state: str = "") -> list[str]:
        (answer,) = await admin.describe_consumer_groups([self.name])
        (group,) = answer.to_object()["groups"]
        return [member["member_id"] for member in group["members"]] if state in ("", group["state"]) else []

    async def check(self, steps: Sequence[Step]) -> int:
        """Hold the law and everything told against all steps sent; answers how many updates were checked."""
        store: Store = await open_store(self.settings(), self.catalogue())
        try:
            assert (await verify(store, self.catalogue())).problems == ()
            assert await partition(store) == await resolved_at_once(steps, self.folder)
            return await check_what_was_told(store, await settled(self, "updates"), await settled(self, "state"))
        finally:
            await store.close()


async def new_ground(broker: KafkaBroker, folder: Path, url: str = "") -> Ground:
    """Ground with a name of its own and an empty topic."""
    ground = Ground(broker, folder, f"f{uuid4().hex[:8]}", url)
    await ground.create(ground.people, PARTITIONS)
    return ground
