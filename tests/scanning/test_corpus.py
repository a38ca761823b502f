"""Real files (`CORPUS`): each under its own name, under every other, and cut."""

from pathlib import Path

from config.formats import load_formats
from scanning.acceptance import Accepted, decide
from scanning.content import open_content
from scanning.identification import CHECKED_TYPES, identify
from scanning.inspection import inspect
from tests.scanning.conftest import Examine
from tests.scanning.families import same_family

FORMATS = load_formats()
#: Formats of which not even the last unit shows that something is missing.
SILENT = frozenset({"txt", "html"})


def corpus_files(corpus: Path | None) -> list[Path]:
    if corpus is None:
        return []
    return [path for path in sorted(corpus.iterdir()) if path.suffix[1:] in FORMATS.extensions]


def test_real_files_are_accepted_under_their_own_names(corpus: Path | None, tmp_path: Path) -> None:
    for path in corpus_files(corpus):
        found = inspect(path, tmp_path / path.name, path.suffix[1:])
        assert found["accepted"], (path.name, found)
        assert found["whole"]


def test_real_files_under_any_other_name_are_rejected_with_their_true_type_named(corpus: Path | None) -> None:
    for path in corpus_files(corpus):
        with open_content(path) as content:
            known = identify(content)
        assert known, path.name
        for extension in FORMATS.extensions:
            decision = decide(FORMATS, CHECKED_TYPES, extension, known[0])
            if isinstance(decision, Accepted):
                assert same_family(path.suffix[1:], extension), (path.name, extension)
                continue
            assert (decision.state, decision.code) == ("rejected", "content_mismatch"), (path.name, extension)
            assert decision.detail["actual"] == FORMATS.types[known[0].type].label


def test_real_files_cut_at_three_fifths_are_flagged_held_or_rejected(
    corpus: Path | None, examine: Examine
) -> None:
    for path in corpus_files(corpus):
        if path.suffix[1:] not in SILENT:
            content = path.read_bytes()
            found = examine(content[: len(content) * 6 // 10], path.suffix[1:])
            assert not found["accepted"] or found["flags"], path.name
