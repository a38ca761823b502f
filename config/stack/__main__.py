"""`python -m config.stack`: the whole stack on one machine."""

import asyncio
import sys

from config.stack import StackError
from config.stack.options import parse_options
from config.stack.serve import run_until_stopped
from config.stack.talk import tell


def main() -> int:
    """Run the stack; return the exit status: 1 when it could not start or go on."""
    problems: list[StackError] = []
    status = 1
    try:
        status = asyncio.run(run_until_stopped(parse_options(sys.argv[1:])))
    except* StackError as group:
        problems.extend(leaves(group))
    for problem in problems:
        tell(str(problem))
    return status


def leaves(group: BaseExceptionGroup[StackError]) -> list[StackError]:
    """Return the errors of a group, however deep."""
    found: list[StackError] = []
    for error in group.exceptions:
        found.extend(leaves(error) if isinstance(error, BaseExceptionGroup) else [error])
    return found


if __name__ == "__main__":
    sys.exit(main())
