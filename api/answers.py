"""Answers as bytes, without going through a model: what is served is what was stored or computed."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import lru_cache
from http import HTTPStatus
from operator import itemgetter
from typing import Any, Final, TypeAlias

import orjson
from fastapi import Response
from fastapi.responses import StreamingResponse
from mimeparse import MimeTypeParseException, parse_media_range, quality_and_fitness_parsed, quality_parsed

from api.errors import NotAcceptable

#: So much of a list is made ready, and sent, before others are served; whichever comes first.
_SLICE_ENTRIES: Final = 100
_SLICE_BYTES: Final = 256 * 1024

#: Of an `Accept` header so many media ranges are read; a browser sends eight.
_MOST_RANGES: Final = 100

MediaRange: TypeAlias = tuple[str, str, dict[str, str]]  #: type, subtype and parameters, as mimeparse reads them


def json_answer(
    content: Any,  # noqa: ANN401 - anything that orjson writes, dataclasses included
    status: HTTPStatus = HTTPStatus.OK,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Write a JSON answer."""
    return Response(orjson.dumps(content), status.value, headers, media_type="application/json")


async def json_list(
    name: str, entries: Iterable[bytes], *, complete: bool, headers: Mapping[str, str] | None = None
) -> Response:
    """Write a JSON answer with a list that may be long: in slices, so that others are served in between.

    Args:
        name: of the field that has the list.
        entries: each is JSON; those of a slice are only made when it is its turn.
        complete: whether the list has everything.
        headers: of the answer.
    """
    body = [b'{"%s":[' % name.encode()]
    for number, entry in enumerate(_slices(entries)):
        if number:
            body.append(b",")
            await asyncio.sleep(0)
        body.append(entry)
    body.append(b'],"complete":%s}' % orjson.dumps(complete))
    if len(body) <= 3:  # one slice between the two ends
        return Response(b"".join(body), headers=headers, media_type="application/json")
    length = {**(headers or {}), "Content-Length": str(sum(map(len, body)))}
    return StreamingResponse(_in_turns(body), headers=length, media_type="application/json")


def _slices(entries: Iterable[bytes]) -> Iterator[bytes]:
    """Join entries to slices; the last one may be small."""
    joined: list[bytes] = []
    size = 0
    for entry in entries:
        joined.append(entry)
        size += len(entry)
        if len(joined) == _SLICE_ENTRIES or size >= _SLICE_BYTES:
            yield b",".join(joined)
            joined, size = [], 0
    if joined:
        yield b",".join(joined)


async def _in_turns(body: Iterable[bytes]) -> AsyncIterator[bytes]:
    for part in body:
        yield part
        await asyncio.sleep(0)


@lru_cache(maxsize=100)  # callers are few, and each sends the same header again and again
def preferred_media_type(accept: str, offered: Sequence[str]) -> str:
    """Choose what the caller likes best (RFC 9110, section 12.5.1).

    How well a media type is liked says the most exact of the caller's ranges that it is in. Among equals the caller's
    order decides, then ours. Parts of `accept` that cannot be read are passed over.

    Returns:
        The chosen media type; where the caller names none that it likes, the first one that it does not refuse.

    Raises:
        NotAcceptable: the caller refuses all of them (`q=0`).
    """
    ranges = tuple(_media_ranges(accept))
    places = {media_type: _first_range(media_type, ranges) for media_type in offered}
    liked = [
        (-quality, place, media_type)
        for media_type, place in places.items()
        if place is not None and (quality := quality_parsed(media_type, ranges))
    ]
    if liked:
        return min(liked, key=itemgetter(0, 1))[2]
    unnamed = next((media_type for media_type, place in places.items() if place is None), None)
    if unnamed is None:
        raise NotAcceptable(offered)
    return unnamed


def _media_ranges(accept: str) -> Iterator[MediaRange]:
    for part in accept.lower().split(",")[:_MOST_RANGES]:
        with suppress(MimeTypeParseException):
            yield parse_media_range(part)


def _first_range(media_type: str, ranges: Iterable[MediaRange]) -> int | None:
    """Tell which range is the first that the media type is in; None where it is in none."""
    return next(
        (place for place, within in enumerate(ranges) if quality_and_fitness_parsed(media_type, [within])[1] >= 0), None
    )
