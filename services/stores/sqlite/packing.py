"""How ids are written into the file: 32 hexadecimal digits as 16 bytes, every other id as the text that it is."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Final

import orjson

from graph_model.records.record import RecordAddress
from graph_model.values.identifiers import Identifier

_DIGITS: Final = 32
_BYTES: Final = 16

#: So many ids are packed faster than looked up.
_FEW: Final = 16


def pack_id(name: str | None) -> bytes | str | None:
    """The stored form of an id; None stays None."""
    if name is None or len(name) != _DIGITS:
        return name
    try:
        packed = bytes.fromhex(name)
    except ValueError:
        return name
    return packed if packed.hex() == name else name


def unpack_id(stored: bytes | str) -> str:
    """Read what `pack_id` wrote."""
    return stored.hex() if isinstance(stored, bytes) else stored


def pack_component(profile_id: str, component: Sequence[str]) -> bytes | str | None:
    """The stored form of the ids of a component: one after the other; None: the profile is alone in it."""
    if tuple(component) == (profile_id,):
        return None
    return _pack_ids(component) if len(component) <= _FEW else _pack_many_ids(tuple(component))


def _pack_ids(names: Sequence[str]) -> bytes | str:
    packed = [pack_id(each) for each in names]
    if packed and all(isinstance(each, bytes) for each in packed):
        return b"".join(each for each in packed if isinstance(each, bytes))
    return orjson.dumps(names).decode()


#: Each profile of a component names all of them: those of a large one are packed once, and share one tuple when read.
_pack_many_ids: Final = lru_cache(maxsize=4)(_pack_ids)


def unpack_component(stored: bytes | str | None) -> tuple[str, ...]:
    """Read what `pack_component` wrote, with the stored id of the profile in the place of None; None: no profile."""
    if stored is None:
        return ()
    if isinstance(stored, bytes):
        return _unpack_ids(stored) if len(stored) <= _FEW * _BYTES else _unpack_many_ids(stored)
    return tuple(orjson.loads(stored)) if stored.startswith("[") else (stored,)


def _unpack_ids(stored: bytes) -> tuple[str, ...]:
    return tuple(stored[start : start + _BYTES].hex() for start in range(0, len(stored), _BYTES))


_unpack_many_ids: Final = lru_cache(maxsize=4)(_unpack_ids)


class CommitIds:
    """A revision is the id of the commit, of whatever it is; implements `services.stores.port.protocols.Revisions`."""

    def of_record(self, _address: RecordAddress, commit_id: str) -> str:
        """See `Revisions.of_record`."""
        return commit_id

    def of_identifier(self, _identifier: Identifier, commit_id: str) -> str:
        """See `Revisions.of_identifier`."""
        return commit_id

    def of_bucket(self, _identifier: Identifier, _number: int, commit_id: str) -> str:
        """See `Revisions.of_bucket`."""
        return commit_id

    def of_profile(self, _profile_id: str, commit_id: str) -> str:
        """See `Revisions.of_profile`."""
        return commit_id
