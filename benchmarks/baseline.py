"""`python -m benchmarks.baseline FILE`: the least a receiver can do: `recv`, `write`, and nothing else."""

import socket
import sys
from pathlib import Path

PIECE_BYTES = 256 * 1024


def main() -> None:
    """Say the port, then take one connection after the other, each into a new FILE, until killed."""
    file, buffer = Path(sys.argv[1]), memoryview(bytearray(PIECE_BYTES))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        print(listener.getsockname()[1], flush=True)
        while True:
            connection, _ = listener.accept()
            with connection, file.open("xb", buffering=0) as sink:
                while count := connection.recv_into(buffer):
                    sink.write(buffer[:count])


if __name__ == "__main__":
    main()
