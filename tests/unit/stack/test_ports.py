"""Ports that are in use, and ports that are chosen."""

import socket
from pathlib import Path

import pytest

from stack.errors import PortInUseError
from stack.kafka import KafkaBroker
from stack.ports import HOST, Port


def test_a_port_in_use_is_refused_by_port_part_and_setting(tmp_path: Path) -> None:
    with socket.create_server((HOST, 0)) as stranger:
        number = stranger.getsockname()[1]
        broker = KafkaBroker(tmp_path / "kafka", tmp_path / "cache", controller_port=number)
        with pytest.raises(PortInUseError) as refusal:
            broker.start()
    assert str(refusal.value) == (
        f"Kafka: port {number} is in use by another process. "
        "Stop that process, or set IDENTITY_GRAPH_STACK_KAFKA_CONTROLLER_PORT to a free port (0 picks one)."
    )


def test_a_port_that_a_closed_connection_still_occupies_is_free() -> None:
    with socket.create_server((HOST, 0)) as server:
        port = Port("part", server.getsockname()[1])
        client = socket.create_connection((HOST, port.number))
        connection, _ = server.accept()
        connection.close()  # the server's side closes first and waits for stray packets
        client.close()
    port.refuse_if_in_use("Part")


def test_port_zero_becomes_a_port_that_is_free() -> None:
    port = Port.named("part", 0)
    assert port.number > 0
    port.refuse_if_in_use("Part")
