"""Resolves the groups of a sealed spool, portion by portion: here, or in a process of its own while this one writes."""

import asyncio
from collections import Counter, deque
from collections.abc import Iterator, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Final, NamedTuple, Protocol

from graph_model.catalogue.document import parse_catalogue
from graph_model.catalogue.rules import Catalogue
from graph_model.records.record import RecordAddress
from graph_model.values.identifiers import Identifier
from services.bootstrap.apart import Apart
from services.bootstrap.portions import (
    GenericIdentifier,
    Portion,
    ProfileNaming,
    Resolved,
    new_profile,
    new_record,
    portions,
    resolve_portion,
)
from services.bootstrap.spool import LoadSpool
from services.clock import new_id, now_milliseconds
from services.stores.port.identity import KeptCatalogue
from services.stores.port.stored_forms import read_record

#: So many portions the other process may be ahead: more would only take memory.
_AHEAD: Final = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What of a spool is to be resolved, and how."""

    after: int  #: number of the last group that is in force
    size: int  #: records of a portion
    version_floor: int  #: see `Store.version_floor`


class Resolving(Protocol):
    """Gives the portions of a spool one after the other, each of them resolved."""

    async def next(self) -> Resolved | None:
        """The next portion; None: that was all. It is not asked again then."""
        ...

    async def close(self) -> None:
        """Leave the spool alone."""
        ...


class ResolvingHere:
    """Resolves a portion on a thread while the one before it is written."""

    def __init__(self, spool: LoadSpool, catalogue: Catalogue, wanted: Wanted) -> None:
        self._found = _resolved(spool, catalogue, wanted)
        self._following = self._begun()

    async def next(self) -> Resolved | None:
        """See `Resolving.next`."""
        found = await self._following
        if found is not None:
            self._following = self._begun()
        return found

    async def close(self) -> None:
        """See `Resolving.close`."""
        await asyncio.wait([self._following])

    def _begun(self) -> asyncio.Task[Resolved | None]:
        return asyncio.create_task(asyncio.to_thread(self._resolve))

    def _resolve(self) -> Resolved | None:
        found = next(self._found, None)
        return None if found is None else found[1]


class ResolvingApart:
    """Resolves portions in another process."""

    def __init__(self, apart: Apart, path: Path, load_id: str, catalogue: KeptCatalogue, wanted: Wanted) -> None:
        self._apart = apart
        self._begun = apart.ask(_begin, path, load_id, catalogue.text, catalogue.name, wanted)
        self._following: deque[Future[_Sent | None]] = deque(apart.ask(_next) for _ in range(_AHEAD))

    async def next(self) -> Resolved | None:
        """See `Resolving.next`."""
        await asyncio.wrap_future(self._begun)
        sent = await asyncio.wrap_future(self._following.popleft())
        self._following.append(self._apart.ask(_next))
        return None if sent is None else _received(sent)

    async def close(self) -> None:
        """See `Resolving.close`; the process ends when it has done what it has begun."""
        for each in self._following:
            each.cancel()


def _resolved(spool: LoadSpool, catalogue: Catalogue, wanted: Wanted) -> Iterator[tuple[Portion, Resolved]]:
    naming = ProfileNaming(now=now_milliseconds, new_profile_id=new_id, version_floor=wanted.version_floor)
    for portion in portions(spool, wanted.after, wanted.size):
        yield portion, resolve_portion(portion, spool, catalogue, naming)


class _Sent(NamedTuple):
    """A portion on its way from one process to the other: much smaller, and sooner read, than what it stands for."""

    groups: tuple[tuple[int, int], ...]
    records: list[tuple[str, str, bytes, str | None, tuple[Identifier, ...]]]
    profiles: list[tuple[str, int, bytes | None, tuple[str, ...]]]
    generic: Mapping[Identifier, GenericIdentifier]


def _sent(portion: Portion, resolved: Resolved) -> _Sent:
    return _Sent(
        resolved.groups,
        [
            (*write.record.address, spooled.document, write.profile_id, write.identifiers)
            for spooled, write in zip(portion.records, resolved.records, strict=True)
        ],
        [(w.profile_id, w.version, w.document, w.component) for w in resolved.profiles],
        resolved.generic,
    )


def _received(sent: _Sent) -> Resolved:
    return Resolved(
        groups=sent.groups,
        records=tuple(
            new_record(read_record(RecordAddress(source, key), document), profile_id, identifiers)
            for source, key, document, profile_id, identifiers in sent.records
        ),
        profiles=tuple(new_profile(*each) for each in sent.profiles),
        carried=Counter(chain.from_iterable(identifiers for *_, identifiers in sent.records)),
        generic=sent.generic,
    )


#: What the other process gives.
_found: Iterator[tuple[Portion, Resolved]]


def _begin(path: Path, load_id: str, text: str, name: str, wanted: Wanted) -> None:
    global _found  # noqa: PLW0603 - the one thing that this process is there for
    spool = LoadSpool.sealed(path, load_id)
    if spool is None:
        raise FileNotFoundError(f"the spool {path} has been taken away")
    _found = _resolved(spool, parse_catalogue(text, name), wanted)


def _next() -> _Sent | None:
    found = next(_found, None)
    return None if found is None else _sent(*found)
