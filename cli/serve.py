"""`identity-graph serve`: the HTTP API, and what to try on it."""

import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Final
from urllib.parse import quote

import orjson
import typer
import uvloop

from api.server import AddressUnavailable
from api.server import serve as serve_api
from cli.exit_codes import UsageRefused
from cli.logs import set_up_logging
from cli.migrate import migrate_first
from cli.opening import load_catalogue, opened_store
from cli.options import CatalogueOption, MigrateOption, StoreOption, settings_with
from cli.publishing import kafka_publisher
from cli.terminal import say_lines, visible
from graph_model.catalogue.rules import Catalogue
from graph_model.profile.document import Profile, ProfileStatus
from services.settings import Settings
from services.stores.port.protocols import Store

#: Stands for what a customer's identifier would be: what is printed here lands in logs.
_PLACEHOLDER: Final = "VALUE"
#: The catalogue whose people are made up, and where their addresses are: a domain that nobody has (RFC 2606).
_SAMPLE: Final = Path(__file__).parents[1] / "examples" / "shop" / "catalogue.yaml"
_NOBODYS_DOMAIN: Final = "@example.com"

#: So many profiles at the most are looked at for an example worth showing.
_LOOKED_AT: Final = 2_000


def serve(
    host: Annotated[str | None, typer.Option("--host", help="Address to listen on; else IDENTITY_GRAPH_HOST.")] = None,
    port: Annotated[
        int | None, typer.Option("--port", min=0, max=65535, help="Port to listen on; else IDENTITY_GRAPH_PORT.")
    ] = None,
    catalogue: CatalogueOption = None,
    store: StoreOption = None,
    migrate: MigrateOption = False,
) -> None:
    """Answer over HTTP until stopped: profiles, prompt context, changes, the change feed.

    Its documentation is at `/docs` of the address that it prints. Where Kafka is configured, changes that come over
    HTTP are published there, too.

    For example:

        identity-graph serve --catalogue catalogue.yaml --store sqlite:shop.sqlite

        IDENTITY_GRAPH_STORE=ws://graph:8182/gremlin identity-graph serve --host 0.0.0.0
    """
    settings = settings_with(catalogue=catalogue, store=store, host=host, port=port)
    set_up_logging(settings)
    uvloop.run(_serve(settings, load_catalogue(settings.catalogue), migrate=migrate))


async def _serve(settings: Settings, catalogue: Catalogue, *, migrate: bool) -> None:
    if migrate:
        await migrate_first(settings, catalogue)
    async with opened_store(settings, catalogue) as store:
        identifier = await _worth_asking_for(settings, store, catalogue)

    def tell(address: str) -> None:
        say_lines("\n".join(map(visible, _worth_trying(address, identifier))))

    try:
        await serve_api(settings, catalogue, publisher=kafka_publisher(settings), on_listening=tell)
    except AddressUnavailable as error:
        raise UsageRefused(str(error)) from error


async def _worth_asking_for(settings: Settings, store: Store, catalogue: Catalogue) -> str | None:
    """Whom a request may ask for: one of the people of the sample, else a placeholder; None where nobody is."""
    if settings.catalogue.resolve() == _SAMPLE:
        return await _example_identifier(store, catalogue)
    async for _ in store.scan_profiles():
        return f"{next(name for name, kind in catalogue.kinds.items() if not kind.parts)}:{_PLACEHOLDER}"
    return None


async def _example_identifier(store: Store, catalogue: Catalogue) -> str | None:
    """An identifier that leads to exactly one person, of whom much is known; None in an empty store."""
    best, most = None, 0
    looked_at = 0
    async for stored in store.scan_profiles():
        looked_at += 1
        if looked_at > _LOOKED_AT:
            break
        if stored.status is not ProfileStatus.LIVE:
            continue
        profile = stored.read()
        records = len(profile.records)
        if records > most and not profile.conflicts:
            found = _telling_identifier(profile, catalogue)
            best, most = (found, records) if found is not None else (best, most)
    return best


def _telling_identifier(profile: Profile, catalogue: Catalogue) -> str | None:
    """The strongest of the addresses that most of the profile's records carry."""
    usable = [
        each for each in profile.identifiers if not each.generic and each.identifier.value.endswith(_NOBODYS_DOMAIN)
    ]
    if not usable:
        return None
    chosen = max(usable, key=lambda each: (each.records, catalogue.kinds[each.kind].priority))
    return str(chosen.identifier)


def _worth_trying(address: str, identifier: str | None) -> Iterator[str]:
    yield f"The identity graph answers at {address} (documentation: {address}/docs)."
    if identifier is None:
        yield "The store is empty; load something with `identity-graph ingest FILE`."
        return
    body = shlex.quote(orjson.dumps({"identifier": identifier, "token_budget": 500}).decode())
    yield "Try:" if _PLACEHOLDER not in identifier else f"Try, with somebody's identifier instead of {_PLACEHOLDER}:"
    yield f"  curl '{address}/v1/profiles?identifier={quote(identifier, safe=':@')}'"
    yield (f"  curl {address}/v1/context -H 'Content-Type: application/json' -H 'Accept: text/markdown' -d {body}")
    yield f"  curl -N {address}/v1/profile-updates   # every change from now on"
    yield "Ctrl-C stops it."
