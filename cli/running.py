"""How a command runs: what has an end can be interrupted, and all log lines have one form."""

import logging
import os
import signal
import sys
from collections.abc import Coroutine
from datetime import UTC, datetime
from types import FrameType
from typing import TYPE_CHECKING, Any, Final, TypeVar

import orjson

from cli.terminal import say_lines, visible
from services.failures import traceback_of

if TYPE_CHECKING:
    import structlog

    from services.settings import Settings

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


def _traceback(exc_info: "structlog.typing.ExcInfo") -> str:
    """Where a failure that a library logs comes from. Its values stay out: they are rows, and passwords."""
    return traceback_of(exc_info[1])


def _visible_values(_logger: object, _method: str, event: "structlog.typing.EventDict") -> "structlog.typing.EventDict":
    return {
        name: visible(value) if isinstance(value, str) and name != "exception" else value
        for name, value in event.items()
    }


def set_up_logging(settings: "Settings") -> None:
    """Log to standard error from now on, as text for a console or as one JSON object on each line."""
    import structlog

    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    last: list[structlog.typing.Processor] = [structlog.processors.ExceptionRenderer(_traceback)]
    last += (
        [structlog.processors.JSONRenderer()]
        if settings.log_format == "json"
        else [_visible_values, structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())]
    )
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last],
    )
    handler = logging.StreamHandler()
    handler.setFormatter(formatter)
    logging.basicConfig(handlers=[handler], level=settings.log_level.upper(), force=True)
    # Its other lines say what we say ourselves.
    logging.getLogger("uvicorn").setLevel(max(logging.WARNING, logging.getLogger().level))
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
