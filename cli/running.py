"""How a command runs: what has an end can be interrupted, and what is said of its end."""

import os
import signal
import sys
from collections.abc import Coroutine
from datetime import UTC, datetime
from types import FrameType
from typing import Any, Final, TypeVar

import orjson

from cli.terminal import say_lines

Result = TypeVar("Result")

#: What a sentence on standard error begins with that is more than news.
_LEVELS: Final = frozenset({"error", "warning"})


def run_batch(batch: Coroutine[Any, Any, Result]) -> Result:
    """Run to the end. Ctrl-C also interrupts a read that waits for input, which asyncio alone would wait for."""
    import asyncio

    signal.signal(signal.SIGINT, _interrupt)
    return asyncio.run(batch)


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def logs_json() -> bool:
    """Whether programs read standard error; asked of the environment itself, as the settings may be what is wrong."""
    return os.environ.get("IDENTITY_GRAPH_LOG_FORMAT", "").lower() == "json"


def say_last(sentence: str, **fields: object) -> None:
    """Say on standard error how a command ends: lines for people, see `say_lines`, or JSON where the log is JSON."""
    if not logs_json():
        say_lines(sentence, err=True)
        return
    level, _, event = sentence.partition(": ")
    told = {"event": event, "level": level} if level in _LEVELS else {"event": sentence, "level": "info"}
    time = datetime.now(UTC).isoformat().replace("+00:00", "Z")
    sys.stderr.write(orjson.dumps({**told, **fields, "timestamp": time}).decode() + "\n")
