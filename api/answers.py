"""Answers as bytes, without going through a model: what is served is what was stored or computed."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final

import orjson
from fastapi import Response
from fastapi.responses import StreamingResponse

#: So much of a list is made ready, and sent, before others are served; whichever comes first.
_SLICE_ENTRIES: Final = 100
_SLICE_BYTES: Final = 256 * 1024


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


def preferred_media_type(accept: str, offered: Sequence[str]) -> str:
    """Choose what the caller likes best, by quality, then in the caller's order (RFC 9110, section 12.5.1).

    Returns:
        The chosen media type; the first one offered where the caller names none of them.
    """
    ranges = []
    for order, part in enumerate(accept.split(",")):
        name, *parameters = (piece.strip() for piece in part.lower().split(";"))
        wanted = next((piece[2:] for piece in parameters if piece.startswith("q=")), "1")
        ranges.append((-_quality(wanted), order, name))
    for quality, _, name in sorted(ranges):
        if quality == 0:
            continue
        for media_type in offered:
            if name in ("*/*", media_type, media_type.partition("/")[0] + "/*"):
                return media_type
    return offered[0]


def _quality(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0
