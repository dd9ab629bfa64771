"""The list of started parts decides what may be stopped."""

import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from stack.errors import PortsInUseError, StackError
from stack.ports import HOST, Port
from stack.process import StartedProcess, is_running, stop_process
from stack.settings import StackSettings
from stack.state import StackState, StartedPart, read_state, write_state
from stack.up import down, stack_of, status, up

Started = Callable[..., StartedProcess]


def part(process: StartedProcess, *leftovers: Path) -> StartedPart:
    return StartedPart(process=process, address="127.0.0.1:1", leftovers=leftovers)


@pytest.fixture
def settings(tmp_path: Path) -> StackSettings:
    (tmp_path / "run").mkdir()
    return StackSettings(folder=tmp_path / "run", cache=tmp_path / "lib")


def test_down_stops_only_what_the_list_names(started: Started, settings: StackSettings) -> None:
    ours, stranger = started("exec sleep 60", part="Kafka"), started("exec sleep 60", part="Other")
    write_state(settings.folder, StackState(parts=(part(ours),)))
    down(settings, print)
    assert (is_running(ours), is_running(stranger)) == (False, True)


def test_down_stops_the_part_that_started_last_first(started: Started, settings: StackSettings) -> None:
    names = ("Kafka", "PostgreSQL", "Kafka Connect")
    parts = tuple(part(started("exec sleep 60", part=name)) for name in names)
    write_state(settings.folder, StackState(parts=parts))
    lines: list[str] = []
    down(settings, lines.append)
    assert [line.rsplit(maxsplit=1)[0].strip() for line in lines] == list(reversed(names))


def test_down_after_a_part_has_ended_by_itself_stops_the_rest(started: Started, settings: StackSettings) -> None:
    alive, ended = started("exec sleep 60", part="Kafka"), started("exec sleep 60", part="PostgreSQL")
    write_state(settings.folder, StackState(parts=(part(alive), part(ended))))
    stop_process(ended)
    down(settings, print)
    assert not is_running(alive)


def test_down_removes_data_that_stands_outside_the_folder(
    started: Started, settings: StackSettings, tmp_path: Path
) -> None:
    (tmp_path / "elsewhere/data").mkdir(parents=True)
    server = part(started("exec sleep 60"), tmp_path / "elsewhere")
    write_state(settings.folder, StackState(parts=(server,)))
    down(settings, print)
    assert not (tmp_path / "elsewhere").exists()


def test_a_second_down_finds_nothing_to_stop(started: Started, settings: StackSettings) -> None:
    write_state(settings.folder, StackState(parts=(part(started("exec sleep 60")),)))
    down(settings, print)
    lines: list[str] = []
    down(settings, lines.append)
    assert lines == [f"No stack was started in {settings.folder}."]


def test_up_starts_nothing_where_a_stack_runs(started: Started, settings: StackSettings) -> None:
    running = StackState(parts=(part(started("exec sleep 60")),), complete=True)
    write_state(settings.folder, running)
    lines: list[str] = []
    assert up(settings, lines.append) == running
    assert lines == [f"The stack in {settings.folder} is already running."]


def test_up_beside_a_part_that_has_ended_asks_for_a_clean_end_first(started: Started, settings: StackSettings) -> None:
    alive, ended = started("exec sleep 60", part="Kafka"), started("exec sleep 60", part="Gremlin Server")
    write_state(settings.folder, StackState(parts=(part(alive), part(ended)), complete=True))
    stop_process(ended)
    with pytest.raises(StackError, match=r"Gremlin Server not any more\. Run `make stack-down`"):
        up(settings, print)


def test_up_after_a_start_that_was_broken_off_asks_for_a_clean_end_first(
    started: Started, settings: StackSettings
) -> None:
    write_state(settings.folder, StackState(parts=(part(started("exec sleep 60")),)))
    with pytest.raises(StackError, match=r"its start was broken off\. Run `make stack-down`"):
        up(settings, print)


def test_status_is_good_only_while_every_part_runs(started: Started, settings: StackSettings) -> None:
    kafka, postgres = started("exec sleep 60", part="Kafka"), started("exec sleep 60", part="PostgreSQL")
    write_state(settings.folder, StackState(parts=(part(kafka), part(postgres)), complete=True))
    assert status(settings, print)
    stop_process(kafka)
    assert not status(settings, print)


def test_a_list_that_cannot_be_read_is_refused_by_name(settings: StackSettings) -> None:
    (settings.folder / "state.json").write_text('[{"pid": "one"}]')
    with pytest.raises(StackError, match=r"state\.json is not a list of started parts"):
        read_state(settings.folder)


def test_up_names_every_port_that_a_part_cannot_have_before_it_starts_anything(tmp_path: Path) -> None:
    with socket.create_server((HOST, 0)) as stranger:
        taken = stranger.getsockname()[1]
        chosen = {f"{part}_port": 0 for part in ("kafka", "kafka_controller", "connect", "postgres", "consumer")}
        twice = Port.named("kafka", 0).number
        ports = {**chosen, "kafka_port": twice, "gremlin_port": taken, "api_port": twice}
        settings = StackSettings(folder=tmp_path / "run", cache=tmp_path / "lib", **ports)
        lines: list[str] = []
        with pytest.raises(PortsInUseError) as refusal:
            up(settings, lines.append)
    assert str(refusal.value) == (
        f"Gremlin Server: port {taken} is in use by another process. Stop that process, or set "
        "IDENTITY_GRAPH_STACK_GREMLIN_PORT to a free port (0 picks one).\n"
        f"API: port {twice} is that of Kafka, too. Set IDENTITY_GRAPH_STACK_API_PORT to a free port (0 picks one)."
    )
    assert (lines, (tmp_path / "lib").exists()) == ([], False)


def test_the_graph_of_the_stack_can_be_one_that_survives(settings: StackSettings) -> None:
    stack = stack_of(settings.model_copy(update={"graph": "janusgraph"}))
    parts = [server.part for server in stack.servers]
    assert parts.index("Cassandra") < parts.index("JanusGraph")
    assert "Gremlin Server" not in parts
    assert {service.environment["IDENTITY_GRAPH_STORE"] for service in (stack.consumer, stack.api)} == {
        stack.graph[-1].describe()
    }
