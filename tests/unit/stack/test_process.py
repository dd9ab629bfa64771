"""Starting and stopping a server's process."""

import signal
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from stack import process
from stack.errors import PartFailedError
from stack.process import (
    Command,
    StartedProcess,
    is_running,
    start_process,
    stop_process,
    wait_until,
    wait_until_ready,
)

Started = Callable[..., StartedProcess]


def never() -> bool:
    return False


def test_a_started_process_runs_until_it_is_stopped(started: Started) -> None:
    server = started("exec sleep 60")
    assert is_running(server)
    assert stop_process(server)
    assert not is_running(server)


def test_a_process_that_was_given_the_same_number_later_is_not_stopped(started: Started) -> None:
    stranger = started("exec sleep 60")
    ours = replace(stranger, birth="another time")
    assert not stop_process(ours)
    assert is_running(stranger)


def test_a_process_that_has_ended_does_not_count_as_running(started: Started) -> None:
    server = started("exit 0")
    assert wait_until(lambda: not is_running(server), within=10)


def test_the_signal_that_a_server_asks_for_stops_it(started: Started) -> None:
    server = started("trap 'exit 0' INT; while :; do sleep 0.05; done", stop_signal=signal.SIGINT)
    assert stop_process(server)


def test_a_process_that_does_not_end_when_asked_is_ended_by_force(
    started: Started, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(process, "STOP_SECONDS", 0.3)
    server = started("trap '' TERM; touch deaf; while :; do sleep 0.05; done")
    assert wait_until((tmp_path / "deaf").exists, within=10)
    assert stop_process(server)
    assert not is_running(server)


def test_a_server_that_ends_too_early_is_reported_with_its_log(started: Started) -> None:
    server = started("echo the disk is full; exit 3")
    with pytest.raises(PartFailedError) as failure:
        wait_until_ready(server, never, within=10)
    assert "Part ended before it was ready" in str(failure.value)
    assert str(server.log) in str(failure.value)
    assert "the disk is full" in str(failure.value)


def test_of_a_long_log_only_the_last_lines_are_reported(started: Started) -> None:
    server = started("seq -f 'line %g' 1 100; exit 3")
    with pytest.raises(PartFailedError) as failure:
        wait_until_ready(server, never, within=10)
    assert "line 81\n" in str(failure.value)
    assert "line 80\n" not in str(failure.value)


def test_a_server_that_never_answers_is_reported_after_its_time(started: Started) -> None:
    with pytest.raises(PartFailedError, match="not ready after 0 seconds"):
        wait_until_ready(started("exec sleep 60"), never, within=0.2)


def test_a_program_that_is_not_there_is_reported(tmp_path: Path) -> None:
    with pytest.raises(PartFailedError, match="no-such-program"):
        start_process("Part", Command(("no-such-program",), tmp_path), tmp_path / "server.log")
