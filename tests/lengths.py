"""`python -m tests.lengths`: no function over 50 lines, no module over 300.

A function's lines are counted from its `def` to its last one, decorators and docstring included.
"""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

FUNCTION_LINES = 50
MODULE_LINES = 300
ROOT = Path(__file__).parents[1]
FOLDERS = ("benchmarks", "config", "gateway", "scanning", "storage", "tests", "transcode", "workers")


def too_long(source: str, name: str) -> Iterator[str]:
    """Yield a sentence for each function, and for the module, that is too long."""
    lines = len(source.splitlines())
    if lines > MODULE_LINES:
        yield f"{name}: the module has {lines} lines, more than {MODULE_LINES}"
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
            lines = (node.end_lineno or first) - first + 1
            if lines > FUNCTION_LINES:
                yield f"{name}:{node.lineno}: {node.name} has {lines} lines, more than {FUNCTION_LINES}"


def main() -> int:
    """Check every module; return the exit status."""
    modules = [module for folder in FOLDERS for module in sorted((ROOT / folder).rglob("*.py"))]
    found = [
        line for module in modules for line in too_long(module.read_text(), str(module.relative_to(ROOT)))
    ]
    sys.stdout.writelines(f"{line}\n" for line in found)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
