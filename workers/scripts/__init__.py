"""The Lua scripts: each changes the queue in one step that nobody can see half done."""

from functools import cache
from pathlib import Path


@cache
def load_script(*names: str) -> str:
    """Return the text of the scripts of those names, one after the other."""
    return "\n".join(Path(__file__).with_name(f"{name}.lua").read_text(encoding="utf-8") for name in names)
