"""A worker that walks into an ambush; `python -m tests.faults.killed_worker ORDERS`, the orders as JSON.

It is the worker of `identity-graph consume`, with its settings from the environment, and wrapped from outside:
nothing in the product knows of this.
"""

import signal
import sys
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

import orjson
import uvloop
from aiokafka import AIOKafkaConsumer

from consumers import worker, worker_parts
from consumers.kafka_clients import make_consumer
from graph_model.catalogue.document import parse_catalogue
from graph_model.catalogue.rules import Catalogue
from services.settings import KafkaSettings, Settings
from services.stores.opening import open_store
from services.stores.port.protocols import Store
from tests.faults.ambush import Ambush, AmbushedPublisher, Point, ambush_offsets, ambushed_store
from tests.faults.faulty_store import Odds, faulty
from tests.faults.tally import Tally


@dataclass(frozen=True, slots=True, kw_only=True)
class Orders:
    """What one worker is to meet."""

    point: Point
    visit: int  #: hit when it comes there for the n-th time
    signal: int = signal.SIGKILL
    tally: str  #: file for what it counts
    fault_seed: int | None = None  #: None: a store without faults

    def to_json(self) -> str:
        return orjson.dumps(asdict(self)).decode()

    @classmethod
    def parse(cls, text: str) -> "Orders":
        found = orjson.loads(text)
        return cls(**{**found, "point": Point(found["point"])})


async def run(orders: Orders, settings: Settings) -> None:
    """Work until the ambush, or until told to stop."""
    ambush = Ambush(orders.point, orders.visit, signal.Signals(orders.signal))

    async def open_ambushed(settings: Settings, catalogue: Catalogue) -> Store:
        store = await open_store(settings, catalogue)
        if orders.fault_seed is not None:
            store = faulty(store, orders.fault_seed, Odds(), Counter())
        return ambushed_store(store, ambush, Tally(Path(orders.tally)))

    def make_ambushed(kafka: KafkaSettings) -> AIOKafkaConsumer:
        return ambush_offsets(make_consumer(kafka), ambush)

    publisher: Any = type("Publisher", (AmbushedPublisher,), {"ambush": ambush})
    catalogue = parse_catalogue(settings.catalogue.read_text(), str(settings.catalogue))
    with (
        patch.multiple(worker, open_store=open_ambushed, make_consumer=make_ambushed),
        patch.object(worker_parts, "Publisher", publisher),
    ):
        await worker.run_worker(settings, catalogue, rewind=False)


if __name__ == "__main__":
    uvloop.run(run(Orders.parse(sys.argv[1]), Settings()))
