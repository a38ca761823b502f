"""What the stack says to whoever started it: news on standard error, `ready` on standard output."""

import contextlib
import sys


def tell(news: str) -> None:
    """Write one piece of news to standard error; a terminal that is gone is no reason to fail."""
    with contextlib.suppress(OSError):
        sys.stderr.write(f"stack: {news}\n")
        sys.stderr.flush()


def announce(line: str) -> None:
    """Write one line, alone, to standard output."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
