"""A network that breaks: what goes through it is cut off after so many bytes, again and again."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

_PIECE_BYTES = 64 * 1024


class BadNetwork:
    """Forwards connections to a port of this machine; severs the one whose bytes pass the next mark."""

    def __init__(self, target_port: int, cut_after_bytes: Sequence[int]) -> None:
        self._target_port = target_port
        self._marks = list(cut_after_bytes)
        self._sent_bytes = 0
        self.port = 0

    @property
    def cuts_left(self) -> int:
        return len(self._marks)

    async def forward(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Carry one connection both ways until either end closes it or it is cut."""
        onward = None
        try:
            answers, onward = await asyncio.open_connection("127.0.0.1", self._target_port)
            async with asyncio.TaskGroup() as group:
                group.create_task(self._send(reader, onward))
                group.create_task(_copy(answers, writer))
        except* (OSError, EOFError):
            pass
        finally:
            for end in (writer, onward):
                if end:
                    end.transport.abort()

    async def _send(self, reader: asyncio.StreamReader, onward: asyncio.StreamWriter) -> None:
        while piece := await reader.read(_PIECE_BYTES):
            onward.write(piece)
            await onward.drain()
            self._sent_bytes += len(piece)
            if self._marks and self._sent_bytes >= self._marks[0]:
                self._marks.pop(0)
                raise EOFError("cut")
        raise EOFError("closed by the client")


async def _copy(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    while piece := await source.read(_PIECE_BYTES):
        sink.write(piece)
        await sink.drain()
    raise EOFError("closed by the server")


@asynccontextmanager
async def bad_network(target_port: int, cut_after_bytes: Sequence[int]) -> AsyncIterator[BadNetwork]:
    """Open the network in front of the port; `cut_after_bytes` counts all bytes sent towards it."""
    network = BadNetwork(target_port, cut_after_bytes)
    server = await asyncio.start_server(network.forward, "127.0.0.1", 0)
    network.port = server.sockets[0].getsockname()[1]
    async with server:
        yield network
