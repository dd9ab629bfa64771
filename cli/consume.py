"""`identity-graph consume`: from Kafka into the store, and out to `profile-updated`."""

from functools import partial
from typing import Annotated

import typer
import uvloop

from cli.logs import set_up_logging
from cli.migrate import migrate_first
from cli.opening import load_catalogue
from cli.options import CatalogueOption, MigrateOption, StoreOption, settings_with
from consumers.worker import run_worker


def consume(
    rewind: Annotated[
        bool,
        typer.Option("--rewind", help="Read all topics again from their beginnings, for a store that is new."),
    ] = False,
    catalogue: CatalogueOption = None,
    store: StoreOption = None,
    migrate: MigrateOption = False,
) -> None:
    """Read the topics of the catalogue and keep the store up to date, until told to stop.

    Several of them in one consumer group share the work; another group reads everything again, and sends every dead
    letter again. Where Kafka is: IDENTITY_GRAPH_KAFKA_BOOTSTRAP_SERVERS and the settings beside it (TLS, SASL, group,
    topics). Readiness and metrics: IDENTITY_GRAPH_CONSUMER_PORT.

    For example:

        IDENTITY_GRAPH_KAFKA_BOOTSTRAP_SERVERS=broker:9092 identity-graph consume

        identity-graph consume --rewind --store ws://graph:8182/gremlin
    """
    settings = settings_with(catalogue=catalogue, store=store)
    set_up_logging(settings)
    meaning = load_catalogue(settings.catalogue)
    before_opening = partial(migrate_first, settings, meaning) if migrate else None
    uvloop.run(run_worker(settings, meaning, rewind=rewind, before_opening=before_opening))
