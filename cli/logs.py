"""All log lines of a process in one form: ours and those of libraries."""

import logging
import sys
from typing import TYPE_CHECKING

from cli.terminal import visible
from services.failures import traceback_of

if TYPE_CHECKING:
    import structlog

    from services.settings import Settings


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


def set_up_logs_of_libraries(settings: "Settings") -> None:
    """Log to standard error in the same form, in a command that says nothing in the log itself.

    Such commands answer somebody who waits, and nearly never does a library log anything: what makes the form is
    imported when it does.
    """
    logging.basicConfig(handlers=[_LateLogs(settings)], level=settings.log_level.upper(), force=True)


class _LateLogs(logging.Handler):
    """Sets up the logs when there is a line for them."""

    def __init__(self, settings: "Settings") -> None:
        super().__init__()
        self._settings = settings

    def emit(self, record: logging.LogRecord) -> None:
        set_up_logging(self._settings)
        logging.getLogger().handle(record)


def _traceback(exc_info: "structlog.typing.ExcInfo") -> str:
    """Where a failure that a library logs comes from. Its values stay out: they are rows, and passwords."""
    return traceback_of(exc_info[1])


def _visible_values(_logger: object, _method: str, event: "structlog.typing.EventDict") -> "structlog.typing.EventDict":
    return {
        name: visible(value) if isinstance(value, str) and name != "exception" else value
        for name, value in event.items()
    }
