"""What libraries log of failures says where they come from, and nothing of the values at hand."""

import logging
from collections.abc import Iterator
from typing import Literal

import pytest
import structlog

from cli.logs import set_up_logging
from services.settings import Settings


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:], root.level = handlers, level
    structlog.reset_defaults()


def fail(row: str) -> None:
    number = int(row)
    raise AssertionError(number)


@pytest.mark.parametrize("log_format", ["json", "console"])
def test_a_traceback_holds_no_values(
    log_format: Literal["json", "console"], capsys: pytest.CaptureFixture[str]
) -> None:
    set_up_logging(Settings(log_format=log_format))
    try:
        fail("ann.lee at secret.example".replace(" at ", "@"))
    except ValueError:
        logging.getLogger("library").exception("it failed")
    said = capsys.readouterr().err
    assert "ann.lee@" not in said
    assert "in fail" in said
    assert "ValueError" in said


@pytest.mark.parametrize("log_format", ["json", "console"])
def test_no_value_begins_another_line_of_the_log(
    log_format: Literal["json", "console"], capsys: pytest.CaptureFixture[str]
) -> None:
    set_up_logging(Settings(log_format=log_format))
    structlog.get_logger().warning("said\x1b[2J\nforged", reason="one\nforged\u2028\u202e")
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert not set("\u2028\u202e").intersection(said)
    assert "\x1b[2J" not in said
