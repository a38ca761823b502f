"""`python -m gateway serve` and `python -m gateway keys …`."""

import argparse
import asyncio
import sys

import uvloop

from config.logging import set_up_logging
from config.settings import Settings
from gateway.key_commands import add_key_commands
from gateway.serving import serve


def main() -> int:
    """Parse the command line and run one command."""
    parser = argparse.ArgumentParser(prog="python -m gateway", description="Evidence Intake's HTTP gateway.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    serving = commands.add_parser("serve", help="answer HTTP until told to stop")
    serving.add_argument(
        "--processes", type=int, default=1, choices=[1], help="how many processes share the port"
    )
    serving.set_defaults(run=lambda settings, _: serve(settings))
    add_key_commands(commands)
    arguments = parser.parse_args()
    settings = Settings()
    set_up_logging(settings.log_level)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        code: int = runner.run(arguments.run(settings, arguments))
    return code


if __name__ == "__main__":
    sys.exit(main())
