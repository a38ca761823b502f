"""`python -m workers.documentation` writes the pages made from tables, and the settings in the README.

It lies here because nothing below may see the pipeline and the detectors at once.
"""

import re
import sys
from collections.abc import Iterator, Mapping
from importlib import import_module
from pathlib import Path

from config.documentation import format_reasons, format_settings, format_table, parse_comments
from config.formats import Extension, load_formats
from scanning.identification import CHECKED_TYPES
from storage.states import ON_ITS_WAY, TRANSITIONS, EvidenceState, StageName, StageState
from workers.pipeline import PIPELINE, Step

ROOT = Path(__file__).resolve().parents[1]
_SETTINGS = re.compile(r"(?<=<!-- settings: begin -->\n).*?(?=<!-- settings: end -->)", re.DOTALL)

_MADE = "<!-- Made by `python -m workers.documentation`; change the tables it is made from. -->\n\n"

_STATES = """\
# States and stages

One change of state is one transaction with one audit event. `storage/states.py` holds the table,
`workers/decisions.py` the decisions. A state says what is true, not what happens next.

## States of a piece of evidence

{states}
Today nothing takes evidence out of `held`, rescans what is `ready`, or withdraws evidence whose upload
was complete: the table allows it, no command or route does it yet. `failed` is left by
`python -m workers retry ID`.

Waiting is not a state: `delayed: true` with a code (see [reasons](reasons.md)) says that one of our own
parts is down or that an attempt is being repeated; the state stays.

## Stages

{stages}
A stage that the kind of content does not need is `skipped`. Evidence is `ready` when every stage is
`done` or `skipped` and its exact bytes were scanned clean with sealed coverage.

## States of a stage

{stage_states}"""

_FORMATS = """\
# Accepted formats

{count} extensions (`config/formats.toml`). The extension of a file's name binds its content: a file whose
content is something else is rejected. For a name without an extension the content alone decides. An
extension outside the table is refused when the upload is created (415), and so is a file over the size
that its format is taken up to (413).

*Checked by machine*: a detector reads the structure of such files. Without one, a file that is not
recognised as something else ends `held` with the code `held_unchecked_format`, and never `ready`. Today
that holds for: {unchecked}.

*Reduced to*: a film above this size is made anew so that its reading copy fits. Pictures always get a
copy of the longest edge named in `config/profiles.toml`. `-`: never made smaller for its size.

{formats}"""


def main() -> int:
    """Write every page."""
    for path, text in documents(ROOT).items():
        (ROOT / path).write_text(text, encoding="utf-8")
        sys.stdout.write(f"{path}\n")
    return 0


def documents(root: Path) -> Mapping[str, str]:
    """Return the text that each page must have, by its path below `root`."""
    readme = (root / "README.md").read_text(encoding="utf-8")
    settings = f"\n{format_settings()}\n"
    return {
        "README.md": _SETTINGS.sub(lambda _: settings, readme),
        "docs/formats.md": _MADE + format_formats(),
        "docs/reasons.md": _MADE + format_reasons(),
        "docs/states.md": _MADE + format_states(),
    }


def format_states() -> str:
    """Return the page of states, transitions and stages."""
    return _STATES.format(
        states=format_table(("state", "meaning", "on its way", "may become"), _state_rows()),
        stages=format_table(
            ("stage", "work", "due in", "queue", "kinds of content"), map(_stage_row, PIPELINE)
        ),
        stage_states=format_table(("state", "meaning"), _stage_state_rows()),
    )


def _state_rows() -> Iterator[tuple[str, ...]]:
    meanings = parse_comments(EvidenceState)
    for state in EvidenceState:
        following = [f"`{after}`" for after in EvidenceState if after in TRANSITIONS[state]]
        on_its_way = "yes" if state in ON_ITS_WAY else ""
        yield f"`{state}`", meanings[state.name], on_its_way, " ".join(following) or "nothing"


def _stage_row(step: Step) -> tuple[str, ...]:
    kinds = "all" if step.kinds is None else " ".join(sorted(step.kinds))
    return f"`{step.stage}`", _work(step.stage), f"`{step.due_in}`", f"`{step.queue}`", kinds


def _work(stage: StageName) -> str:
    """Return the first sentence of the module that does the stage's work."""
    sentence = (import_module(f"workers.tasks.{stage}").__doc__ or "").partition("\n")[0]
    return sentence.partition(": ")[2]


def _stage_state_rows() -> Iterator[tuple[str, str]]:
    meanings = parse_comments(StageState)
    for state in StageState:
        yield f"`{state}`", meanings[state.name]


def format_formats() -> str:
    """Return the page of accepted formats."""
    extensions = sorted(load_formats().extensions.values(), key=lambda row: row.name)
    unchecked = [row.name for row in extensions if not row.holds & CHECKED_TYPES]
    header = ("extension", "groups", "taken up to", "reduced to", "the content must be", "checked by machine")
    return _FORMATS.format(
        count=len(extensions),
        unchecked=", ".join(unchecked) or "none",
        formats=format_table(header, map(_extension_row, extensions)),
    )


def _extension_row(row: Extension) -> tuple[str, ...]:
    types = load_formats().types
    held = sorted(row.holds)
    known = [name for name in held if name in CHECKED_TYPES]
    checked = "yes" if known == held else f"only {', '.join(known)}" if known else "no: `held`"
    labels = ", ".join(dict.fromkeys(types[name].label for name in held))
    sizes = (_size(row.accept_bytes), _size(row.reduce_to_bytes))
    return f".{row.name}", ", ".join(row.groups), *sizes, labels, checked


def _size(size_bytes: int) -> str:
    """Format a size in the largest binary unit it is a whole number of."""
    for unit, factor in (("GiB", 1 << 30), ("MiB", 1 << 20)):
        if size_bytes and size_bytes % factor == 0:
            return f"{size_bytes // factor} {unit}"
    return f"{size_bytes} bytes" if size_bytes else "-"


if __name__ == "__main__":
    sys.exit(main())
