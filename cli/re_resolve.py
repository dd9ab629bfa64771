"""`identity-graph re-resolve`: another meaning of the catalogue, brought into force."""

from collections import Counter
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Final

import typer

from cli.exit_codes import ExitCode
from cli.opening import settings_and_catalogue
from cli.options import JsonOption, StoreOption
from cli.output import counted, print_json
from cli.publishing import publishing
from cli.running import run_batch, say_last
from cli.store_progress import finish_owed_work
from cli.terminal import say
from graph_model.catalogue.rules import Catalogue
from services.ingestion.ingest import Committed
from services.ingestion.writer import Writer
from services.maintenance.re_resolve import change_meaning
from services.metrics import Metrics
from services.settings import Settings
from services.stores.opening import open_store
from services.stores.port.protocols import Outbox

#: The name under which this command claims its part of the outbox.
WRITER: Final = "cli-re-resolve"


@dataclass(slots=True)
class _Report:
    """What a run has done, kept while it goes on."""

    was_owed: bool = False
    records: int = 0  #: read anew
    events: Counter[str] = field(default_factory=Counter)  #: type of profile event -> number


def re_resolve(
    catalogue: Annotated[Path, typer.Option("--catalogue", metavar="FILE", help="The new catalogue.")],
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> None:
    """Bring a changed catalogue into force: everything stored is read anew by it, while events keep flowing.

    From the first moment on, nobody writes by the former catalogue any more: workers and API that are running load the
    new one from the store within a second and go on. `identity-graph preview` tells beforehand what would change.
    Interrupted, the same command goes on.

    For example:

        identity-graph re-resolve --catalogue catalogue-2.yaml --store sqlite:shop.sqlite
    """
    settings, meaning = settings_and_catalogue(catalogue, store)
    report = _Report()
    try:
        run_batch(_re_resolve(settings, meaning, report))
    except KeyboardInterrupt:
        say_last("Interrupted; what is done stays. The same command goes on, and so does any worker.")
        raise typer.Exit(ExitCode.INTERRUPTED) from None
    if as_json:
        told = dict(sorted(report.events.items()))
        print_json({"was_owed": report.was_owed, "records": report.records, "profiles": told})
    else:
        _print(report)


async def _re_resolve(settings: Settings, catalogue: Catalogue, report: _Report) -> None:
    metrics = Metrics()
    async with AsyncExitStack() as opened:
        store = await open_store(settings, catalogue, any_meaning=True)
        opened.push_async_callback(store.close)
        # First of all: without it nothing may change.
        publish = await opened.enter_async_context(publishing(settings, store, metrics))
        report.was_owed = await change_meaning(store, catalogue)

        async def tell(outbox: Outbox, committed: tuple[Committed, ...]) -> None:
            await publish(outbox, committed)
            report.events.update(event.type.value for commit in committed for event in commit.events)

        writer = Writer(store, catalogue, WRITER, metrics=metrics, publish=tell)
        await writer.open()
        report.records = await finish_owed_work(store, writer)


def _print(report: _Report) -> None:
    if not report.was_owed:
        say("This catalogue is in force, and nothing is owed: all records follow it.")
        return
    changes = ", ".join(f"{count:,} {word}" for word, count in sorted(report.events.items()))
    say(f"The catalogue is in force; {counted(report.records, 'record')} read anew.")
    say(f"Profile changes: {changes}" if changes else "No profile changed.")
