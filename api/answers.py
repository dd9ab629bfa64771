"""Answers as bytes, without going through a model: what is served is what was stored or computed."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

import orjson
from fastapi import Response


def json_answer(
    content: Any,  # noqa: ANN401 - anything that orjson writes, dataclasses included
    status: HTTPStatus = HTTPStatus.OK,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Write a JSON answer."""
    return Response(orjson.dumps(content), status.value, headers, media_type="application/json")


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
