"""What this package's tables say, as Markdown; `python -m workers.documentation` writes it all."""

import inspect
import json
import re
from collections.abc import Iterable, Iterator, Sequence

from config.reasons import load_reasons
from config.settings import Settings

_REASONS = """\
# Reasons

Every refusal, every end that is not ready, and every delay (`config/reasons.toml`). Words in braces are
filled in. A refused request is answered with the status and a body of the type `application/problem+json`
(RFC 9457: `type title status code detail remedy`). Evidence carries the same `code`, `reason` and
`remedy` in its representation, which is answered with 200. Bytes that may not be read answer 409 with
the evidence's code, whatever the status here.

{table}"""

_NAME = re.compile(r"    ([A-Za-z]\w*)(?::| =)")


def format_table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table."""
    lines = [header, ["---"] * len(header), *([cell.replace("|", "\\|") for cell in row] for row in rows)]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def parse_comments(kind: type, *, shared: bool = False) -> dict[str, str]:
    """Return the `#:` lines above each name of a class.

    `shared`: they also hold for the names that follow without a gap.
    """
    comments: dict[str, str] = {}
    said: list[str] = []
    fresh = False
    for line in inspect.getsource(kind).splitlines():
        if line.startswith("    #:"):
            said = [*said, line[6:].strip()] if fresh else [line[6:].strip()]
            fresh = True
        elif name := _NAME.match(line):
            comments[name[1]] = " ".join(said) if fresh or shared else ""
            fresh = False
        elif not line.strip():
            said, fresh = [], False
    return comments


def format_settings() -> str:
    """Return the table of every setting."""
    comments = parse_comments(Settings, shared=True)
    rows = ((f"`INTAKE_{name.upper()}`", default, comments[name]) for name, default in _defaults())
    return format_table(("variable", "default", "meaning"), rows)


def _defaults() -> Iterator[tuple[str, str]]:
    for name, field in Settings.model_fields.items():
        yield name, "" if field.default in (None, "", ()) else f"`{_format_default(field.default)}`"


def _format_default(value: object) -> str:
    if isinstance(value, float):
        return f"{value:g}"
    return json.dumps(value) if isinstance(value, tuple) else str(value)


def format_reasons() -> str:
    """Return the page of every refusal, end and delay."""
    rows = (
        (f"`{row.code}`", str(row.status), row.title, row.reason, row.remedy)
        for row in load_reasons().values()
    )
    return _REASONS.format(table=format_table(("code", "status", "title", "reason", "remedy"), rows))
