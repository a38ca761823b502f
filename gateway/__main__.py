"""`python -m gateway serve` and `python -m gateway keys …`."""

import argparse
import sys
from collections.abc import Coroutine
from typing import Any

from config.logging import set_up_logging
from config.settings import Settings
from gateway.key_commands import add_key_commands
from gateway.serving import run, serve


def main() -> int:
    """Parse the command line and run one command."""
    parser = argparse.ArgumentParser(prog="python -m gateway", description="Evidence Intake's HTTP gateway.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    serving = commands.add_parser(
        "serve", help="answer HTTP until told to stop; done unless another is named"
    )
    serving.add_argument("--processes", type=_count, default=1, help="how many processes share the port")
    serving.set_defaults(run=lambda settings, told: serve(settings, told.processes))
    add_key_commands(commands)
    arguments = parser.parse_args(with_command(sys.argv[1:]))
    settings = Settings()
    set_up_logging(settings.log_level)
    ended: int | Coroutine[Any, Any, int] = arguments.run(settings, arguments)
    return ended if isinstance(ended, int) else run(ended)


def with_command(words: list[str]) -> list[str]:
    """Return the command line with `serve` in front of options that no command comes before."""
    bare = not words or (words[0].startswith("-") and words[0] not in {"-h", "--help"})
    return ["serve", *words] if bare else words


def _count(text: str) -> int:
    count = int(text)
    if count < 1:
        raise argparse.ArgumentTypeError("at least 1")
    return count


if __name__ == "__main__":
    sys.exit(main())
