"""The inspection, with what it cost: to be called in a sandboxed child."""

import resource
import time
from pathlib import Path
from typing import Any

from scanning.inspection import inspect


def inspect_timed(input_path: Path, folder: Path, extension: str | None = None) -> dict[str, Any]:
    """Return `found`, the processor's `seconds` it took, and the most `memory_bytes` the child ever had."""
    started = time.process_time()
    found = inspect(input_path, folder, extension)
    seconds = time.process_time() - started
    kilobytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {"found": found, "seconds": seconds, "memory_bytes": kilobytes * 1024}
