"""What runs inside a pre-started child: import, say so, answer one call, end.

`python -m transcode.child MODULE…` writes one JSON line when the modules are imported, reads one request line
from standard input, writes one reply line, and ends. What the called code prints goes to standard error.
"""

import importlib
import json
import os
import sys
from pathlib import Path
from typing import IO, Any

MESSAGE_CHARACTERS = 1000


def main() -> None:
    """Answer one call; never returns, because libraries' own shutdown only costs time."""
    replies = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    for name in sys.argv[1:]:
        importlib.import_module(name)
    _say(replies, {"ready": True})
    request = sys.stdin.buffer.readline()
    if request:
        _say(replies, _answer(json.loads(request)))
    os._exit(0)


def _say(replies: IO[bytes], message: dict[str, Any]) -> None:
    replies.write(json.dumps(message).encode() + b"\n")
    replies.flush()


def _answer(request: dict[str, Any]) -> dict[str, Any]:
    module, _, name = request["function"].partition(":")
    function = getattr(importlib.import_module(module), name)
    try:
        value = function(
            input_path=Path(request["input"]), folder=Path(request["folder"]), **request["arguments"]
        )
    except Exception as error:  # noqa: BLE001 - the edge of the child: every error becomes a reply
        return {"error": type(error).__name__, "message": str(error)[:MESSAGE_CHARACTERS]}
    return {"value": value}


if __name__ == "__main__":
    main()
