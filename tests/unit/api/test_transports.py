import asyncio

from api.transports import GatheringTransport


class Wire(asyncio.Transport):
    """Keeps what is sent, a list for each system call; `None` is the end."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: list[list[bytes] | None] = []
        self.ended = False

    def writelines(self, list_of_data: list[bytes]) -> None:  # type: ignore[override]  # as it is called here
        self.sent.append(list(list_of_data))

    def write_eof(self) -> None:
        self.sent.append(None)

    def is_closing(self) -> bool:
        return self.ended

    def close(self) -> None:
        self.ended = True

    abort = close

    def get_write_buffer_size(self) -> int:
        return 0


def opened() -> tuple[Wire, GatheringTransport]:
    wire = Wire()
    return wire, GatheringTransport(wire, asyncio.get_running_loop())


async def test_what_is_written_in_one_turn_leaves_together_at_its_end() -> None:
    wire, transport = opened()
    transport.write(b"head")
    transport.write(b"body")
    assert wire.sent == []
    assert transport.get_write_buffer_size() == 8
    await asyncio.sleep(0)
    assert wire.sent == [[b"head", b"body"]]
    assert transport.get_write_buffer_size() == 0


async def test_what_is_written_in_two_turns_leaves_in_its_order() -> None:
    wire, transport = opened()
    transport.write(b"head")
    await asyncio.sleep(0)
    transport.write(b"body")
    await asyncio.sleep(0)
    assert wire.sent == [[b"head"], [b"body"]]


async def test_much_is_sent_at_once_so_that_the_transport_can_say_that_it_is_too_much() -> None:
    wire, transport = opened()
    transport.write(b"head")
    transport.write(bytes(100_000))
    assert wire.sent == [[b"head", bytes(100_000)]]
    transport.write(b"more")
    await asyncio.sleep(0)
    assert wire.sent[1:] == [[b"more"]]


async def test_what_was_written_leaves_before_the_end() -> None:
    wire, transport = opened()
    transport.write(b"answer")
    transport.write_eof()
    assert wire.sent == [[b"answer"], None]
    transport.write(b"last")
    transport.close()
    assert wire.sent[2:] == [[b"last"]]
    assert wire.ended


async def test_nothing_is_sent_on_a_connection_that_was_cut() -> None:
    wire, transport = opened()
    transport.write(b"answer")
    transport.abort()
    await asyncio.sleep(0)
    assert wire.sent == []
