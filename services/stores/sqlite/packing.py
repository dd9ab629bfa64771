"""How ids are written into the file: 32 hexadecimal digits as 16 bytes, every other id as the text that it is."""

from collections.abc import Sequence
from typing import Final

import orjson

_DIGITS: Final = 32
_BYTES: Final = 16


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
    packed = [pack_id(each) for each in component]
    if packed and all(isinstance(each, bytes) for each in packed):
        return b"".join(each for each in packed if isinstance(each, bytes))
    return orjson.dumps(component).decode()


def unpack_component(stored: bytes | str | None) -> tuple[str, ...]:
    """Read what `pack_component` wrote, with the stored id of the profile in the place of None; None: no profile."""
    if stored is None:
        return ()
    if isinstance(stored, bytes):
        return tuple(stored[start : start + _BYTES].hex() for start in range(0, len(stored), _BYTES))
    return tuple(orjson.loads(stored)) if stored.startswith("[") else (stored,)
